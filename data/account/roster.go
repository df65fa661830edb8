package account

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"wardbook/data/audit"
	"wardbook/data/vault/keyfile"
)

// Casework access of an account.
const (
	CaseworkNone    = "none"    // no casework role
	CaseworkPending = "pending" // a casework role, but the key was not given yet
	CaseworkGranted = "granted"
)

// Account is what the verified statements say about an account.
type Account struct {
	ID             string
	Name           string
	Roles          []Role
	Active         bool
	CreatedAt      time.Time
	Recipient      string // age1…
	PublicKey      string // minisign, "RW…"
	CaseworkAccess string // CaseworkNone, CaseworkPending or CaseworkGranted
}

func (a Account) has(r Role) bool { return a.Active && slices.Contains(a.Roles, r) }

// Roster is the state of all accounts, folded from verified statements.
type Roster struct {
	pin         pin
	accounts    map[string]*Account
	order       []string
	first       string // the first administrator's public key
	workstation string
	recovery    map[string]RecoveryKey
	rekey       map[string]bool
	last        int64
	lastSum     string
	sums        map[string]bool
}

func newRoster(p pin) *Roster {
	return &Roster{pin: p, accounts: map[string]*Account{}, rekey: map[string]bool{}, sums: map[string]bool{}}
}

// Accounts returns all accounts in the order in which they were added.
func (r *Roster) Accounts() []Account {
	list := make([]Account, 0, len(r.order))
	for _, id := range r.order {
		list = append(list, r.copyOf(id))
	}
	return list
}

// Account returns one account.
func (r *Roster) Account(id string) (Account, bool) {
	if _, found := r.accounts[id]; !found {
		return Account{}, false
	}
	return r.copyOf(id), true
}

func (r *Roster) copyOf(id string) Account {
	a := *r.accounts[id]
	a.Roles = slices.Clone(a.Roles)
	return a
}

// FirstAdministrator is the public key that all statements lead back to.
func (r *Roster) FirstAdministrator() string { return r.first }

// Workstation is the id of the data folder that the statements were made for.
func (r *Roster) Workstation() string { return r.workstation }

// RecoveryKey returns the public side of a store's recovery key.
func (r *Roster) RecoveryKey(store string) RecoveryKey { return r.recovery[store] }

// RekeyPending reports whether somebody who knows the store's key should not: an account lost its access, or said that
// somebody else knows its passphrase. The store keeps its key until re-keying.
func (r *Roster) RekeyPending(store string) bool { return r.rekey[store] }

// Trust is what the log is verified against: the public keys of all accounts, deactivated ones too, and the statements.
func (r *Roster) Trust() audit.Trust {
	t := audit.Trust{Keys: make(map[string]string, len(r.accounts)), Statements: maps.Clone(r.sums), LastStatement: r.lastSum}
	for id, a := range r.accounts {
		t.Keys[id] = a.PublicKey
	}
	return t
}

// apply verifies one statement against all before it and takes it in.
func (r *Roster) apply(body []byte, signature, countersignature string) error {
	s, err := decodeStatement(body)
	if err == nil {
		err = r.check(s)
	}
	if err == nil {
		err = r.checkSignature(s, body, signature, countersignature)
	}
	if err != nil {
		return fmt.Errorf("%w: statement %d: %w", ErrStatements, r.last+1, err)
	}
	r.take(s)
	r.last, r.lastSum = s.Number, sumOf(body)
	r.sums[r.lastSum] = true
	return nil
}

// check says whether the statement may be made at this place, whoever signs it.
func (r *Roster) check(s statement) error {
	if s.Number != r.last+1 || s.Previous != r.lastSum {
		return errors.New("it does not follow the one before")
	}
	if (s.Kind == kindFirst) != (s.Number == 1) {
		return errors.New("the first administrator is not the first statement")
	}
	known := r.accounts[s.Account]
	switch s.Kind {
	case kindFirst, kindGrant:
		return r.checkGrant(s, known)
	case kindIdentity, kindKnown, kindDeactivate, kindCaseworkKey, kindRekey:
		if known == nil || !known.Active {
			return errors.New("it is about an account that is not active")
		}
		if s.Kind == kindCaseworkKey && !anyCasework(known.Roles) {
			return errors.New("the account has no casework role")
		}
		if s.Kind == kindRekey && s.Store != keyfile.Library && s.Store != keyfile.Casework {
			return errors.New("it names no store")
		}
		return nil
	}
	return fmt.Errorf("%q is not a kind of statement this program knows", string(s.Kind))
}

func (r *Roster) checkGrant(s statement, known *Account) error {
	roles, err := NormalRoles(s.Roles)
	if err != nil {
		return err
	}
	if !slices.Equal(roles, s.Roles) {
		return errors.New("the roles are not in order")
	}
	if s.Kind == kindFirst {
		for _, store := range []string{keyfile.Library, keyfile.Casework} {
			if s.Recovery[store].Recipient == "" || s.Recovery[store].PublicKey == "" {
				return errors.New("a recovery key is missing")
			}
		}
		if !slices.Contains(roles, RoleAdministrator) {
			return errors.New("the first account is not an administrator")
		}
	}
	if known != nil {
		if !known.Active || known.PublicKey != s.PublicKey || known.Recipient != s.Recipient || known.Name != s.Name {
			return errors.New("it changes more of an account than its roles")
		}
		return nil
	}
	if s.Account == "" || s.Name == "" || s.PublicKey == "" || s.Recipient == "" {
		return errors.New("it leaves out a part of the account")
	}
	for _, other := range r.accounts {
		if other.PublicKey == s.PublicKey {
			return errors.New("another account has the same signing key")
		}
		if other.Active && foldName(other.Name) == foldName(s.Name) {
			return errors.New("another active account has the same name")
		}
	}
	return nil
}

// checkSignature says whether the signer was allowed to make the statement and whether the signature is its own.
func (r *Roster) checkSignature(s statement, body []byte, signature, countersignature string) error {
	if s.Kind == kindFirst {
		return r.checkFirst(s, body, signature, countersignature)
	}
	key, allowed := "", false
	switch by := r.accounts[s.By]; {
	case by != nil && by.Active:
		key = by.PublicKey
		switch s.Kind {
		case kindGrant, kindDeactivate:
			allowed = by.has(RoleAdministrator)
		case kindIdentity, kindKnown:
			allowed = s.By == s.Account
		case kindCaseworkKey:
			allowed = by.CaseworkAccess == CaseworkGranted
		case kindRekey:
			allowed = s.By == s.Account && by.mayOpen(s.Store) && (by.has(RoleAdministrator) || s.Store == keyfile.Casework && by.has(RoleManager))
		}
	case s.By == byRecovery(keyfile.Library):
		key, allowed = r.recovery[keyfile.Library].PublicKey, s.Kind == kindGrant
	case s.By == byRecovery(keyfile.Casework):
		key, allowed = r.recovery[keyfile.Casework].PublicKey, s.Kind == kindCaseworkKey
	}
	if !allowed {
		return errors.New("whoever signed it was not allowed to")
	}
	if !keyfile.Verify(key, body, []byte(signature)) {
		return errors.New("its signature is not good")
	}
	return nil
}

func (r *Roster) checkFirst(s statement, body []byte, signature, countersignature string) error {
	recovery := s.Recovery[keyfile.Library].PublicKey
	if s.PublicKey != r.pin.firstAdministrator && recovery != r.pin.recovery {
		return errors.New("the first administrator is not the one that was pinned")
	}
	if s.By != s.Account || !keyfile.Verify(s.PublicKey, body, []byte(signature)) || !keyfile.Verify(recovery, body, []byte(countersignature)) {
		return errors.New("its signature is not good")
	}
	return nil
}

// take folds a verified statement into the state.
func (r *Roster) take(s statement) {
	a := r.accounts[s.Account]
	switch s.Kind {
	case kindFirst, kindGrant:
		if s.Kind == kindFirst {
			r.first, r.workstation, r.recovery = s.PublicKey, s.Workstation, s.Recovery
		}
		if a == nil {
			a = &Account{ID: s.Account, Name: s.Name, Active: true, CreatedAt: time.UnixMilli(s.At), Recipient: s.Recipient, PublicKey: s.PublicKey}
			r.accounts[s.Account] = a
			r.order = append(r.order, s.Account)
		}
		a.Roles = slices.Clone(s.Roles)
		switch {
		case !anyCasework(a.Roles):
			r.rekey[keyfile.Casework] = r.rekey[keyfile.Casework] || a.CaseworkAccess == CaseworkGranted
			a.CaseworkAccess = CaseworkNone
		case a.CaseworkAccess != CaseworkGranted:
			a.CaseworkAccess = CaseworkPending
		}
	case kindIdentity:
		a.Recipient = s.Recipient
	case kindKnown, kindDeactivate:
		r.rekey[keyfile.Library] = true
		r.rekey[keyfile.Casework] = r.rekey[keyfile.Casework] || a.CaseworkAccess == CaseworkGranted
		if s.Kind == kindDeactivate {
			a.Active, a.CaseworkAccess = false, CaseworkNone
		}
	case kindCaseworkKey:
		a.CaseworkAccess = CaseworkGranted
	case kindRekey:
		delete(r.rekey, s.Store)
	}
}

// recipients are the accounts that a store's key file should be made for, the recovery key first.
func (r *Roster) recipients(store string) []keyfile.Recipient {
	list := []keyfile.Recipient{{Account: keyfile.Recovery, Age: r.recovery[store].Recipient}}
	for _, id := range r.order {
		if a := r.accounts[id]; a.mayOpen(store) {
			list = append(list, keyfile.Recipient{Account: id, Age: a.Recipient})
		}
	}
	return list
}

func (a Account) mayOpen(store string) bool {
	return a.Active && (store == keyfile.Library || a.CaseworkAccess == CaseworkGranted)
}

// NoLongerAllowed names the accounts that a store's key file is made for although they may not open the store.
func (r *Roster) NoLongerAllowed(f keyfile.StoreKey) []string {
	var names []string
	for _, recipient := range f.Recipients {
		if recipient.Account == keyfile.Recovery {
			continue
		}
		a, found := r.accounts[recipient.Account]
		switch {
		case !found:
			names = append(names, "an account that the library does not know")
		case !a.mayOpen(f.Store):
			names = append(names, a.Name)
		}
	}
	return names
}

// others counts the active accounts other than id for which keep holds.
func (r *Roster) others(id string, keep func(Account) bool) int {
	n := 0
	for other, a := range r.accounts {
		if other != id && a.Active && keep(*a) {
			n++
		}
	}
	return n
}

// CheckKeyFile says whether a store-key file may be used: made for this data folder and signed by somebody who may open
// the store, or by its recovery key. recorded is the lowest counter and epoch that the library accepts; a file below
// them is ErrOld. A file above them is an interrupted change, and only somebody who is still active may have made it.
func (r *Roster) CheckKeyFile(f keyfile.StoreKey, recorded KeyFileState) error {
	if f.Workstation != r.workstation {
		return fmt.Errorf("%w: the %s key file belongs to another data folder", ErrOldKeyFile, f.Store)
	}
	if f.Epoch < recorded.Epoch || f.Counter < recorded.Counter {
		return fmt.Errorf("%w: the %s key file has counter %d of epoch %d, the library knows counter %d of epoch %d",
			ErrOldKeyFile, f.Store, f.Counter, f.Epoch, recorded.Counter, recorded.Epoch)
	}
	// One epoch ahead is a change of the store's key that was interrupted; the store's own epoch says whether it counts.
	if f.Epoch > recorded.Epoch+1 {
		return fmt.Errorf("%w: the %s key file is of an epoch that the library does not know", ErrStatements, f.Store)
	}
	if f.Granter == keyfile.Recovery {
		if f.GranterKey == r.recovery[f.Store].PublicKey {
			return nil
		}
		return fmt.Errorf("%w: the %s key file was not signed by the recovery key", ErrStatements, f.Store)
	}
	a := r.accounts[f.Granter]
	if a == nil || a.PublicKey != f.GranterKey || (!a.mayOpen(f.Store) && (f.Counter > recorded.Counter || f.Epoch > recorded.Epoch)) {
		return fmt.Errorf("%w: whoever signed the %s key file was not allowed to", ErrStatements, f.Store)
	}
	return nil
}

// KeyFileState is the lowest counter, and the epoch, that the library accepts for a key file.
type KeyFileState struct {
	Epoch   uint64
	Counter uint64
}

// The stores, as accounts speak of them.
const (
	Library  = keyfile.Library
	Casework = keyfile.Casework
)
