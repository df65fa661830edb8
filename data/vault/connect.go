package vault

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/mattn/go-sqlite3"
)

// connector opens the one connection of a store on its image. database/sql may ask again when it has closed the first.
type connector struct {
	img      *image
	maxPages int64
	drv      *sqlite3.SQLiteDriver
}

func (c *connector) Driver() driver.Driver { return c.drv }

// settings are what the sealed log depends on: the journal and everything temporary stay in memory, a commit asks for
// a sync, and removed content is overwritten in its page. They are set, read back, and fixed from then on.
var settings = []struct{ name, set, want string }{
	{"page_size", "4096", "4096"},
	{"journal_mode", "MEMORY", "memory"},
	{"locking_mode", "NORMAL", "normal"},
	{"synchronous", "FULL", "2"},
	{"temp_store", "MEMORY", "2"},
	{"secure_delete", "ON", "1"},
	{"foreign_keys", "ON", "1"},
	{"trusted_schema", "OFF", "0"},
	{"auto_vacuum", "NONE", "0"},
}

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	raw, err := c.drv.Open("file:store?vfs=" + c.img.name())
	if err != nil {
		return nil, err
	}
	conn, ok := raw.(*sqlite3.SQLiteConn)
	if !ok {
		return nil, errors.Join(errors.New("the SQLite driver is not the one expected"), raw.Close())
	}
	if err := c.prepare(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func (c *connector) prepare(conn *sqlite3.SQLiteConn) error {
	if !c.img.harden() {
		return errors.New("SQLite's defensive mode cannot be set")
	}
	for _, s := range settings {
		if _, err := conn.Exec("PRAGMA "+s.name+"="+s.set, nil); err != nil {
			return fmt.Errorf("set %s: %w", s.name, err)
		}
	}
	if _, err := conn.Exec("PRAGMA max_page_count="+strconv.FormatInt(c.maxPages, 10), nil); err != nil {
		return fmt.Errorf("set max_page_count: %w", err)
	}
	for _, s := range settings {
		got, err := pragma(conn, s.name)
		if err != nil {
			return err
		}
		if got != s.want {
			return fmt.Errorf("SQLite's %s is %s, not %s", s.name, got, s.want)
		}
	}
	// ATTACH can name another file system and would write in the clear.
	conn.SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
	if conn.GetLimit(sqlite3.SQLITE_LIMIT_ATTACHED) != 0 {
		return errors.New("SQLite's ATTACH cannot be shut off")
	}
	c.img.arm()
	return nil
}

func pragma(conn *sqlite3.SQLiteConn, name string) (value string, err error) {
	rows, err := conn.Query("PRAGMA "+name, nil)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(row); err != nil {
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read %s: SQLite does not know it", name)
		}
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	switch v := row[0].(type) {
	case []byte:
		return string(v), nil
	default:
		return fmt.Sprint(v), nil
	}
}
