package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"aead.dev/minisign"

	"wardbook/data/vault"
)

// The stores, as Filter and ChainReport name them.
const (
	Library  = "library"
	Casework = "casework"
)

// Trust is what a chain is verified against: what the verified statements say about accounts.
type Trust struct {
	Keys          map[string]string // account id to minisign public key, of deactivated accounts too
	Statements    map[string]bool   // the SHA-256 (hexadecimal) of every statement
	LastStatement string
}

// Access is what a session gives the service. The two May functions return nil, or an error that says who may.
type Access struct {
	Library     *vault.Store
	Casework    *vault.Store // nil without the casework key
	Trust       func(ctx context.Context) (Trust, error)
	MayLibrary  func() error
	MayCasework func() error
	Locked      func() error // not nil once the session is locked
}

// Service reads and verifies the log for one session.
//
// Auditors and administrators read the library's chain. The casework store's chain lies in that store and needs its
// key: an auditor who also has a casework role, or a manager, each with the casework key, reads it.
type Service struct{ access Access }

// New makes the service of a session.
func New(access Access) *Service { return &Service{access: access} }

// Filter chooses entries. Empty fields choose all.
type Filter struct {
	Store     string // Library (also if empty) or Casework
	Act       Act
	AccountID string
	From, To  time.Time // From is included, To is not
	Before    int64     // only entries with a lower sequence: the next page
	Limit     int       // at most this many; 0 takes 200
}

const (
	defaultLimit = 200
	maxLimit     = 10_000
)

// List returns entries, newest first.
func (s *Service) List(ctx context.Context, f Filter) ([]Entry, error) {
	store, err := s.store(f.Store)
	if err != nil {
		return nil, err
	}
	where, args := []string{"1 = 1"}, []any{}
	add := func(condition string, value any) {
		where, args = append(where, condition), append(args, value)
	}
	if f.Act != "" {
		add("act = ?", string(f.Act))
	}
	if f.AccountID != "" {
		add("account_id = ?", f.AccountID)
	}
	if !f.From.IsZero() {
		add("at >= ?", f.From.UnixMilli())
	}
	if !f.To.IsZero() {
		add("at < ?", f.To.UnixMilli())
	}
	if f.Before > 0 {
		add("sequence < ?", f.Before)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	args = append(args, min(limit, maxLimit))
	var entries []Entry
	err = store.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, selectEntry+` WHERE `+strings.Join(where, " AND ")+` ORDER BY sequence DESC LIMIT ?`, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanEntry(rows)
			if err != nil {
				return err
			}
			entries = append(entries, row.Entry)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	return entries, nil
}

// store returns the store whose chain is asked for, if the session may read it.
func (s *Service) store(name string) (*vault.Store, error) {
	if err := s.access.Locked(); err != nil {
		return nil, err
	}
	switch name {
	case "", Library:
		return s.access.Library, s.access.MayLibrary()
	case Casework:
		if err := s.access.MayCasework(); err != nil {
			return nil, err
		}
		return s.access.Casework, nil
	}
	return nil, fmt.Errorf("there is no store %q", name)
}

// ChainReport says how one chain stands.
type ChainReport struct {
	Store   string
	Entries int64
	OK      bool
	Problem string // one sentence if not OK
}

// Report is the result of Verify. NotChecked has a sentence for each chain that this account may not read.
type Report struct {
	Chains     []ChainReport
	NotChecked []string
}

// OK reports whether every chain that was checked is whole.
func (r Report) OK() bool {
	for _, c := range r.Chains {
		if !c.OK {
			return false
		}
	}
	return true
}

// Verify recomputes every hash and checks every signature against the key of the account that the verified statements
// name, and that no statement about accounts is missing. It checks the chains that the account may read and says which
// it may not. It fails if that is neither.
func (s *Service) Verify(ctx context.Context) (Report, error) {
	var report Report
	var refused []error
	trust, err := s.trust(ctx)
	if err != nil {
		return Report{}, err
	}
	for _, name := range []string{Library, Casework} {
		store, err := s.store(name)
		if err != nil {
			refused = append(refused, err)
			report.NotChecked = append(report.NotChecked, fmt.Sprintf("The log of the %s store was not checked: %v.", name, err))
			continue
		}
		chain, err := verifyChain(ctx, store, name, trust)
		if err != nil {
			return Report{}, err
		}
		report.Chains = append(report.Chains, chain)
	}
	if len(report.Chains) == 0 {
		return Report{}, refused[0]
	}
	return report, nil
}

func (s *Service) trust(ctx context.Context) (Trust, error) {
	if err := s.access.Locked(); err != nil {
		return Trust{}, err
	}
	return s.access.Trust(ctx)
}

const selectEntry = `SELECT sequence, at, account_id, account_name, act, object, reason, details, previous, hash, signature FROM audit_entry`

type row struct {
	Entry
	details   string
	previous  []byte
	hash      []byte
	signature string
}

func scanEntry(rows *sql.Rows) (row, error) {
	var r row
	var at int64
	var act string
	err := rows.Scan(&r.Sequence, &at, &r.AccountID, &r.AccountName, &act, &r.Object, &r.Reason, &r.details, &r.previous, &r.hash, &r.signature)
	if err != nil {
		return r, err
	}
	r.At, r.Act = time.UnixMilli(at), Act(act)
	copy(r.Hash[:], r.hash)
	if err := json.Unmarshal([]byte(r.details), &r.Details); err != nil {
		return r, problemError{fmt.Sprintf("Entry %d of the log: its details cannot be read.", r.Sequence)}
	}
	return r, nil
}

// problemError is a broken chain, as opposed to a store that cannot be read.
type problemError struct{ sentence string }

func (e problemError) Error() string { return e.sentence }

// verifyPage is how many entries are held at once.
const verifyPage = 2000

func verifyChain(ctx context.Context, store *vault.Store, name string, trust Trust) (ChainReport, error) {
	report := ChainReport{Store: name, OK: true}
	v, err := newVerifier(name, trust)
	if err != nil {
		return report, err
	}
	for done := false; !done && err == nil; {
		err = store.Read(ctx, func(tx *sql.Tx) error {
			if v.chain == nil {
				if v.chain, err = chainID(ctx, tx); err != nil {
					return err
				}
			}
			page, err := entriesAfter(ctx, tx, v.sequence)
			if err != nil {
				return err
			}
			done = len(page) < verifyPage
			for _, entry := range page {
				if err := v.next(entry); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		err = v.end()
	}
	report.Entries = v.sequence
	var problem problemError
	if errors.As(err, &problem) {
		report.OK, report.Problem = false, problem.sentence
		return report, nil
	}
	return report, err
}

func entriesAfter(ctx context.Context, tx *sql.Tx, sequence int64) ([]row, error) {
	rows, err := tx.QueryContext(ctx, selectEntry+` WHERE sequence > ? ORDER BY sequence LIMIT ?`, sequence, verifyPage)
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	defer rows.Close()
	var page []row
	for rows.Next() {
		r, err := scanEntry(rows)
		if err != nil {
			return nil, fmt.Errorf("reading the log: %w", err)
		}
		page = append(page, r)
	}
	return page, rows.Err()
}

// verifier walks one chain.
type verifier struct {
	store         string
	trust         Trust
	keys          map[string]minisign.PublicKey
	chain         []byte
	sequence      int64
	previous      [sha256.Size]byte
	gone          map[string]int64 // deactivated accounts and the entry that says so
	lastStatement string
}

func newVerifier(store string, trust Trust) (*verifier, error) {
	v := &verifier{store: store, trust: trust, keys: map[string]minisign.PublicKey{}, gone: map[string]int64{}}
	for id, text := range trust.Keys {
		var key minisign.PublicKey
		if err := key.UnmarshalText([]byte(text)); err != nil {
			return nil, fmt.Errorf("the public key of account %s: %w", id, err)
		}
		v.keys[id] = key
	}
	return v, nil
}

func (v *verifier) next(r row) error {
	broken := func(format string, args ...any) error {
		return problemError{fmt.Sprintf("Entry %d of the log: ", v.sequence+1) + fmt.Sprintf(format, args...) + "."}
	}
	if r.Sequence != v.sequence+1 {
		return broken("it is missing, the next one there is number %d", r.Sequence)
	}
	if !bytes.Equal(r.previous, v.previous[:]) {
		return broken("it does not follow the entry before it")
	}
	if hashEntry(v.chain, v.previous, r.Entry, r.details) != r.Hash {
		return broken("it was changed after it was written")
	}
	key, known := v.keys[r.AccountID]
	if !known {
		return broken("no account is known that could have written it")
	}
	if !minisign.Verify(key, r.Hash[:], []byte(r.signature)) {
		return broken("the signature of %s is not good", r.AccountName)
	}
	if at, gone := v.gone[r.AccountID]; gone {
		return broken("%s wrote it after being deactivated by entry %d", r.AccountName, at)
	}
	if r.Act == ActAccountDeactivate && v.store == Library {
		v.gone[r.Object] = r.Sequence
	}
	if sum, named := r.Details["statements"]; named && v.store == Library {
		if !v.trust.Statements[sum] {
			return broken("a statement about accounts that it names is no longer there")
		}
		v.lastStatement = sum
	}
	v.sequence, v.previous = r.Sequence, r.Hash
	return nil
}

// end looks at what only the whole chain can show.
func (v *verifier) end() error {
	if v.sequence == 0 {
		return problemError{"The log is empty; it should begin with the set-up."}
	}
	if v.store == Library && v.lastStatement != v.trust.LastStatement {
		return problemError{"The newest statement about accounts has no entry in the log."}
	}
	return nil
}
