package station

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"aead.dev/minisign"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/casework"
	"wardbook/data/casework/blank"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/learning"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// Session is a signed-in account. It is safe for several goroutines. After Lock everything that came from it fails with
// an error for which IsLocked holds.
type Session struct {
	stores
	station     *Station
	actor       *account.Actor
	accounts    *account.Service
	content     *content.Service
	learning    *learning.Service
	casebook    *casework.Service // nil without the casework key
	blank       *blank.Service
	exchange    *exchange.Service
	settings    *Settings
	log         *audit.Service
	workstation Workstation
	lock        *processLock
	repairs     []string

	mu      sync.Mutex
	signing minisign.PrivateKey
	locked  bool
}

func (st *Station) newSession(open *stores, actor *account.Actor, ring *account.Ring, row workstationRow, pin string, lock *processLock) (*Session, error) {
	s := &Session{
		stores: *open, station: st, actor: actor, workstation: row.Workstation, signing: row.signing, lock: lock,
		accounts: account.New(open.library, actor, st.opts.Now, pin, ring),
	}
	s.settings = &Settings{session: s}
	s.content = content.New(open.library, actor, st.opts.Now)
	signer := learning.Signer{PublicKey: row.PublicKey, Sign: s.SignAsWorkstation}
	s.learning = learning.New(open.library, actor, s.content, signer, st.opts.Now)
	s.blank = blank.New(open.library, actor, s.content, st.opts.Now)
	here := exchange.Workstation{ID: row.ID, Name: row.Name, PublicKey: row.PublicKey, Sign: s.SignAsWorkstation}
	s.exchange = exchange.New(open.library, actor, s.accounts, here, st.opts.Program, st.opts.Now)
	s.accounts.OnRecipientsChange(s.exchange.OnRecipientsChange)
	if open.casework != nil {
		s.casebook = casework.New(open.casework, actor, s.content, s.learning, s.periods, st.opts.Now)
	}
	s.log = audit.New(audit.Access{
		Library: open.library, Casework: open.casework, Locked: s.open,
		Trust: func(ctx context.Context) (audit.Trust, error) {
			roster, err := s.accounts.Roster(ctx)
			if err != nil {
				return audit.Trust{}, err
			}
			return roster.Trust(), nil
		},
		MayLibrary: func() error {
			return actor.Require("read the log of the library", account.RoleAuditor, account.RoleAdministrator)
		},
		MayCasework: s.mayReadCaseworkLog,
	})
	return s, nil
}

// mayReadCaseworkLog says who reads the casework store's chain. It lies in that store, so the key is needed as well as
// the role: an auditor reads it only with a casework role and the casework key.
func (s *Session) mayReadCaseworkLog() error {
	if s.casework == nil {
		return fmt.Errorf("%w: the log of the casework store lies in that store and opens only with the casework key; "+
			"it is read by a manager, or by an auditor who also has a casework role", account.ErrNotAllowed)
	}
	return s.actor.Require("read the log of the casework store", account.RoleAuditor, account.RoleManager)
}

func (s *Session) now() time.Time { return s.station.opts.Now() }

// open returns ErrLocked after Lock.
func (s *Session) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locked {
		return ErrLocked
	}
	return nil
}

// Actor is the signed-in account.
func (s *Session) Actor() *account.Actor { return s.actor }

// Accounts adds and changes accounts.
func (s *Session) Accounts() *account.Service { return s.accounts }

// Content reads the library's content.
func (s *Session) Content() *content.Service { return s.content }

// Learning is the account's learning.
func (s *Session) Learning() *learning.Service { return s.learning }

// Casework is nil without the casework key.
func (s *Session) Casework() *casework.Service { return s.casebook }

// Blank prints empty checklists.
func (s *Session) Blank() *blank.Service { return s.blank }

// Exchange is trust, import, publishing and receipts.
func (s *Session) Exchange() *exchange.Service { return s.exchange }

// Settings of the workstation and preferences of the account.
func (s *Session) Settings() *Settings { return s.settings }

// periods tells casework how long records are kept.
func (s *Session) periods(ctx context.Context) (casework.Periods, error) {
	values, err := s.settings.Get(ctx)
	return casework.Periods{ReviewMonths: values.ReviewMonths, RetentionMonths: values.RetentionMonths}, err
}

// Log reads and verifies the log of acts.
func (s *Session) Log() *audit.Service { return s.log }

// Workstation is this computer as other workstations know it.
func (s *Session) Workstation() Workstation { return s.workstation }

// HasCasework reports whether this session has the casework store open.
func (s *Session) HasCasework() bool { return s.casework != nil }

// Repairs are sentences about what was repaired, or could not be done, at sign-in: to be shown once.
func (s *Session) Repairs() []string { return slices.Clone(s.repairs) }

// SignAsWorkstation makes a minisign signature with the workstation's key.
func (s *Session) SignAsWorkstation(msg []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locked {
		return nil, ErrLocked
	}
	return keyfile.Sign(s.signing, msg, "workstation "+s.workstation.ID), nil
}

// logEverywhere writes an entry into the chain of each store that the session has open.
func (s *Session) logEverywhere(ctx context.Context, act audit.Act) error {
	entry := func(tx *sql.Tx) error {
		return audit.Append(ctx, tx, s.actor, s.now(), audit.Event{Act: act})
	}
	if err := s.library.WriteReserved(ctx, entry); err != nil {
		return err
	}
	if s.casework == nil {
		return nil
	}
	return s.casework.WriteReserved(ctx, entry)
}

// Lock ends the session: it closes the stores, wipes keys and pages, and releases the process lock. Work that is running
// finishes or fails whole. Calling it again does nothing. It always ends the session; an error says what did not go
// cleanly.
func (s *Session) Lock() error {
	s.mu.Lock()
	if s.locked {
		s.mu.Unlock()
		return nil
	}
	s.locked = true
	s.mu.Unlock()

	err := s.logEverywhere(context.Background(), audit.ActLock)
	if errors.Is(err, vault.ErrFull) { // said at sign-in, and by everything that wanted to write
		err = nil
	}
	s.accounts.Close()
	err = errors.Join(err, s.close())
	s.actor.Wipe()
	s.mu.Lock()
	s.signing = minisign.PrivateKey{}
	s.mu.Unlock()
	err = errors.Join(err, s.lock.release())
	s.station.end(s)
	if err != nil {
		return fmt.Errorf("locking: %w", err)
	}
	return nil
}
