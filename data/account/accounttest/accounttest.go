// Package accounttest makes signed-in accounts for the tests of other packages, without files or passphrases.
package accounttest

import (
	"testing"

	"aead.dev/minisign"
	"filippo.io/age"
	"github.com/google/uuid"

	"wardbook/data/account"
)

// Actor returns a new account with keys of its own, wiped when the test ends.
func Actor(t testing.TB, name string, roles ...account.Role) *account.Actor {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	_, signing, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	actor, err := account.NewActor(id.String(), name, roles, account.ActorKeys{Identity: identity, Signing: signing})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(actor.Wipe)
	return actor
}
