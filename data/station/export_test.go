package station

import (
	"context"
	"database/sql"

	"wardbook/data/audit"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// UseFolder puts a folder of key files in place that a test lets fail.
func (st *Station) UseFolder(f *keyfile.Folder) { st.folder = f }

// LimitStores caps the stores that are opened from now on.
func (st *Station) LimitStores(bytes int64) { st.storeOptions = vault.Options{MemoryCap: bytes} }

// Fill writes into the library's log until the store is full.
func (s *Session) Fill(ctx context.Context) error {
	for {
		if err := s.logEverywhere(ctx, audit.ActLock); err != nil {
			return err
		}
	}
}

// FillUp adds to the library until it is at its limit, and leaves the reserve for the log alone.
func (s *Session) FillUp(ctx context.Context) error {
	for {
		err := s.library.Write(ctx, func(tx *sql.Tx) error {
			return audit.Append(ctx, tx, s.actor, s.now(), audit.Event{Act: audit.ActLock})
		})
		if err != nil {
			return err
		}
	}
}
