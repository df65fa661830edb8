package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "wardbook"

// packageImports maps each package folder of this module to what its program files (not its tests) import.
func packageImports(t *testing.T, root fs.FS) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || (strings.HasPrefix(d.Name(), ".") && name != ".")) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder := path.Dir(filepath.ToSlash(name))
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if !slices.Contains(found[folder], imported) {
				found[folder] = append(found[folder], imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func under(folder, parent string) bool {
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}

func within(folder string, parents ...string) bool {
	return slices.ContainsFunc(parents, func(p string) bool { return under(folder, p) })
}

// domains hold the rules. They may ask one another, downwards; the test for cycles keeps that honest.
var domains = []string{
	"data/account", "data/content", "data/learning", "data/casework", "data/exchange", "data/audit", "data/backup",
}

// brokenArrows says which imports go against the layering of the program.
func brokenArrows(imports map[string][]string) []string {
	var broken []string
	for folder, list := range imports {
		testSupport := strings.HasSuffix(folder, "test")
		for _, imported := range list {
			own, isOwn := strings.CutPrefix(imported, module+"/")
			forbid := func(why string) { broken = append(broken, folder+" imports "+imported+": "+why) }
			isFyne := strings.HasPrefix(imported, "fyne.io/")
			switch {
			case imported == "fyne.io/fyne/v2/app" && folder != ".":
				forbid("only main.go makes the application")
			case isFyne && folder != "." && !within(folder, "app/page", "app/shell", "app/widgets", "app/words", "resources"):
				forbid("only the window knows Fyne")
			case (imported == "database/sql" || strings.Contains(imported, "go-sqlite3")) && !under(folder, "data"):
				forbid("SQL stays below data")
			case strings.Contains(imported, "go-sqlite3") && !under(folder, "data/vault"):
				forbid("only the vault knows the database driver")
			}
			if !isOwn {
				continue
			}
			switch {
			case under(folder, "data") && !within(own, "data", "resources"):
				forbid("data knows nothing above it")
			case within(folder, "data/bundle", "data/format") && (within(own, domains...) || within(own, "data/station", "data/vault")):
				forbid("file formats know no domain and no store")
			case under(folder, "data/vault") && !under(own, "data/vault") && !under(own, "data/internal"):
				forbid("the vault knows nothing else")
			case within(folder, domains...) && under(own, "data/station") && !testSupport:
				forbid("domains do not know the station")
			case under(folder, "app/page") && under(own, "app/page") && !under(own, folder) && own != "app/page" && !testSupport:
				forbid("pages never import pages")
			case under(folder, "app/widgets") && (within(own, domains...) || within(own, "data/station", "data/vault", "app/page", "app/shell")):
				forbid("widgets only present")
			case under(folder, "app/command") && within(own, "app/page", "app/shell", "app/widgets"):
				forbid("commands have no window")
			case under(folder, "app") && within(own, "data/vault") && !testSupport && !within(folder, "app/shell", "app/command", "app/sentence"):
				forbid("pages call services, not the store")
			case under(folder, "resources") && !under(own, "resources"):
				forbid("resources depend on nothing")
			}
		}
	}
	slices.Sort(broken)
	return broken
}

func TestImportsGoOneWay(t *testing.T) {
	imports := packageImports(t, os.DirFS("."))
	if len(imports) < 10 {
		t.Fatalf("only %d packages found: the walk does not see the tree", len(imports))
	}
	for _, sentence := range brokenArrows(imports) {
		t.Error(sentence)
	}
}

func TestBrokenArrowsAreSeen(t *testing.T) {
	for name, given := range map[string]struct{ folder, imported string }{
		"Fyne below the window":     {"data/content", "fyne.io/fyne/v2"},
		"Fyne in a command":         {"app/command", "fyne.io/fyne/v2/widget"},
		"a second application":      {"app/shell", "fyne.io/fyne/v2/app"},
		"SQL in a page":             {"app/page/log", "database/sql"},
		"the driver outside vault":  {"data/content", "github.com/mattn/go-sqlite3"},
		"a page importing a page":   {"app/page/home", "wardbook/app/page/learn"},
		"a format knowing a domain": {"data/format/gift", "wardbook/data/content"},
		"data calling the window":   {"data/station", "wardbook/app/shell"},
		"a domain above itself":     {"data/content", "wardbook/data/station"},
		"a widget with a rule":      {"app/widgets", "wardbook/data/content"},
		"a page below its service":  {"app/page/learn", "wardbook/data/vault"},
	} {
		t.Run(name, func(t *testing.T) {
			got := brokenArrows(map[string][]string{given.folder: {given.imported}})
			if len(got) != 1 {
				t.Fatalf("%s importing %s gave %q, want one sentence", given.folder, given.imported, got)
			}
		})
	}
}
