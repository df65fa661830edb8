package widgets_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// words of a person's language, as against keys, ids, file endings and signs
var spoken = regexp.MustCompile(`\p{L}{2}`)

// literals finds texts that a page hands to a widget as they are, instead of by their key.
func literals(file *ast.File) []string {
	var found []string
	text := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if said, err := strconv.Unquote(lit.Value); err == nil && spoken.MatchString(said) {
				found = append(found, said)
			}
		}
	}
	of := func(e ast.Expr) string {
		if s, ok := e.(*ast.SelectorExpr); ok {
			if on, ok := s.X.(*ast.Ident); ok && (on.Name == "widget" || on.Name == "widgets" || on.Name == "dialog") {
				return s.Sel.Name
			}
		}
		return ""
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.CallExpr:
			method, isMethod := n.Fun.(*ast.SelectorExpr)
			if of(n.Fun) != "" || isMethod && (method.Sel.Name == "SetText" || method.Sel.Name == "SetPlaceHolder" || method.Sel.Name == "SetProblem" || method.Sel.Name == "SetHint") {
				for _, argument := range n.Args {
					text(argument)
				}
			}
		case *ast.CompositeLit:
			if of(n.Type) == "" {
				return true
			}
			for _, element := range n.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok {
					if name, ok := pair.Key.(*ast.Ident); ok && name.Name != "Value" {
						text(pair.Value)
					}
				}
			}
		}
		return true
	})
	return found
}

func TestPagesTakeTheirTextsFromTheTranslations(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../page", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, text := range literals(file) {
			t.Errorf("%s shows %q without a key", path, text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 5 {
		t.Fatalf("only %d files were found", files)
	}
}

func TestTextsWithoutAKeyAreSeen(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x
		func f() {
			widgets.NewButton("Press me", nil)
			widget.NewLabel(words.Of("home.title"))
			label.SetText("Changed")
			widgets.Row{Title: "Row", Tone: 1}
			widgets.Option{Value: "light", Text: words.Of("x.y")}
			widgets.Small(" · ")
			host.ChooseOpen("x", []string{".wardbook"}, nil)
		}`, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := literals(file); strings.Join(got, "|") != "Press me|Changed|Row" {
		t.Errorf("found %q", got)
	}
}
