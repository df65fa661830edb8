package exchange

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/vault/keyfile"
)

// office is the publisher that the trainers of this library are together, with one of its keys.
type office struct {
	number       int64
	name         string
	publicKey    string
	revoked      bool
	sealedKey    []byte
	sealedFor    string // age recipients, sorted, one a line
	stream       string
	incarnation  string // of the store that the stream belongs to
	nextSequence uint64
	reserved     uint64 // the number of a bundle that may have been written
	previous     string
	accountID    string
	at           time.Time
	head         string
	signature    string
	chain        []Publisher // all of the office's keys, the newest first
}

// body is what the account signs that makes the key the office's own.
func (o *office) body() []byte {
	return fmt.Appendf(nil, "wardbook office 1\nnumber: %d\nname: %q\nkey: %s\naccounts: %s\nat: %d\n", o.number, o.name, o.publicKey, o.head, o.at.UnixMilli())
}

func (o *office) fingerprint() (string, error) {
	key, err := bundle.ParsePublicKey(o.publicKey)
	return key.Fingerprint(), err
}

// readOfficesTx reads the office's keys, oldest first, and verifies that trainers or administrators made them: a key that
// anybody else put there would be trusted as the office itself.
func readOfficesTx(ctx context.Context, tx *sql.Tx, roster *account.Roster, terms tenure) ([]office, error) {
	rows, err := tx.QueryContext(ctx, `SELECT number, name, public_key, revoked, sealed_key, sealed_for, stream, incarnation, next_sequence, reserved,
		previous, account_id, at, account_head, signature FROM exchange_office ORDER BY number`)
	if err != nil {
		return nil, wrap("read the office's key", err)
	}
	defer rows.Close()
	var list []office
	for rows.Next() {
		var o office
		var at int64
		if err := rows.Scan(&o.number, &o.name, &o.publicKey, &o.revoked, &o.sealedKey, &o.sealedFor, &o.stream, &o.incarnation, &o.nextSequence, &o.reserved,
			&o.previous, &o.accountID, &at, &o.head, &o.signature); err != nil {
			return nil, wrap("read the office's key", err)
		}
		o.at = time.UnixMilli(at).UTC()
		maker, known := roster.Account(o.accountID)
		if o.number != int64(len(list))+1 || !known || !keyfile.Verify(maker.PublicKey, o.body(), []byte(o.signature)) ||
			!terms.had(o.accountID, o.head, account.RoleTrainer, account.RoleAdministrator) {
			return nil, fmt.Errorf("%w: the office's publisher key was not signed by a trainer or administrator", account.ErrStatements)
		}
		list = append(list, o)
	}
	return list, rows.Err()
}

// officeTx returns the office with its newest key, or nil before the first publication, and the fingerprints of all its
// keys.
func officeTx(ctx context.Context, tx *sql.Tx, roster *account.Roster) (*office, map[string]bool, error) {
	terms, err := readTenureTx(ctx, tx, roster)
	if err != nil {
		return nil, nil, err
	}
	list, err := readOfficesTx(ctx, tx, roster, terms)
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	newest := &list[len(list)-1]
	if newest.chain, err = ownPublishers(list, roster); err != nil {
		return nil, nil, err
	}
	family := map[string]bool{}
	for _, p := range newest.chain {
		family[p.Fingerprint] = true
	}
	return newest, family, nil
}

// ownPublishers lists the office's keys as publishers, the one that signs now first.
func ownPublishers(offices []office, roster *account.Roster) ([]Publisher, error) {
	var list []Publisher
	previous := ""
	for _, o := range offices {
		key, err := bundle.ParsePublicKey(o.publicKey)
		if err != nil {
			return nil, err
		}
		maker, _ := roster.Account(o.accountID)
		p := describe(key, Publisher{Name: o.name, State: TrustOwn, SuccessorOf: previous, DecidedBy: maker.Name, DecidedAt: o.at})
		if o.revoked {
			p.State, p.ByHolder, p.Reason = TrustRevoked, true, "revoked by its own holder"
		}
		list, previous = append(list, p), p.Fingerprint
	}
	slices.Reverse(list)
	return list, nil
}

// openKey opens the publisher key with the account's own identity.
func (o *office) openKey(actor *account.Actor) (bundle.PrivateKey, error) {
	var key bundle.PrivateKey
	identity := actor.Identity()
	if identity == nil {
		return key, account.ErrLocked
	}
	plain, err := age.Decrypt(bytes.NewReader(o.sealedKey), identity)
	if err != nil {
		return key, fmt.Errorf("%w (%w)", ErrNoOfficeKey, err)
	}
	raw, err := io.ReadAll(io.LimitReader(plain, 4096))
	if err != nil {
		return key, fmt.Errorf("%w (%w)", ErrNoOfficeKey, err)
	}
	defer clear(raw)
	if err := key.UnmarshalBinary(raw); err != nil {
		return key, wrap("open the office's key", err)
	}
	if key.Public().String() != o.publicKey {
		key.Wipe()
		return key, fmt.Errorf("%w: the office's secret key is not the one that was signed", account.ErrStatements)
	}
	return key, nil
}

func sealKey(key bundle.PrivateKey, trainers []string) ([]byte, error) {
	raw, err := key.MarshalBinary()
	if err != nil {
		return nil, err
	}
	defer clear(raw)
	var recipients []age.Recipient
	for _, trainer := range trainers {
		recipient, err := age.ParseX25519Recipient(trainer)
		if err != nil {
			return nil, wrap("read a trainer's public key", err)
		}
		recipients = append(recipients, recipient)
	}
	var sealed bytes.Buffer
	writer, err := age.Encrypt(&sealed, recipients...)
	if err != nil {
		return nil, wrap("encrypt the office's key", err)
	}
	if _, err := writer.Write(raw); err != nil {
		return nil, wrap("encrypt the office's key", err)
	}
	if err := writer.Close(); err != nil {
		return nil, wrap("encrypt the office's key", err)
	}
	return sealed.Bytes(), nil
}

func trainersOf(roster *account.Roster) []string {
	var recipients []string
	for _, a := range roster.Accounts() {
		if a.Active && slices.Contains(a.Roles, account.RoleTrainer) {
			recipients = append(recipients, a.Recipient)
		}
	}
	slices.Sort(recipients)
	return recipients
}

func newStream() (string, error) {
	stream := make([]byte, 16)
	if _, err := rand.Read(stream); err != nil {
		return "", wrap("name the office's stream", err)
	}
	return hex.EncodeToString(stream), nil
}

// makeOfficeTx gives the office a new key, signed by the account and encrypted to all trainers.
func (s *Service) makeOfficeTx(ctx context.Context, tx *sql.Tx, roster *account.Roster, number int64) (*office, bundle.PrivateKey, error) {
	key, err := bundle.GenerateKey()
	if err != nil {
		return nil, key, wrap("make the office's key", err)
	}
	trainers := trainersOf(roster)
	if len(trainers) == 0 {
		return nil, key, ErrNoTrainer
	}
	o := &office{
		number: number, name: cutAt(s.workstation.Name, bundle.MaxLineLength), publicKey: key.Public().String(), sealedFor: strings.Join(trainers, "\n"),
		incarnation: s.library.Info().Incarnation.String(), nextSequence: 1, accountID: s.actor.AccountID(),
		at: time.UnixMilli(s.now().UnixMilli()).UTC(), head: roster.Trust().LastStatement,
	}
	if o.sealedKey, err = sealKey(key, trainers); err != nil {
		return nil, key, err
	}
	if o.stream, err = newStream(); err != nil {
		return nil, key, err
	}
	signature, err := s.actor.SignMessage(o.body())
	if err != nil {
		return nil, key, wrap("sign the office's key", err)
	}
	o.signature = string(signature)
	_, err = tx.ExecContext(ctx, `INSERT INTO exchange_office (number, name, public_key, sealed_key, sealed_for, stream, incarnation, next_sequence,
		account_id, at, account_head, signature) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)`, o.number, o.name, o.publicKey, o.sealedKey, o.sealedFor,
		o.stream, o.incarnation, o.accountID, o.at.UnixMilli(), o.head, o.signature)
	if err == nil {
		err = s.log(ctx, tx, audit.ActOfficeKey, key.Public().Fingerprint(), "", map[string]string{"office": o.name})
	}
	return o, key, wrap("keep the office's key", err)
}

// readyOfficeTx returns the office, made now if this is its first publication, with the number that its next bundle takes.
// A number is taken once: one that a bundle may bear that was being written when the computer stopped is passed over, and
// so is everything in the stream that came back from elsewhere. A store that was restored from a backup has forgotten
// what it published, so it starts a new stream.
func (s *Service) readyOfficeTx(ctx context.Context, tx *sql.Tx, roster *account.Roster) (*office, bundle.PrivateKey, error) {
	o, _, err := officeTx(ctx, tx, roster)
	if err != nil {
		return nil, bundle.PrivateKey{}, err
	}
	if o == nil {
		return s.makeOfficeTx(ctx, tx, roster, 1)
	}
	key, err := o.openKey(s.actor)
	if err != nil {
		return nil, key, err
	}
	fingerprint := key.Public().Fingerprint()
	if incarnation := s.library.Info().Incarnation.String(); o.incarnation != incarnation {
		if o.stream, err = newStream(); err != nil {
			return nil, key, err
		}
		o.incarnation, o.nextSequence, o.reserved, o.previous = incarnation, 1, 0, ""
	}
	o.nextSequence = max(o.nextSequence, o.reserved+1)
	var highest uint64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(sequence), 0) FROM exchange_received WHERE issuer = ? AND stream = ?`, fingerprint, o.stream).Scan(&highest); err != nil {
		return nil, key, err
	}
	o.nextSequence, o.reserved = max(o.nextSequence, highest+1), 0
	_, err = tx.ExecContext(ctx, `UPDATE exchange_office SET stream = ?, incarnation = ?, next_sequence = ?, reserved = 0, previous = ? WHERE number = ?`,
		o.stream, o.incarnation, o.nextSequence, o.previous, o.number)
	return o, key, wrap("keep the office's number", err)
}

// RenewOfficeKey gives the office a new publisher key. The old key signs that the new one follows it, and with revoke,
// when somebody else may have the old one, that it is revoked; both statements travel in every bundle from then on, so that
// other workstations follow by themselves. If nobody can open the old key any more, only an administrator may renew it,
// and the administrators elsewhere confirm the new one (TrustSuccessor). The office's items keep their old key as owner
// and belong to the new one.
func (s *Service) RenewOfficeKey(ctx context.Context, reason string, revoke bool) (Publisher, error) {
	if err := s.actor.Require("renew the office's publisher key", account.RoleTrainer, account.RoleAdministrator); err != nil {
		return Publisher{}, err
	}
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return Publisher{}, err
	}
	if !s.publishing.TryLock() {
		return Publisher{}, ErrBusy
	}
	defer s.publishing.Unlock()
	var renewed Publisher
	err = s.library.Write(ctx, func(tx *sql.Tx) error {
		old, _, err := officeTx(ctx, tx, roster)
		if err != nil {
			return err
		}
		if old == nil {
			return ErrNothingToExport
		}
		oldKey, opening := old.openKey(s.actor)
		defer oldKey.Wipe()
		if opening != nil {
			if !errors.Is(opening, ErrNoOfficeKey) || !s.actor.Has(account.RoleAdministrator) {
				return opening
			}
		}
		made, key, err := s.makeOfficeTx(ctx, tx, roster, old.number+1)
		if err != nil {
			return err
		}
		defer key.Wipe()
		if opening == nil {
			if err := s.stateSuccessionTx(ctx, tx, oldKey, key.Public(), revoke); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE exchange_office SET sealed_key = x'', sealed_for = '', revoked = ? WHERE number = ?`, revoke, old.number)
		if err != nil {
			return wrap("drop the office's old key", err)
		}
		renewed = describe(key.Public(), Publisher{Name: made.name, State: TrustOwn, DecidedBy: s.actor.AccountName(), DecidedAt: made.at})
		if renewed.SuccessorOf, err = old.fingerprint(); err != nil {
			return err
		}
		return s.log(ctx, tx, audit.ActPublisherTrust, renewed.Fingerprint, oneLine(reason), map[string]string{"office": made.name, "follows": renewed.SuccessorOf})
	})
	return renewed, wrap("renew the office's key", err)
}

func (s *Service) stateSuccessionTx(ctx context.Context, tx *sql.Tx, oldKey bundle.PrivateKey, newKey bundle.PublicKey, revoke bool) error {
	said := map[string]string{bundle.PurposeSuccessor: successionBody(oldKey.Public(), newKey)}
	if revoke {
		said[bundle.PurposeRevocation] = oldKey.Public().String()
	}
	for _, purpose := range slices.Sorted(maps.Keys(said)) {
		statement, err := bundle.SignStatement(oldKey, purpose, said[purpose])
		if err != nil {
			return wrap("sign what the office says of its key", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO exchange_statement (purpose, body, signature) VALUES (?, ?, ?)`, purpose, statement.Body, statement.Signature); err != nil {
			return wrap("keep what the office says of its key", err)
		}
	}
	return nil
}

// ownStatementsTx returns what the office says about its keys.
func ownStatementsTx(ctx context.Context, tx *sql.Tx) (successors, revocations []bundle.Statement, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT purpose, body, signature FROM exchange_statement ORDER BY number`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var purpose string
		var statement bundle.Statement
		if err := rows.Scan(&purpose, &statement.Body, &statement.Signature); err != nil {
			return nil, nil, err
		}
		if purpose == bundle.PurposeSuccessor {
			successors = append(successors, statement)
		} else {
			revocations = append(revocations, statement)
		}
	}
	return successors, revocations, rows.Err()
}

// OnRecipientsChange encrypts the office's key anew, to the trainers as they are now, when accounts change. If the
// account that makes the change cannot open it (an administrator, say), it stays as it is until a trainer signs in.
func (s *Service) OnRecipientsChange(ctx context.Context, tx *sql.Tx, now account.Recipients) error {
	return s.rewrapTx(ctx, tx, slices.Sorted(maps.Values(now.Trainers)))
}

// RewrapOfficeKey makes the office's key readable for every trainer. Station calls it at each sign-in; it does nothing
// for an account that cannot open the key, and nothing if the key is encrypted to today's trainers already.
func (s *Service) RewrapOfficeKey(ctx context.Context) error {
	if !s.actor.Has(account.RoleTrainer) {
		return nil
	}
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return err
	}
	trainers := trainersOf(roster)
	due := false
	err = s.library.Read(ctx, func(tx *sql.Tx) error {
		_, due, err = dueForTx(ctx, tx, trainers)
		return err
	})
	if err != nil || !due {
		return err
	}
	return s.library.Write(ctx, func(tx *sql.Tx) error { return s.rewrapTx(ctx, tx, trainers) })
}

// dueForTx returns the office's newest key if it is encrypted to others than these trainers. Its signature is not looked at
// here: encrypting a key to the trainers decides nothing about it, and a sign-in must not fail over it.
func dueForTx(ctx context.Context, tx *sql.Tx, trainers []string) (o office, due bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT number, public_key, sealed_key, sealed_for FROM exchange_office ORDER BY number DESC LIMIT 1`).
		Scan(&o.number, &o.publicKey, &o.sealedKey, &o.sealedFor)
	if errors.Is(err, sql.ErrNoRows) {
		return o, false, nil
	}
	return o, len(trainers) > 0 && o.sealedFor != strings.Join(trainers, "\n"), wrap("read the office's key", err)
}

func (s *Service) rewrapTx(ctx context.Context, tx *sql.Tx, trainers []string) error {
	o, due, err := dueForTx(ctx, tx, trainers)
	if err != nil || !due {
		return err
	}
	key, err := o.openKey(s.actor)
	if err != nil {
		return nil //nolint:nilerr // not this account's to open: a trainer's sign-in does it, and publishing says what is wrong
	}
	defer key.Wipe()
	sealed, err := sealKey(key, trainers)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE exchange_office SET sealed_key = ?, sealed_for = ? WHERE number = ?`, sealed, strings.Join(trainers, "\n"), o.number)
	return wrap("keep the office's key", err)
}
