package exchange

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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
	ByHolder    bool   // the last decision follows from the publisher's own signed statement
	DecidedBy   string // account name
	DecidedAt   time.Time
}

// decision is what an account signed about a publisher.
type decision struct {
	number    int64
	publisher Publisher // key, name, state, successor and reason
	proof     bundle.Statement
	accountID string
	at        time.Time
	head      string // the last statement about accounts at that time
	signature string
}

// body is what the account signs.
func (d decision) body() []byte {
	return fmt.Appendf(nil, "wardbook publisher 2\nnumber: %d\nkey: %s\nname: %q\nstate: %s\nsuccessor of: %s\nreason: %q\nstatement: %x\naccounts: %s\nat: %d\n",
		d.number, d.publisher.PublicKey, d.publisher.Name, d.publisher.State, d.publisher.SuccessorOf, d.publisher.Reason,
		sha256.Sum256([]byte(d.proof.Body+"\n"+d.proof.Signature)), d.head, d.at.UnixMilli())
}

// Publishers lists the office itself and the publishers that a decision was made about.
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

// publishersTx reads the office's keys and all decisions, and verifies every one: who signed it, whether that account
// could make it, and that none is missing or moved. A list with anything wrong in it is an error, not a shorter list.
func publishersTx(ctx context.Context, tx *sql.Tx, roster *account.Roster) ([]Publisher, error) {
	terms, err := readTenureTx(ctx, tx, roster)
	if err != nil {
		return nil, err
	}
	offices, err := readOfficesTx(ctx, tx, roster, terms)
	if err != nil {
		return nil, err
	}
	list, err := ownPublishers(offices, roster)
	if err != nil {
		return nil, err
	}
	decisions, err := readDecisionsTx(ctx, tx)
	if err != nil {
		return nil, err
	}
	for i, d := range decisions {
		key, err := bundle.ParsePublicKey(d.publisher.PublicKey)
		if err == nil {
			err = d.verify(key, int64(i)+1, list, roster, terms)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: the decision about the publisher %s: %w", account.ErrStatements, d.publisher.Name, err)
		}
		decider, _ := roster.Account(d.accountID)
		d.publisher.DecidedBy, d.publisher.DecidedAt, d.publisher.ByHolder = decider.Name, d.at, d.proof.Body != ""
		list = withPublisher(list, describe(key, d.publisher))
	}
	return list, nil
}

func readDecisionsTx(ctx context.Context, tx *sql.Tx) ([]decision, error) {
	rows, err := tx.QueryContext(ctx, `SELECT number, public_key, name, state, successor_of, reason, statement, statement_signature,
		account_id, at, account_head, signature FROM exchange_decision ORDER BY number`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []decision
	for rows.Next() {
		var d decision
		var at int64
		if err := rows.Scan(&d.number, &d.publisher.PublicKey, &d.publisher.Name, &d.publisher.State, &d.publisher.SuccessorOf, &d.publisher.Reason,
			&d.proof.Body, &d.proof.Signature, &d.accountID, &at, &d.head, &d.signature); err != nil {
			return nil, err
		}
		d.at = time.UnixMilli(at).UTC()
		list = append(list, d)
	}
	return list, rows.Err()
}

// verify says what is wrong with a decision that stands at this place, after all that was decided before.
func (d decision) verify(key bundle.PublicKey, place int64, before []Publisher, roster *account.Roster, terms tenure) error {
	decider, known := roster.Account(d.accountID)
	switch {
	case d.number != place:
		return fmt.Errorf("it stands at place %d and says %d", place, d.number)
	case !known || !keyfile.Verify(decider.PublicKey, d.body(), []byte(d.signature)):
		return fmt.Errorf("the account it names did not sign it")
	case d.proof.Body != "":
		return verifyProof(d.publisher, key, d.proof, before)
	case !terms.had(d.accountID, d.head, account.RoleAdministrator):
		return fmt.Errorf("the account that signed it was no administrator")
	}
	return nil
}

// withPublisher puts the newest decision in place of an earlier one. The office's own keys stay what they are.
func withPublisher(list []Publisher, p Publisher) []Publisher {
	i := slices.IndexFunc(list, func(known Publisher) bool { return known.Fingerprint == p.Fingerprint })
	switch {
	case i < 0:
		return append(list, p)
	case list[i].State != TrustOwn:
		if p.SuccessorOf == "" {
			p.SuccessorOf = list[i].SuccessorOf
		}
		list[i] = p
	}
	return list
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

// find returns the publisher whose whole fingerprint, words or key somebody typed.
func find(publishers []Publisher, typed string) (Publisher, bundle.PublicKey, error) {
	for _, p := range publishers {
		key, err := bundle.ParsePublicKey(p.PublicKey)
		if err != nil {
			return p, key, err
		}
		if key.MatchesFingerprint(typed) {
			return p, key, nil
		}
	}
	return Publisher{}, bundle.PublicKey{}, ErrNoSuchPublisher
}

// Trust adds a publisher, or trusts one again that an administrator revoked. The administrator has compared the
// fingerprint with the publisher, by telephone for example; it must be that of the key. A key that its own holder revoked
// is never trusted again.
func (s *Service) Trust(ctx context.Context, key bundle.PublicKey, name, fingerprint string) error {
	return s.trust(ctx, key, name, fingerprint, "")
}

// TrustSuccessor trusts a key as the successor of a publisher that could not sign that itself any more, because its key was
// lost. The administrator has compared the new fingerprint with the publisher. The items of the old key belong to the new
// one from now on.
func (s *Service) TrustSuccessor(ctx context.Context, key bundle.PublicKey, name, fingerprint, oldFingerprint string) error {
	publishers, err := s.Publishers(ctx)
	if err != nil {
		return err
	}
	old, oldKey, err := find(publishers, oldFingerprint)
	if err != nil {
		return err
	}
	if old.State == TrustOwn || oldKey.Equal(key) {
		return ErrOwnPublisher
	}
	if name == "" {
		name = old.Name
	}
	return s.trust(ctx, key, name, fingerprint, old.Fingerprint)
}

func (s *Service) trust(ctx context.Context, key bundle.PublicKey, name, fingerprint, successorOf string) error {
	if err := s.mayDecide(); err != nil {
		return err
	}
	if !key.MatchesFingerprint(fingerprint) {
		return ErrFingerprint
	}
	return s.decide(ctx, audit.ActPublisherTrust, func(publishers []Publisher) (Publisher, error) {
		known, state := stateOf(publishers, key)
		switch {
		case state == TrustOwn:
			return known, ErrOwnPublisher
		case state == TrustRevoked && known.ByHolder:
			return known, fmt.Errorf("%w by its own holder; ask the publisher for its new key", ErrRevokedPublisher)
		case follows(publishers, successorOf, key.Fingerprint()):
			return known, fmt.Errorf("%w: the older key follows the newer one", ErrFingerprint)
		}
		return describe(key, Publisher{Name: oneLine(name), State: TrustTrusted, SuccessorOf: successorOf}), nil
	})
}

// Revoked tells of the owners of documents whether they are publishers that are not trusted any more, by fingerprint: their
// content stays, marked.
func (s *Service) Revoked(ctx context.Context) (map[string]bool, error) {
	publishers, err := s.Publishers(ctx)
	if err != nil {
		return nil, err
	}
	revoked := map[string]bool{}
	for _, p := range publishers {
		if p.State == TrustRevoked {
			revoked[p.Fingerprint] = true
		}
	}
	return revoked, nil
}

// Revoke stops trusting a publisher. Its content stays here, marked.
func (s *Service) Revoke(ctx context.Context, fingerprint, reason string) error {
	if err := s.mayDecide(); err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return account.ErrReasonNeeded
	}
	return s.decide(ctx, audit.ActPublisherRevoke, func(publishers []Publisher) (Publisher, error) {
		p, _, err := find(publishers, fingerprint)
		switch {
		case err != nil:
			return p, err
		case p.State == TrustOwn:
			return p, ErrOwnPublisher
		case p.State == TrustRevoked:
			return p, ErrNoSuchPublisher
		}
		p.State, p.Reason = TrustRevoked, oneLine(reason)
		return p, nil
	})
}

func (s *Service) mayDecide() error {
	return s.actor.Require("decide whom to trust as a publisher", account.RoleAdministrator)
}

// oneLine is what somebody typed as a name or reason, in the form that is kept.
func oneLine(text string) string {
	const most = 200
	return cutAt(printable(text), most)
}

// printable is a text in one line without control and invisible characters.
func printable(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || unicode.IsSpace(r) {
			return r
		}
		return -1
	}, text)), " ")
}

// cutAt shortens a text to at most so many bytes, between characters.
func cutAt(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strings.TrimSpace(text[:most])
}

// decide makes one decision in one transaction, looking at what was decided before.
func (s *Service) decide(ctx context.Context, act audit.Act, about func([]Publisher) (Publisher, error)) error {
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return err
	}
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		publishers, err := publishersTx(ctx, tx, roster)
		if err != nil {
			return err
		}
		p, err := about(publishers)
		if err != nil {
			return err
		}
		return s.decideTx(ctx, tx, roster, ruling{act: act, publisher: p})
	})
}

// decideTx signs and stores a decision. Whoever calls it has checked that it may be made.
func (s *Service) decideTx(ctx context.Context, tx *sql.Tx, roster *account.Roster, r ruling) error {
	d := decision{
		publisher: r.publisher, proof: r.proof, accountID: s.actor.AccountID(),
		at: time.UnixMilli(s.now().UnixMilli()).UTC(), head: roster.Trust().LastStatement,
	}
	if d.publisher.Name == "" {
		d.publisher.Name = d.publisher.Fingerprint
	}
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) + 1 FROM exchange_decision`).Scan(&d.number); err != nil {
		return wrap("number the decision", err)
	}
	signature, err := s.actor.SignMessage(d.body())
	if err != nil {
		return wrap("sign the decision", err)
	}
	p := d.publisher
	_, err = tx.ExecContext(ctx, `INSERT INTO exchange_decision (number, public_key, name, state, successor_of, reason, statement, statement_signature,
		account_id, at, account_head, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, d.number, p.PublicKey, p.Name, string(p.State), p.SuccessorOf,
		p.Reason, d.proof.Body, d.proof.Signature, d.accountID, d.at.UnixMilli(), d.head, string(signature))
	if err != nil {
		return wrap("keep the decision", err)
	}
	return s.log(ctx, tx, r.act, p.Fingerprint, p.Reason, map[string]string{"publisher": p.Name, "key": p.PublicKey})
}

// follows reports whether the key with the later fingerprint is a successor, near or far, of the earlier one. Owners are
// compared by fingerprint: a key's text holds a number that nothing protects.
func follows(publishers []Publisher, earlier, later string) bool {
	if earlier == "" || later == "" {
		return false
	}
	for range publishers {
		i := slices.IndexFunc(publishers, func(p Publisher) bool { return p.Fingerprint == later })
		if i < 0 || publishers[i].SuccessorOf == "" {
			return false
		}
		if later = publishers[i].SuccessorOf; later == earlier {
			return true
		}
	}
	return false
}
