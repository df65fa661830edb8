package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/vault/keyfile"
)

// TrustState tells what is thought of a publisher here.
type TrustState string

// The states of a publisher.
const (
	TrustUnknown TrustState = "unknown"
	TrustTrusted TrustState = "trusted"
	TrustRevoked TrustState = "revoked"
	TrustOwn     TrustState = "own" // the office of this library
)

// Publisher is a key that content bundles are signed with.
type Publisher struct {
	PublicKey   string // minisign, "RW…"
	Name        string
	Fingerprint string
	Words       string // the fingerprint to read aloud
	State       TrustState
	SuccessorOf string // the fingerprint of the key it follows, or ""
	Reason      string // of the last decision
	DecidedBy   string // account name
	DecidedAt   time.Time
}

// trustBody is what an account signs when it decides about a publisher.
func trustBody(p Publisher, at time.Time) []byte {
	return fmt.Appendf(nil, "wardbook publisher\nkey: %s\nname: %q\nstate: %s\nsuccessor of: %s\nreason: %q\nat: %d\n",
		p.PublicKey, p.Name, p.State, p.SuccessorOf, p.Reason, at.UnixMilli())
}

// Publishers lists the publishers that a decision was made about, and the office itself.
func (s *Service) Publishers(ctx context.Context) ([]Publisher, error) {
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return nil, err
	}
	var list []Publisher
	err = s.library.Read(ctx, func(tx *sql.Tx) error {
		list, err = publishersTx(ctx, tx, roster)
		return err
	})
	return list, wrap("list the publishers", err)
}

// publishersTx reads the decisions and leaves out, as an error, any that its account did not sign or could not make.
func publishersTx(ctx context.Context, tx *sql.Tx, roster *account.Roster) ([]Publisher, error) {
	var list []Publisher
	office, err := readOfficeTx(ctx, tx)
	if err != nil {
		return nil, err
	}
	if office != nil {
		key, err := bundle.ParsePublicKey(office.publicKey)
		if err != nil {
			return nil, err
		}
		list = append(list, describe(key, Publisher{Name: office.name, State: TrustOwn, DecidedAt: office.createdAt}))
	}
	rows, err := tx.QueryContext(ctx, `SELECT public_key, name, state, successor_of, reason, account_id, at, signature FROM exchange_trust ORDER BY number`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Publisher
		var accountID, signature string
		var at int64
		if err := rows.Scan(&p.PublicKey, &p.Name, &p.State, &p.SuccessorOf, &p.Reason, &accountID, &at, &signature); err != nil {
			return nil, err
		}
		p.DecidedAt = time.UnixMilli(at).UTC()
		decider, ok := roster.Account(accountID)
		if !ok || !keyfile.Verify(decider.PublicKey, trustBody(p, p.DecidedAt), []byte(signature)) {
			return nil, fmt.Errorf("%w: the decision about the publisher %s was not signed by the account it names", account.ErrStatements, p.Name)
		}
		p.DecidedBy = decider.Name
		key, err := bundle.ParsePublicKey(p.PublicKey)
		if err != nil {
			return nil, err
		}
		p = describe(key, p)
		if i := slices.IndexFunc(list, func(known Publisher) bool { return known.Fingerprint == p.Fingerprint }); i >= 0 {
			if list[i].State != TrustOwn {
				list[i] = p
			}
			continue
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

func describe(key bundle.PublicKey, p Publisher) Publisher {
	p.PublicKey, p.Fingerprint, p.Words = key.String(), key.Fingerprint(), key.FingerprintWords()
	return p
}

func stateOf(publishers []Publisher, key bundle.PublicKey) (Publisher, TrustState) {
	for _, p := range publishers {
		if p.Fingerprint == key.Fingerprint() {
			return p, p.State
		}
	}
	return describe(key, Publisher{State: TrustUnknown}), TrustUnknown
}

// Trust adds a publisher, or trusts a revoked one again. The administrator has compared the fingerprint with the
// publisher, by telephone for example; it must be that of the key.
func (s *Service) Trust(ctx context.Context, key bundle.PublicKey, name, fingerprint string) error {
	if !key.MatchesFingerprint(fingerprint) {
		return ErrFingerprint
	}
	return s.decide(ctx, audit.ActPublisherTrust, describe(key, Publisher{Name: strings.TrimSpace(name), State: TrustTrusted}))
}

// Revoke stops trusting a publisher. Its content stays here, marked.
func (s *Service) Revoke(ctx context.Context, fingerprint, reason string) error {
	publishers, err := s.Publishers(ctx)
	if err != nil {
		return err
	}
	for _, p := range publishers {
		key, err := bundle.ParsePublicKey(p.PublicKey)
		if err != nil {
			return err
		}
		if p.State == TrustTrusted && key.MatchesFingerprint(fingerprint) {
			p.State, p.Reason = TrustRevoked, strings.TrimSpace(reason)
			return s.decide(ctx, audit.ActPublisherRevoke, p)
		}
	}
	return ErrNoSuchPublisher
}

func (s *Service) decide(ctx context.Context, act audit.Act, p Publisher) error {
	if err := s.actor.Require("decide whom to trust as a publisher", account.RoleAdministrator); err != nil {
		return err
	}
	if p.Name == "" {
		p.Name = p.Fingerprint
	}
	return wrap("decide about the publisher", s.library.Write(ctx, func(tx *sql.Tx) error { return s.decideTx(ctx, tx, act, p) }))
}

func (s *Service) decideTx(ctx context.Context, tx *sql.Tx, act audit.Act, p Publisher) error {
	at := time.UnixMilli(s.now().UnixMilli()).UTC()
	signature, err := s.actor.SignMessage(trustBody(p, at))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO exchange_trust (public_key, name, state, successor_of, reason, account_id, at, signature)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, p.PublicKey, p.Name, string(p.State), p.SuccessorOf, p.Reason, s.actor.AccountID(), at.UnixMilli(), string(signature))
	if err != nil {
		return err
	}
	return s.log(ctx, tx, act, p.Fingerprint, p.Reason, map[string]string{"publisher": p.Name, "key": p.PublicKey})
}

// applyStatementsTx takes over what trusted publishers say about their own keys: a successor named and signed by the old
// key is trusted from now on, and a key that its holder revokes is revoked. A statement about any other key says nothing.
func (s *Service) applyStatementsTx(ctx context.Context, tx *sql.Tx, roster *account.Roster, m bundle.Manifest) error {
	for _, statement := range m.Successors {
		publishers, err := publishersTx(ctx, tx, roster)
		if err != nil {
			return err
		}
		oldKey, newKey, ok := successorOf(statement)
		if !ok {
			return fmt.Errorf("%w: a statement about a publisher's key cannot be read", ErrBadLayout)
		}
		old, state := stateOf(publishers, oldKey)
		_, already := stateOf(publishers, newKey)
		if state != TrustTrusted || already != TrustUnknown || statement.Verify(oldKey, bundle.PurposeSuccessor) != nil {
			continue
		}
		successor := describe(newKey, Publisher{Name: old.Name, State: TrustTrusted, SuccessorOf: old.Fingerprint})
		if err := s.decideTx(ctx, tx, audit.ActPublisherTrust, successor); err != nil {
			return err
		}
	}
	for _, statement := range m.Revocations {
		publishers, err := publishersTx(ctx, tx, roster)
		if err != nil {
			return err
		}
		key, err := bundle.ParsePublicKey(strings.TrimSpace(statement.Body))
		if err != nil {
			return fmt.Errorf("%w: a revocation names no key", ErrBadLayout)
		}
		p, state := stateOf(publishers, key)
		if state != TrustTrusted || statement.Verify(key, bundle.PurposeRevocation) != nil {
			continue
		}
		p.State, p.Reason = TrustRevoked, "revoked by its own holder"
		if err := s.decideTx(ctx, tx, audit.ActPublisherRevoke, p); err != nil {
			return err
		}
	}
	return nil
}

// successorOf reads "old key, space, new key".
func successorOf(statement bundle.Statement) (oldKey, newKey bundle.PublicKey, ok bool) {
	fields := strings.Fields(statement.Body)
	if len(fields) != 2 {
		return oldKey, newKey, false
	}
	oldKey, errOld := bundle.ParsePublicKey(fields[0])
	newKey, errNew := bundle.ParsePublicKey(fields[1])
	return oldKey, newKey, errOld == nil && errNew == nil
}

// successions tells, for storing a document, whether an owner's key follows another one that is trusted here. Owners are
// fingerprints: a key's text holds a number that nothing protects.
func successions(publishers []Publisher) func(known, successor string) bool {
	return func(known, successor string) bool {
		for range len(publishers) + 1 {
			i := slices.IndexFunc(publishers, func(p Publisher) bool { return p.Fingerprint == successor })
			if i < 0 || publishers[i].SuccessorOf == "" {
				return false
			}
			if successor = publishers[i].SuccessorOf; successor == known {
				return true
			}
		}
		return false
	}
}

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
