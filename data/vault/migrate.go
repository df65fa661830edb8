package vault

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Migrations are the numbered SQL files (0001_name.sql, 0002_…) of one domain. Files may lie in a folder of the file
// system, as they do when a migrations folder is embedded.
type Migrations struct {
	Domain string
	Files  fs.FS
}

// migration is one numbered file.
type migration struct {
	number int
	name   string
	text   string
}

// sum is the migration's identity: an applied one must never change.
func (m migration) sum() [32]byte { return sha256.Sum256([]byte(m.text)) }

var migrationNames = regexp.MustCompile(`^([0-9]{4})_[a-z0-9_]+\.sql$`)

// migrationTable records what was applied. The checksum is the SHA-256 of the file.
const migrationTable = `CREATE TABLE IF NOT EXISTS schema_migration (
	domain   TEXT    NOT NULL,
	number   INTEGER NOT NULL CHECK (number > 0),
	checksum BLOB    NOT NULL CHECK (length(checksum) = 32),
	applied  INTEGER NOT NULL, -- Unix milliseconds UTC
	PRIMARY KEY (domain, number)
) STRICT, WITHOUT ROWID`

// FTSSecureDelete is the statement that makes an FTS5 table overwrite what is deleted from it. Whoever creates such a
// table runs it in the same migration; secure_delete alone leaves deleted words in the index.
func FTSSecureDelete(table string) string {
	return fmt.Sprintf("INSERT INTO %s(%s, rank) VALUES('secure-delete', 1)", table, table)
}

// Migrate brings the schema of every domain up to date in one transaction and refuses, with ErrNewerSchema, a store
// that holds a migration, or a whole domain, that this program does not know. So all domains of a store are given in
// one call. Foreign keys are checked at its end.
func (s *Store) Migrate(ctx context.Context, sets ...Migrations) error {
	known := map[string][]migration{}
	for _, set := range sets {
		if _, twice := known[set.Domain]; twice {
			return fmt.Errorf("the migrations of %s are given twice", set.Domain)
		}
		list, err := readMigrations(set)
		if err != nil {
			return err
		}
		known[set.Domain] = list
	}
	return s.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, migrationTable); err != nil {
			return fmt.Errorf("create the table of migrations: %w", err)
		}
		done, err := appliedMigrations(ctx, tx, known)
		if err != nil {
			return err
		}
		// A migration may rebuild a table that others refer to; what counts is the state at the end.
		if err := s.img.foreignKeys(false); err != nil {
			return err
		}
		defer func() {
			if err := s.img.foreignKeys(true); err != nil {
				s.img.fail() // without them nothing more may be written
			}
		}()
		changed := false
		for _, set := range sets {
			for _, m := range known[set.Domain][done[set.Domain]:] {
				changed = true
				if _, err := tx.ExecContext(ctx, m.text); err != nil {
					return fmt.Errorf("%s %s: %w", set.Domain, m.name, err)
				}
				sum := m.sum()
				if _, err := tx.ExecContext(ctx, "INSERT INTO schema_migration VALUES (?, ?, ?, ?)",
					set.Domain, m.number, sum[:], time.Now().UnixMilli()); err != nil {
					return fmt.Errorf("%s %s: %w", set.Domain, m.name, err)
				}
			}
		}
		if !changed {
			return nil
		}
		broken, err := brokenReferences(ctx, tx)
		if err != nil {
			return err
		}
		if len(broken) > 0 {
			return fmt.Errorf("after the migrations %d references lead nowhere, the first from %s", len(broken), broken[0])
		}
		return nil
	})
}

// readMigrations returns a domain's migrations in order: 1, 2, 3 and so on, none missing.
func readMigrations(set Migrations) ([]migration, error) {
	var list []migration
	err := fs.WalkDir(set.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".sql" {
			return err
		}
		m := migrationNames.FindStringSubmatch(path.Base(name))
		if m == nil {
			return fmt.Errorf("%s is not named like 0001_name.sql", name)
		}
		number, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		text, err := fs.ReadFile(set.Files, name)
		if err != nil {
			return err
		}
		list = append(list, migration{number, path.Base(name), string(text)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("migrations of %s: %w", set.Domain, err)
	}
	slices.SortFunc(list, func(a, b migration) int { return cmp.Compare(a.number, b.number) })
	for i, m := range list {
		if m.number != i+1 {
			return nil, fmt.Errorf("migrations of %s: %s stands where number %d should", set.Domain, m.name, i+1)
		}
	}
	return list, nil
}

// appliedMigrations counts what each domain has, after making sure that it is what this program would have applied.
func appliedMigrations(ctx context.Context, tx *sql.Tx, known map[string][]migration) (done map[string]int, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT domain, number, checksum FROM schema_migration ORDER BY domain, number")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	done = map[string]int{}
	for rows.Next() {
		var domain string
		var number int
		var checksum []byte
		if err := rows.Scan(&domain, &number, &checksum); err != nil {
			return nil, err
		}
		list := known[domain]
		if number > len(list) {
			return nil, fmt.Errorf("%w: it holds migration %d of %s", ErrNewerSchema, number, domain)
		}
		if number != done[domain]+1 {
			return nil, fmt.Errorf("%w: migration %d of %s is missing", ErrDamaged, done[domain]+1, domain)
		}
		if sum := list[number-1].sum(); string(checksum) != string(sum[:]) {
			return nil, fmt.Errorf("migration %s of %s is not the one that was applied", list[number-1].name, domain)
		}
		done[domain] = number
	}
	return done, rows.Err()
}
