package exchange

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"filippo.io/age"

	"wardbook/data/account"
	"wardbook/data/bundle"
)

// office is the publisher that the trainers of this library are together.
type office struct {
	name         string
	publicKey    string
	sealedKey    []byte
	stream       string
	nextSequence uint64
	previous     string
	createdAt    time.Time
}

func readOfficeTx(ctx context.Context, tx *sql.Tx) (*office, error) {
	var o office
	var created int64
	err := tx.QueryRowContext(ctx, `SELECT name, public_key, sealed_key, stream, next_sequence, previous, created_at FROM exchange_office`).
		Scan(&o.name, &o.publicKey, &o.sealedKey, &o.stream, &o.nextSequence, &o.previous, &created)
	if isNoRows(err) {
		return nil, nil
	}
	o.createdAt = time.UnixMilli(created).UTC()
	return &o, wrap("read the office's key", err)
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
	return recipients
}

// ensureOfficeTx returns the office, made now if this is its first publication. The account is a trainer.
func (s *Service) ensureOfficeTx(ctx context.Context, tx *sql.Tx, roster *account.Roster) (*office, bundle.PrivateKey, error) {
	found, err := readOfficeTx(ctx, tx)
	if err != nil {
		return nil, bundle.PrivateKey{}, err
	}
	if found != nil {
		key, err := found.openKey(s.actor)
		return found, key, err
	}
	key, err := bundle.GenerateKey()
	if err != nil {
		return nil, key, wrap("make the office's key", err)
	}
	sealed, err := sealKey(key, trainersOf(roster))
	if err != nil {
		return nil, key, err
	}
	stream := make([]byte, 16)
	if _, err := rand.Read(stream); err != nil {
		return nil, key, wrap("name the office's stream", err)
	}
	made := &office{
		name: s.workstation.Name, publicKey: key.Public().String(), sealedKey: sealed,
		stream: hex.EncodeToString(stream), nextSequence: 1, createdAt: s.now(),
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO exchange_office (id, name, public_key, sealed_key, stream, next_sequence, previous, created_at)
		VALUES (1, ?, ?, ?, ?, 1, '', ?)`, made.name, made.publicKey, made.sealedKey, made.stream, made.createdAt.UnixMilli())
	return made, key, wrap("keep the office's key", err)
}

// OnRecipientsChange encrypts the office's key anew, to the trainers as they are now, when accounts change. If the
// account that makes the change cannot open it (an administrator, say), it stays as it is until a trainer signs in.
func (s *Service) OnRecipientsChange(ctx context.Context, tx *sql.Tx, now account.Recipients) error {
	return s.rewrapTx(ctx, tx, slices.Sorted(maps.Values(now.Trainers)))
}

// RewrapOfficeKey makes the office's key readable for every trainer. Station calls it at each sign-in; it does nothing
// for an account that cannot open the key.
func (s *Service) RewrapOfficeKey(ctx context.Context) error {
	if !s.actor.Has(account.RoleTrainer) {
		return nil
	}
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return err
	}
	return s.library.Write(ctx, func(tx *sql.Tx) error { return s.rewrapTx(ctx, tx, trainersOf(roster)) })
}

func (s *Service) rewrapTx(ctx context.Context, tx *sql.Tx, trainers []string) error {
	found, err := readOfficeTx(ctx, tx)
	if err != nil || found == nil || len(trainers) == 0 {
		return err
	}
	key, err := found.openKey(s.actor)
	if err != nil {
		return nil // not ours to open: a trainer's sign-in does it
	}
	defer key.Wipe()
	sealed, err := sealKey(key, trainers)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE exchange_office SET sealed_key = ?`, sealed)
	return wrap("keep the office's key", err)
}
