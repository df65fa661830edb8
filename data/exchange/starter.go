package exchange

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"io/fs"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/vault"
)

// InstallStarter puts the starter content of the program into the library, under the built-in publisher (administrators
// only). It is part of the program and needs no signature. What is here already stays; a newer program's content supersedes
// an older one's, and an older program's never replaces it.
func (s *Service) InstallStarter(ctx context.Context, files fs.FS) (err error) {
	if err := s.actor.Require("install the starter content", account.RoleAdministrator); err != nil {
		return err
	}
	folder, findings := content.ReadFolder(files)
	findings = append(findings, content.Lint(folder, content.NothingKnown{})...)
	if content.Blocks(findings) {
		return wrap("the starter content", &LintError{Findings: findings})
	}
	p := parcel{}
	for _, source := range folder.Sources {
		d := source.Document
		d.Owner = content.BuiltinOwner
		p.documents = append(p.documents, d)
	}
	stored := &storing{service: s, blobs: map[string]vault.Blob{}}
	defer stored.finish(&err)
	if err := stored.putAll(ctx, p.documents, openFolderMedia(folder)); err != nil {
		return wrap("install the starter content", err)
	}
	return wrap("install the starter content", s.library.Write(ctx, func(tx *sql.Tx) error {
		if err := putTx(ctx, tx, p, ownersOf(p.documents), "", s.now(), nil, blobsByPath(stored.blobs)); err != nil {
			return err
		}
		return s.log(ctx, tx, audit.ActBundleImport, "starter", "", map[string]string{"publisher": content.BuiltinOwner, "items": fmt.Sprint(len(p.documents))})
	}))
}

// putAll stores the media of documents, each once.
func (st *storing) putAll(ctx context.Context, documents []content.Document, open mediaOpener) error {
	for _, d := range documents {
		for _, m := range d.Media {
			sum, err := bundle.ParseHash(m.SHA256)
			if err != nil {
				return wrap("read "+m.Path, err)
			}
			err = st.put(ctx, mediaPath(m), sum, func() (io.ReadCloser, error) { return open(d, m) }, func(int64) {})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// SweepMedia removes media files that no version names: what an interrupted import left. Station calls it at sign-in.
func (s *Service) SweepMedia(ctx context.Context) error {
	var kept map[string]bool
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		kept, err = content.KeptMediaTx(ctx, tx)
		return err
	})
	if err == nil {
		_, err = s.library.SweepMedia(kept)
	}
	return wrap("sweep unused media", err)
}
