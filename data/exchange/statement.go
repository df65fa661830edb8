package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
)

// ruling is a decision about a publisher that is about to be made: by an administrator, or because the publisher itself
// said so in a signed statement.
type ruling struct {
	act       audit.Act
	publisher Publisher
	proof     bundle.Statement
}

// successionBody is what an old key signs about the key that follows it.
func successionBody(oldKey, newKey bundle.PublicKey) string {
	return oldKey.String() + " " + newKey.String()
}

// parseSuccession reads "old key, space, new key".
func parseSuccession(body string) (oldKey, newKey bundle.PublicKey, err error) {
	fields := strings.Fields(body)
	if len(fields) != 2 {
		return oldKey, newKey, errors.New("it does not name two keys")
	}
	oldKey, errOld := bundle.ParsePublicKey(fields[0])
	newKey, errNew := bundle.ParsePublicKey(fields[1])
	if err := errors.Join(errOld, errNew); err != nil {
		return oldKey, newKey, err
	}
	if oldKey.Equal(newKey) {
		return oldKey, newKey, errors.New("it names one key twice")
	}
	return oldKey, newKey, nil
}

// verifyProof says what is wrong with a decision that rests on a publisher's own statement.
func verifyProof(p Publisher, key bundle.PublicKey, proof bundle.Statement, before []Publisher) error {
	if p.State == TrustRevoked {
		revoked, err := bundle.ParsePublicKey(proof.Body)
		if err == nil && !revoked.Equal(key) {
			err = errors.New("its statement is about another key")
		}
		return first(err, proof.Verify(key, bundle.PurposeRevocation))
	}
	oldKey, newKey, err := parseSuccession(proof.Body)
	if err != nil {
		return err
	}
	switch _, state := stateOf(before, oldKey); {
	case !newKey.Equal(key) || oldKey.Fingerprint() != p.SuccessorOf:
		return errors.New("its statement is about other keys")
	case state != TrustTrusted:
		return errors.New("the key that it follows was not trusted")
	}
	return proof.Verify(oldKey, bundle.PurposeSuccessor)
}

// rulingsOf says what follows from the statements of a bundle: a successor that a trusted key named and signed is trusted
// too, and a key that its own holder revokes is revoked, known here or not. A statement that somebody else signed, or that
// names a second successor of one key, says nothing: an administrator decides. It returns the publishers as they will be.
func rulingsOf(publishers []Publisher, m bundle.Manifest) (rulings []ruling, after []Publisher, err error) {
	after = slices.Clone(publishers)
	add := func(act audit.Act, p Publisher, proof bundle.Statement) {
		p.ByHolder = true
		rulings = append(rulings, ruling{act, p, proof})
		after = withPublisher(after, p)
	}
	left := slices.Clone(m.Successors)
	for progress := true; progress; { // a chain of successors may stand in any order
		progress = false
		for i := len(left) - 1; i >= 0; i-- {
			oldKey, newKey, err := parseSuccession(left[i].Body)
			if err != nil {
				return nil, publishers, fmt.Errorf("%w: a statement about a successor cannot be read", ErrBadLayout)
			}
			old, state := stateOf(after, oldKey)
			_, newState := stateOf(after, newKey)
			if state != TrustTrusted || newState != TrustUnknown || hasSuccessor(after, old.Fingerprint) || left[i].Verify(oldKey, bundle.PurposeSuccessor) != nil {
				continue
			}
			add(audit.ActPublisherTrust, describe(newKey, Publisher{Name: old.Name, State: TrustTrusted, SuccessorOf: old.Fingerprint}), left[i])
			left, progress = slices.Delete(left, i, i+1), true
		}
	}
	for _, statement := range m.Revocations {
		key, err := bundle.ParsePublicKey(statement.Body)
		if err != nil {
			return nil, publishers, fmt.Errorf("%w: a revocation names no key", ErrBadLayout)
		}
		p, state := stateOf(after, key)
		if state == TrustOwn || state == TrustRevoked && p.ByHolder || statement.Verify(key, bundle.PurposeRevocation) != nil {
			continue
		}
		p.State, p.Reason = TrustRevoked, "revoked by its own holder"
		add(audit.ActPublisherRevoke, p, statement)
	}
	return rulings, after, nil
}

func hasSuccessor(publishers []Publisher, fingerprint string) bool {
	return slices.ContainsFunc(publishers, func(p Publisher) bool { return p.SuccessorOf == fingerprint })
}

// applyStatementsTx takes over what the statements of a bundle say, and returns the publishers as they are then.
func (s *Service) applyStatementsTx(ctx context.Context, tx *sql.Tx, roster *account.Roster, m bundle.Manifest) ([]Publisher, error) {
	publishers, err := publishersTx(ctx, tx, roster)
	if err != nil {
		return nil, err
	}
	rulings, publishers, err := rulingsOf(publishers, m)
	if err != nil {
		return nil, err
	}
	for _, r := range rulings {
		if err := s.decideTx(ctx, tx, roster, r); err != nil {
			return nil, err
		}
	}
	return publishers, nil
}
