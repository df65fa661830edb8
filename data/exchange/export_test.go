package exchange

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Rows gives every row of a query as a line, for tests that look at the tables themselves.
func (s *Service) Rows(ctx context.Context, query string) (string, error) {
	var out strings.Builder
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return err
			}
			fmt.Fprintf(&out, "%v\n", values)
		}
		return rows.Err()
	})
	return out.String(), err
}

// Exec changes the tables behind the service's back, as somebody with the library's key and a program of their own could.
func (s *Service) Exec(ctx context.Context, statements ...string) error {
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// Texts of the parsers, for fuzzing.
var (
	ParseReceipt = parseReceipt
	ParseChanges = parseChanges
	ReadWords    = readWords
	ReceiptWords = receiptWords
)

// DecideWithoutRight stores a decision that the account signs and nobody checked: what a changed program could do.
func (s *Service) DecideWithoutRight(ctx context.Context, p Publisher) error {
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return err
	}
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		return s.decideTx(ctx, tx, roster, ruling{act: "publisher-trust", publisher: p})
	})
}

// MakeOfficeWithoutRight makes a key for the office as an account of any role.
func (s *Service) MakeOfficeWithoutRight(ctx context.Context) error {
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return err
	}
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		_, _, err := s.makeOfficeTx(ctx, tx, roster, 1)
		return err
	})
}
