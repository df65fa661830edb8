package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"wardbook/data/audit"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// Service adds and changes accounts on behalf of the signed-in one. Its changes touch the library and key files, which
// no transaction spans. What gives access is written to the key files first and recorded after; what takes access away is
// recorded first. Wherever the program dies in between, the way in stays open, and Reconcile finishes at a later
// sign-in.
type Service struct {
	library *vault.Store
	actor   *Actor
	now     func() time.Time
	pin     string

	mu     sync.Mutex
	ring   *Ring
	hooks  []RecipientsHook
	locked bool
}

// Recipients are the age recipients of the active accounts after a change, by account id. An account in the middle of a
// change of passphrase is there twice, the second time with its next recipient under NextIdentity(id): wherever that
// change stops, the account can read what was encrypted to both.
type Recipients struct {
	Everyone map[string]string
	Trainers map[string]string
}

// NextIdentity is the key in Recipients of the recipient that an account is about to have.
func NextIdentity(id string) string { return id + " next" }

// RecipientsHook is called inside the transaction of every change of recipients, so that what a domain keeps encrypted
// to accounts (the publisher key, to the trainers) can be encrypted anew in the same transaction. The actor still has
// the identity it had before.
type RecipientsHook func(ctx context.Context, tx *sql.Tx, now Recipients) error

// New makes the service of a session. pin is the first administrator's public key from the actor's account file. The
// ring becomes the service's own; Close wipes it.
func New(library *vault.Store, actor *Actor, now func() time.Time, pin string, ring *Ring) *Service {
	return &Service{library: library, actor: actor, now: now, pin: pin, ring: ring}
}

// OnRecipientsChange adds a hook. Call it while the session is being made.
func (s *Service) OnRecipientsChange(hook RecipientsHook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook)
}

// Close wipes the store keys. Every method returns ErrLocked afterwards.
func (s *Service) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locked = true
	s.ring.Wipe()
}

// List returns all accounts, verified, in the order in which they were added. Everyone signed in may see them.
func (s *Service) List(ctx context.Context) ([]Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	view, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	return view.roster.Accounts(), nil
}

// Roster returns the verified state of all accounts.
func (s *Service) Roster(ctx context.Context) (*Roster, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	view, err := s.look(ctx)
	return view.roster, err
}

// view is what a change starts from.
type view struct {
	roster *Roster
	files  map[string]accountFile
	keys   map[string]KeyFileState
}

func (s *Service) look(ctx context.Context) (view, error) {
	var v view
	if s.locked {
		return v, ErrLocked
	}
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		var err error
		v, err = readView(ctx, tx, pin{firstAdministrator: s.pin})
		return err
	})
	return v, err
}

func readView(ctx context.Context, tx *sql.Tx, p pin) (view, error) {
	roster, err := loadRoster(ctx, tx, p)
	if err != nil {
		return view{}, err
	}
	v := view{roster: roster, keys: map[string]KeyFileState{}}
	if v.files, err = accountFiles(ctx, tx); err != nil {
		return view{}, err
	}
	for _, store := range []string{keyfile.Library, keyfile.Casework} {
		if v.keys[store], err = keyFileState(ctx, tx, store); err != nil {
			return view{}, err
		}
	}
	return v, nil
}

// target finds an active account.
func (v view) target(id string) (Account, error) {
	a, found := v.roster.Account(id)
	if !found {
		return Account{}, ErrUnknownAccount
	}
	if !a.Active {
		return Account{}, fmt.Errorf("%w: %s", ErrDeactivated, a.Name)
	}
	return a, nil
}

// commit runs do in one transaction with the roster as it is then, and tells the hooks if tellHooks is set. It returns
// the roster after the change.
func (s *Service) commit(ctx context.Context, tellHooks bool, do func(tx *sql.Tx, roster *Roster) error) (*Roster, error) {
	var roster *Roster
	err := s.library.Write(ctx, func(tx *sql.Tx) error {
		var err error
		if roster, err = LoadRoster(ctx, tx, s.pin); err != nil {
			return err
		}
		if err := do(tx, roster); err != nil {
			return err
		}
		if !tellHooks {
			return nil
		}
		return s.tell(ctx, tx, roster.currentRecipients())
	})
	if err != nil {
		return nil, err
	}
	return roster, nil
}

func (s *Service) tell(ctx context.Context, tx *sql.Tx, now Recipients) error {
	for _, hook := range s.hooks {
		if err := hook(ctx, tx, now); err != nil {
			return err
		}
	}
	return nil
}

func (r *Roster) currentRecipients() Recipients {
	now := Recipients{Everyone: map[string]string{}, Trainers: map[string]string{}}
	for id, a := range r.accounts {
		if a.Active {
			now.Everyone[id] = a.Recipient
		}
		if a.has(RoleTrainer) {
			now.Trainers[id] = a.Recipient
		}
	}
	return now
}

func (s *Service) event(ctx context.Context, tx *sql.Tx, roster *Roster, act audit.Act, object, reason string, details map[string]string) error {
	if details == nil {
		details = map[string]string{}
	}
	// Naming the newest statement ties the two chains together: neither can be cut without the other showing it.
	details["statements"] = roster.lastSum
	return audit.Append(ctx, tx, s.actor, s.now(), audit.Event{Act: act, Object: object, Reason: reason, Details: details})
}

// names writes the list of names after a committed change. The change stands even if this fails; the next sign-in
// writes the list again.
func (s *Service) names(ctx context.Context) error {
	v, err := s.look(ctx)
	if err == nil {
		err = writeNames(s.ring, v.roster, v.files)
	}
	if err != nil {
		return fmt.Errorf("the change was made, but the list of names before sign-in could not be written: %w", err)
	}
	return nil
}

// Add makes an account with a passphrase that its owner changes at the first chance. A casework role is only prepared:
// somebody who has the casework key gives it afterwards (GrantCasework).
func (s *Service) Add(ctx context.Context, name, passphrase string, roles []Role) (Account, error) {
	if err := s.actor.Require("add accounts", RoleAdministrator); err != nil {
		return Account{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.look(ctx)
	if err != nil {
		return Account{}, err
	}
	return s.add(ctx, v, s.actor.signer(), name, passphrase, roles)
}

func (s *Service) add(ctx context.Context, v view, by signer, name, passphrase string, roles []Role) (Account, error) {
	fresh, err := prepare(v.roster, s.ring, name, passphrase, roles)
	if err != nil {
		return Account{}, err
	}
	without := s.recipients(v.roster, keyfile.Library)
	counter, err := fresh.write(v, s.ring, by, without)
	if err != nil {
		return Account{}, errors.Join(err, s.ring.Folder.Remove(fresh.file))
	}
	roster, err := s.commit(ctx, true, func(tx *sql.Tx, roster *Roster) error {
		if err := fresh.record(ctx, tx, roster, by, s.now(), counter); err != nil {
			return err
		}
		return s.event(ctx, tx, roster, audit.ActAccountAdd, fresh.account.Account, "", map[string]string{"roles": joinRoles(fresh.roles, "and")})
	})
	if err != nil {
		_, undone := rewrap(s.ring, keyfile.Library, v.keys[keyfile.Library], s.ring.Library, without, s.actor.signer())
		return Account{}, errors.Join(err, undone, s.ring.Folder.Remove(fresh.file))
	}
	account, _ := roster.Account(fresh.account.Account)
	return account, s.names(ctx)
}

// freshAccount is an account that is being added.
type freshAccount struct {
	account keyfile.Account
	name    string
	roles   []Role
	file    string
	content []byte
}

// prepare checks everything about a new account and seals its file, without writing anything.
func prepare(roster *Roster, ring *Ring, name, passphrase string, roles []Role) (freshAccount, error) {
	name, err := NormalName(name)
	if err != nil {
		return freshAccount{}, err
	}
	if roles, err = NormalRoles(roles); err != nil {
		return freshAccount{}, err
	}
	for _, a := range roster.Accounts() {
		if a.Active && SameName(a.Name, name) {
			return freshAccount{}, fmt.Errorf("%w: %s", ErrNameTaken, a.Name)
		}
	}
	if _, err := CheckPassphrase(passphrase, name); err != nil {
		return freshAccount{}, err
	}
	account, file, err := newAccount(ring.Workstation, roster.FirstAdministrator())
	if err != nil {
		return freshAccount{}, err
	}
	content, err := account.Seal(NormalPassphrase(passphrase), ring.Cost)
	return freshAccount{account: account, name: name, roles: roles, file: file, content: content}, err
}

// write puts the account file and the library's key file on disk and returns the latter's counter.
func (f freshAccount) write(v view, ring *Ring, by signer, others []keyfile.Recipient) (uint64, error) {
	if err := ring.Folder.Replace(f.file, f.content); err != nil {
		return 0, err
	}
	recipients := append(slices.Clone(others),
		keyfile.Recipient{Account: f.account.Account, Age: f.account.Identity.Recipient().String()})
	return rewrap(ring, keyfile.Library, v.keys[keyfile.Library], ring.Library, recipients, by)
}

// record adds the account's first statement and what is known of its files.
func (f freshAccount) record(ctx context.Context, tx *sql.Tx, roster *Roster, by signer, at time.Time, libraryCounter uint64) error {
	err := addStatement(ctx, tx, roster, by, at, statement{
		Kind: kindGrant, Account: f.account.Account, Name: f.name, Roles: f.roles,
		PublicKey: publicKeyOf(f.account.Signing), Recipient: f.account.Identity.Recipient().String(),
	})
	if err != nil {
		return err
	}
	if err := recordAccountFile(ctx, tx, f.account.Account, f.file, keyfile.Sum(f.content), f.account.Counter); err != nil {
		return err
	}
	return recordKeyFile(ctx, tx, keyfile.Library, libraryCounter)
}

// Grant gives an account these roles instead of those it has. Without a casework role any longer, the account loses the
// casework key; a new casework role is only prepared (see GrantCasework).
func (s *Service) Grant(ctx context.Context, accountID string, roles []Role) error {
	if err := s.actor.Require("change roles", RoleAdministrator); err != nil {
		return err
	}
	roles, err := NormalRoles(roles)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	account, err := v.target(accountID)
	if err != nil {
		return err
	}
	after := account
	if after.Roles = roles; !anyCasework(roles) {
		after.CaseworkAccess = CaseworkNone
	}
	if err := v.lastWayIn(account, after); err != nil {
		return err
	}
	roster, err := s.commit(ctx, true, func(tx *sql.Tx, roster *Roster) error {
		err := addStatement(ctx, tx, roster, s.actor.signer(), s.now(), statement{
			Kind: kindGrant, Account: account.ID, Name: account.Name, Roles: roles, PublicKey: account.PublicKey, Recipient: account.Recipient,
		})
		if err != nil {
			return err
		}
		return s.event(ctx, tx, roster, audit.ActAccountGrant, account.ID, "", map[string]string{
			"roles": joinRoles(roles, "and"), "before": joinRoles(account.Roles, "and"),
		})
	})
	if err != nil {
		return err
	}
	if account.ID == s.actor.id {
		s.actor.setRoles(roles)
	}
	return s.settle(ctx, v, roster, keyfile.Casework)
}

// lastWayIn refuses a change after which nobody could administer the library or open the casework store.
func (v view) lastWayIn(before, after Account) error {
	administrator := func(a Account) bool { return a.has(RoleAdministrator) }
	if administrator(before) && !administrator(after) && v.roster.others(before.ID, administrator) == 0 {
		return fmt.Errorf("%w: %s is the only administrator; make another account administrator first", ErrLastWayIn, before.Name)
	}
	opens := func(a Account) bool { return a.mayOpen(keyfile.Casework) }
	if opens(before) && !opens(after) && v.roster.others(before.ID, opens) == 0 {
		return fmt.Errorf("%w: %s is the only account that can open the casework store; give another account the casework key first", ErrLastWayIn, before.Name)
	}
	return nil
}

// settle makes the key files fit the roster after a committed change and records their counters. A store whose key this
// session does not have is left to the next sign-in of somebody who has it.
func (s *Service) settle(ctx context.Context, v view, roster *Roster, stores ...string) error {
	for _, store := range stores {
		key := s.keyOf(store)
		if key == nil {
			continue
		}
		current, _, err := s.ring.Folder.ReadStoreKey(store)
		if err == nil && sameRecipients(current.Recipients, s.recipients(roster, store)) {
			continue
		}
		counter, err := rewrap(s.ring, store, v.keys[store], key, s.recipients(roster, store), s.actor.signer())
		if err == nil {
			err = s.library.Write(ctx, func(tx *sql.Tx) error { return recordKeyFile(ctx, tx, store, counter) })
		}
		if err != nil {
			return fmt.Errorf("the change was made, but the %s key file could not be written; it will be at the next sign-in: %w", store, err)
		}
	}
	return nil
}

// recipients are whom a store's key file is to be made for: everybody who may open the store, and a second identity of
// another such account that the present file names. The owner of that one is in the middle of an interrupted change of
// passphrase and may need either to get in.
func (s *Service) recipients(roster *Roster, store string) []keyfile.Recipient {
	list := roster.recipients(store)
	file, _, err := s.ring.Folder.ReadStoreKey(store)
	if err != nil {
		return list
	}
	for _, r := range file.Recipients {
		if a, found := roster.accounts[r.Account]; found && r.Account != s.actor.id && a.mayOpen(store) && !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return list
}

func (s *Service) keyOf(store string) *vault.Key {
	if store == keyfile.Casework {
		return s.ring.Casework
	}
	return s.ring.Library
}

// Deactivate closes an account for good: its file is removed and the key files are made without it. It knew the stores'
// keys, so re-keying is pending from then on. The account's name and public key stay, because the log needs them. It
// needs a reason (ErrReasonNeeded).
func (s *Service) Deactivate(ctx context.Context, accountID, reason string) error {
	if err := s.actor.Require("deactivate accounts", RoleAdministrator); err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return ErrReasonNeeded
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	account, err := v.target(accountID)
	if err != nil {
		return err
	}
	if account.ID == s.actor.id {
		return fmt.Errorf("%w: nobody may deactivate the account they are signed in with; another administrator does it", ErrNotAllowed)
	}
	after := account
	after.Active = false
	if err := v.lastWayIn(account, after); err != nil {
		return err
	}
	roster, err := s.commit(ctx, true, func(tx *sql.Tx, roster *Roster) error {
		if err := addStatement(ctx, tx, roster, s.actor.signer(), s.now(), statement{Kind: kindDeactivate, Account: account.ID}); err != nil {
			return err
		}
		return s.event(ctx, tx, roster, audit.ActAccountDeactivate, account.ID, reason, nil)
	})
	if err != nil {
		return err
	}
	err = s.settle(ctx, v, roster, keyfile.Library, keyfile.Casework)
	if removed := s.ring.Folder.Remove(v.files[account.ID].file); removed != nil {
		err = errors.Join(err, fmt.Errorf("the account is deactivated, but its file could not be removed: %w", removed))
	}
	return errors.Join(err, s.names(ctx))
}

// ReportPassphraseKnown says that somebody else knows, or may know, the account's passphrase. Changing it then is not
// enough, because the store keys may be known too: re-keying is pending from then on.
func (s *Service) ReportPassphraseKnown(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locked {
		return ErrLocked
	}
	_, err := s.commit(ctx, false, func(tx *sql.Tx, roster *Roster) error {
		if err := addStatement(ctx, tx, roster, s.actor.signer(), s.now(), statement{Kind: kindKnown, Account: s.actor.id}); err != nil {
			return err
		}
		return s.event(ctx, tx, roster, audit.ActPassphraseKnown, s.actor.id, "", nil)
	})
	return err
}

// parseRecovery reads a typed recovery key: spaces, line breaks and the case of letters do not matter.
func parseRecovery(typed string) (*age.X25519Identity, error) {
	identity, err := age.ParseX25519Identity(strings.ToUpper(strings.Join(strings.Fields(typed), "")))
	if err != nil {
		return nil, fmt.Errorf("%w: it does not have the form of one", ErrWrongRecoveryKey)
	}
	return identity, nil
}
