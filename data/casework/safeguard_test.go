package casework_test

import (
	"context"
	"database/sql"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"wardbook/data/casework"
)

// forbidden are words that must not name a table, a column, a field or anything else exported here: a mark for a
// person, or who somebody is and what they hold true.
var forbidden = []string{
	"score", "rank", "ranking", "risk", "level", "grade", "rating", "points", "threshold", "weight", "severity", "probability", "likelihood",
	"count", "sum", "total", "average", "percent", "colour", "color", "flag", "danger", "dangerous", "priority", "tier",
	"religion", "religious", "faith", "belief", "ethnicity", "ethnic", "race", "nationality", "citizenship", "language", "opinion", "politics", "political",
	"gender", "orientation", "birth", "health",
}

// words cuts LegalStatus and legal_status into legal and status.
func words(name string) []string {
	var list []string
	word := ""
	letters := []rune(name)
	for i, r := range letters {
		if !unicode.IsLetter(r) || unicode.IsUpper(r) && i > 0 && unicode.IsLower(letters[i-1]) {
			list, word = append(list, word), ""
		}
		if unicode.IsLetter(r) {
			word += string(unicode.ToLower(r))
		}
	}
	return slices.DeleteFunc(append(list, word), func(w string) bool { return w == "" })
}

func badWord(name string) string {
	for _, word := range words(name) {
		if slices.Contains(forbidden, word) || slices.Contains(forbidden, strings.TrimSuffix(word, "s")) {
			return word
		}
	}
	return ""
}

func TestTheTestKnowsABadWord(t *testing.T) {
	for name, want := range map[string]string{"risk_level": "risk", "RiskScore": "risk", "legal_status": "", "ReadingCount": "count", "Opinions": "opinions", "account_id": "", "closing": ""} {
		if got := badWord(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// LED 2016/680 Arts 10 and 11: no column marks a person or says who they are.
func TestNoColumnMarksAPerson(t *testing.T) {
	w := newWorld(t)
	columns := 0
	err := w.casework.Read(context.Background(), func(tx *sql.Tx) error {
		rows, err := tx.Query(`SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type IN ('table', 'view')`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var table, column string
			if err := rows.Scan(&table, &column); err != nil {
				return err
			}
			columns++
			if word := badWord(table + "_" + column); word != "" {
				t.Errorf("%s.%s speaks of %q", table, column, word)
			}
		}
		return rows.Err()
	})
	if err != nil || columns < 60 {
		t.Fatalf("%d columns were looked at (%v)", columns, err)
	}
}

// source parses the package without its tests.
func source(t *testing.T) []*ast.File {
	t.Helper()
	return parsed(t, 8, "*.go")
}

// parsed parses what patterns name, at least so many files, without tests.
func parsed(t *testing.T, least int, patterns ...string) []*ast.File {
	t.Helper()
	var names []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) < least {
		t.Fatalf("%d files were found", len(files))
	}
	return files
}

func TestNothingExportedMarksAPerson(t *testing.T) {
	looked := 0
	for _, file := range source(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			var names []*ast.Ident
			switch n := n.(type) {
			case *ast.Field:
				names = n.Names
			case *ast.TypeSpec:
				names = []*ast.Ident{n.Name}
			case *ast.FuncDecl:
				names = []*ast.Ident{n.Name}
			case *ast.ValueSpec:
				names = n.Names
			}
			for _, name := range names {
				looked++
				if word := badWord(name.Name); word != "" {
					t.Errorf("%s speaks of %q", name.Name, word)
				}
			}
			return true
		})
	}
	if looked < 300 {
		t.Errorf("only %d names were looked at", looked)
	}
}

// What people see, print and take out of the program about a person marks nobody either: screen, paper, exported fields.
func TestNothingShownPrintedOrExportedMarksAPerson(t *testing.T) {
	looked := 0
	for _, file := range parsed(t, 8, "../../app/page/records/*.go", "../../app/page/home/*.go", "../../app/command/record.go", "blank/*.go", "../format/paper/form.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			field, ok := n.(*ast.Field)
			if !ok {
				return true
			}
			said := ""
			if field.Tag != nil {
				said = field.Tag.Value
			}
			for _, name := range append(names(field.Names), strings.FieldsFunc(said, func(r rune) bool { return !unicode.IsLetter(r) && r != '_' })...) {
				looked++
				if word := badWord(name); word != "" && word != "language" && name != "count" { // of the window; of waiting records
					t.Errorf("%s in %s speaks of %q", name, file.Name.Name, word)
				}
			}
			return true
		})
	}
	if looked < 100 {
		t.Errorf("only %d names were looked at", looked)
	}
	text, err := os.ReadFile("../../resources/translations/en.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, key := range regexp.MustCompile(`(?m)^  "((?:records|act|answer)\.[a-z0-9.-]+)"`).FindAllStringSubmatch(string(text), -1) {
		seen++
		if word := badWord(key[1]); word != "" {
			t.Errorf("the text %s speaks of %q", key[1], word)
		}
	}
	if seen < 80 {
		t.Errorf("only %d texts were looked at", seen)
	}
}

func names(idents []*ast.Ident) (list []string) {
	for _, ident := range idents {
		list = append(list, ident.Name)
	}
	return list
}

// No query adds up or orders people by what was observed: nothing is aggregated, and lists follow dates.
func TestNoQueryAddsUpOrOrdersPeople(t *testing.T) {
	aggregate := regexp.MustCompile(`(?i)\b(count|sum|total|avg|min|max|group_concat|rank|dense_rank|row_number|ntile)\s*\(|\bgroup\s+by\b|\bover\s*\(|\bhaving\b`)
	order := regexp.MustCompile(`(?is)\border\s+by\s+(.*?)(\blimit\b|\)|$)`)
	// What a list may be ordered by: dates, ids to settle equal dates, and the order of occasions within an item. Columns 7
	// and 1 of the one union are its date and its id.
	allowed := regexp.MustCompile(`(?i)^([a-z]\.)?(submitted_at|saved_at|created_at|id|place_in_item)( desc)?$|^[71]$`)
	queries, orders := 0, 0
	check := func(where, text string) {
		if found := aggregate.FindString(text); found != "" {
			t.Errorf("%s aggregates: %s", where, found)
		}
		for _, match := range order.FindAllStringSubmatch(text, -1) {
			for _, term := range strings.Split(match[1], ",") {
				orders++
				if !allowed.MatchString(strings.TrimSpace(term)) {
					t.Errorf("%s orders by %q", where, strings.TrimSpace(term))
				}
			}
		}
	}
	for _, file := range source(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				if err == nil && strings.Contains(text, "SELECT") {
					queries++
					check(text, text)
				}
			}
			return true
		})
	}
	err := fs.WalkDir(os.DirFS("migrations"), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join("migrations", path))
		check(path, string(text))
		return err
	})
	if err != nil || queries < 12 || orders < 8 {
		t.Errorf("%d queries and %d orders were looked at (%v)", queries, orders, err)
	}
}

func TestAnAlternativeExplanationIsAlwaysAskedFor(t *testing.T) {
	c := *observation(1).Checklist
	closing := casework.ClosingOf(c)
	if len(closing) != 2 || closing[0].ID != "alternative-explanation" || closing[0].NoneAnswer["en"] == "" {
		t.Errorf("the closing questions are %+v", closing)
	}
	c.Closing = closing // a publisher who asks it is not made to ask twice
	if again := casework.ClosingOf(c); len(again) != 2 {
		t.Errorf("the closing questions are %+v", again)
	}
}
