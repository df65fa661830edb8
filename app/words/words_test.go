package words_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wardbook/resources"
)

// keysUsed finds the keys that the program asks for: whole ones, and beginnings that something is added to.
func keysUsed(t *testing.T) (whole, beginnings map[string]string) {
	t.Helper()
	whole, beginnings = map[string]string{}, map[string]string{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.BinaryExpr:
				if text, ok := literal(n.X); ok && n.Op == token.ADD && looksLikeBeginning(text) {
					beginnings[text] = path
				}
			case *ast.BasicLit:
				if text, ok := literal(n); ok {
					whole[text] = path
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return whole, beginnings
}

func literal(expression ast.Expr) (string, bool) {
	lit, ok := expression.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

func looksLikeBeginning(text string) bool {
	return strings.Contains(text, ".") && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz-.") == "" && strings.HasSuffix(strings.TrimRight(text, "-"), ".") ||
		strings.HasSuffix(text, "-") && strings.Contains(text, ".") && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz-.") == ""
}

// called finds what is asked for by words.Of, words.With, words.Named and words.Count with a literal key.
func called(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			function, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Of", "With", "Named", "Count"}, function.Sel.Name) {
				return true
			}
			if on, ok := function.X.(*ast.Ident); ok && on.Name == "words" {
				if text, ok := literal(call.Args[0]); ok {
					found[text] = path
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func texts(t *testing.T) map[string]any {
	t.Helper()
	raw, err := fs.ReadFile(resources.Translations(), "en.json")
	if err != nil {
		t.Fatal(err)
	}
	var known map[string]any
	if err := json.Unmarshal(raw, &known); err != nil {
		t.Fatal(err)
	}
	return known
}

func TestEveryKeyThatIsAskedForHasAText(t *testing.T) {
	known := texts(t)
	asked := called(t)
	if len(asked) < 50 {
		t.Fatalf("only %d keys were found in the program: the search is broken", len(asked))
	}
	for key, path := range asked {
		if _, ok := known[key]; !ok {
			t.Errorf("%s asks for %q, and en.json has no such key", path, key)
		}
	}
}

func TestEveryTextIsAskedFor(t *testing.T) {
	whole, beginnings := keysUsed(t)
	for key := range texts(t) {
		_, used := whole[key]
		for beginning := range beginnings {
			used = used || strings.HasPrefix(key, beginning)
		}
		if !used {
			t.Errorf("nothing asks for %q", key)
		}
	}
}
