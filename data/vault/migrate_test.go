package vault

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

// domain makes migrations from texts, numbered from 1.
func domain(name string, texts ...string) Migrations {
	files := fstest.MapFS{}
	for i, text := range texts {
		files["migrations/000"+string(rune('1'+i))+"_step.sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	return Migrations{name, files}
}

const (
	parentTable = "CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT"
	childTable  = "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent) STRICT"
)

func TestMigrate(t *testing.T) {
	ctx := context.Background()
	s, dir := createStore(t, Options{})
	a, b := domain("people", parentTable), domain("content", childTable)
	must(t, s.Migrate(ctx, a, b))
	sequence := s.Info().Sequence
	must(t, s.Migrate(ctx, a, b))
	if s.Info().Sequence != sequence {
		t.Error("migrating again wrote something")
	}
	must(t, run(s, "INSERT INTO parent VALUES (1)", "INSERT INTO child VALUES (1, 1)"))
	// Given a later version that rebuilds a table to which another refers, when it runs, then the references hold.
	a2 := domain("people", parentTable, "CREATE TABLE p2 (id INTEGER PRIMARY KEY, name TEXT) STRICT; INSERT INTO p2(id) SELECT id FROM parent; DROP TABLE parent; ALTER TABLE p2 RENAME TO parent")
	must(t, s.Migrate(ctx, a2, b))
	if err := run(s, "INSERT INTO child VALUES (2, 42)"); err == nil {
		t.Error("foreign keys are not enforced after migrating")
	}
	must(t, s.Close())
	s = openStore(t, dir)
	must(t, s.Migrate(ctx, a2, b))
	if n := count(t, s, "SELECT count(*) FROM child JOIN parent ON parent.id = child.parent"); n != 1 {
		t.Error(n)
	}
	if n := count(t, s, "SELECT count(*) FROM schema_migration WHERE length(checksum) = 32 AND applied > 0"); n != 3 {
		t.Error(n)
	}
	if err := run(s, "INSERT INTO child VALUES (2, 42)"); err == nil {
		t.Error("foreign keys are not enforced after migrating")
	}
	if err := s.Migrate(ctx, a, b); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("an older program: %v", err)
	}
	if err := s.Migrate(ctx, a2); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("a program without a domain: %v", err)
	}
	changed := domain("content", childTable+" -- edited")
	if err := s.Migrate(ctx, a2, changed); err == nil || !strings.Contains(err.Error(), "is not the one that was applied") {
		t.Errorf("an edited migration: %v", err)
	}
}

// One failing migration undoes those of all domains.
func TestMigrateAllOrNothing(t *testing.T) {
	ctx := context.Background()
	s, _ := createStore(t, Options{})
	for name, bad := range map[string]Migrations{
		"wrong SQL":        domain("content", "CREATE TABLE x (y INTEGER) STRICT; CREATE TABEL z"),
		"broken reference": domain("content", childTable+"; INSERT INTO child VALUES (1, 42)"),
	} {
		if err := s.Migrate(ctx, domain("people", parentTable), bad); err == nil || !strings.Contains(err.Error(), "content") && !strings.Contains(err.Error(), "child") {
			t.Errorf("%s: %v", name, err)
		}
		if n := count(t, s, "SELECT count(*) FROM sqlite_schema"); n != 0 {
			t.Errorf("%s: %d tables are left", name, n)
		}
	}
	must(t, s.Migrate(ctx, domain("people", parentTable)))
}

func TestMigrationNames(t *testing.T) {
	for name, files := range map[string][]string{
		"a gap":            {"0001_a.sql", "0003_b.sql"},
		"not from 1":       {"0002_a.sql"},
		"a number twice":   {"0001_a.sql", "0001_b.sql"},
		"no number":        {"initial.sql"},
		"too few digits":   {"01_initial.sql"},
		"an uncanny name":  {"0001_In itial.sql"},
		"the second twice": {"0001_a.sql", "0002_a.sql", "x/0002_b.sql"},
	} {
		m := fstest.MapFS{}
		for _, f := range files {
			m[f] = &fstest.MapFile{Data: []byte("SELECT 1")}
		}
		if _, err := readMigrations(Migrations{"d", m}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	m := fstest.MapFS{"0002_b.sql": {}, "0001_a.sql": {}, "README.md": {}, "0010_j.txt": {}}
	if list, err := readMigrations(Migrations{"d", m}); err != nil || len(list) != 2 || list[0].name != "0001_a.sql" {
		t.Error(list, err)
	}
	s, _ := createStore(t, Options{})
	if err := s.Migrate(context.Background(), domain("d"), domain("d")); err == nil {
		t.Error("a domain twice is accepted")
	}
}
