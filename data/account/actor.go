package account

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"aead.dev/minisign"
	"filippo.io/age"

	"wardbook/data/vault/keyfile"
)

// Actor is a signed-in account with its keys. It is safe for several goroutines. After Wipe it can sign and decrypt
// nothing any more.
type Actor struct {
	id, name string

	mu       sync.RWMutex
	roles    []Role
	identity *age.X25519Identity
	key      minisign.PrivateKey
	public   minisign.PublicKey
	wiped    bool
}

// ActorKeys are what an account file holds once it is opened.
type ActorKeys struct {
	Identity *age.X25519Identity
	Signing  minisign.PrivateKey
}

// NewActor binds an account's keys to what the verified statements say about it. It decides nothing: whoever calls it
// has checked both.
func NewActor(id, name string, roles []Role, keys ActorKeys) (*Actor, error) {
	public, ok := keys.Signing.Public().(minisign.PublicKey)
	if !ok || keys.Identity == nil || id == "" {
		return nil, fmt.Errorf("an actor needs an account, an identity and a signing key")
	}
	return &Actor{id: id, name: name, roles: slices.Clone(roles), identity: keys.Identity, key: keys.Signing, public: public}, nil
}

// AccountID is the account's UUID.
func (a *Actor) AccountID() string { return a.id }

// AccountName is the name shown before sign-in and in the log.
func (a *Actor) AccountName() string { return a.name }

// Roles returns the account's roles in the order of AllRoles.
func (a *Actor) Roles() []Role {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return slices.Clone(a.roles)
}

// Has reports whether the account has any of the roles.
func (a *Actor) Has(roles ...Role) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(a.roles, r) })
}

// Require returns nil if the account has any of the roles, and otherwise an error that wraps ErrNotAllowed and says who
// may. The action completes "only a trainer may …": Require("publish", RoleTrainer).
func (a *Actor) Require(action string, roles ...Role) error {
	if a.Has(roles...) {
		return nil
	}
	return fmt.Errorf("%w: only %s may %s", ErrNotAllowed, whoMay(roles), strings.TrimSpace(action))
}

// SignMessage makes a minisign signature over msg with the account's signing key.
func (a *Actor) SignMessage(msg []byte) ([]byte, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.wiped {
		return nil, ErrLocked
	}
	return keyfile.Sign(a.key, msg, "account "+a.id), nil
}

// PublicKey is the account's minisign public key ("RW…").
func (a *Actor) PublicKey() string {
	return a.public.String()
}

// Identity is the account's age identity, or nil after Wipe.
func (a *Actor) Identity() *age.X25519Identity {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.identity
}

// Recipient is the public half of the identity, or nil after Wipe.
func (a *Actor) Recipient() *age.X25519Recipient {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.identity == nil {
		return nil
	}
	return a.identity.Recipient()
}

// Wipe overwrites the signing key and drops the identity. The age library gives no way to overwrite an identity's
// bytes; they may stay in memory until the program ends.
func (a *Actor) Wipe() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.key = minisign.PrivateKey{}
	a.identity = nil
	a.wiped = true
}

func (a *Actor) setRoles(roles []Role) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roles = slices.Clone(roles)
}

func (a *Actor) setIdentity(identity *age.X25519Identity) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.wiped {
		a.identity = identity
	}
}
