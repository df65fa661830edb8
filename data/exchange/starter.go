package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"wardbook/data/audit"
	"wardbook/data/content"
	"wardbook/data/vault"
)

// InstallStarter puts the starter content of the program into the library, under the built-in publisher. It is part of
// the program and needs no signature. What is here already stays; a newer program's content supersedes an older one's.
func (s *Service) InstallStarter(ctx context.Context, files fs.FS) error {
	folder, findings := content.ReadFolder(files)
	findings = append(findings, content.Lint(folder, content.NothingKnown{})...)
	if content.Blocks(findings) {
		return wrap("the starter content", &LintError{Findings: findings})
	}
	p := parcel{}
	blobs := map[string]vault.Blob{}
	for _, source := range folder.Sources {
		d := source.Document
		d.Owner = content.BuiltinOwner
		p.documents = append(p.documents, d)
	}
	if err := s.storeFolderMedia(ctx, folder, p.documents, blobs); err != nil {
		return errors.Join(err, s.removeMedia(blobs))
	}
	err := s.library.Write(ctx, func(tx *sql.Tx) error {
		if err := putTx(ctx, tx, p, "", s.now(), nil, blobsByPath(blobs)); err != nil {
			return err
		}
		return s.log(ctx, tx, audit.ActBundleImport, "starter", "", map[string]string{"publisher": content.BuiltinOwner, "items": fmt.Sprint(len(p.documents))})
	})
	if err != nil {
		return errors.Join(wrap("install the starter content", err), s.removeMedia(blobs))
	}
	return nil
}

func blobsByPath(blobs map[string]vault.Blob) func(content.Document) map[string]vault.Blob {
	return func(d content.Document) map[string]vault.Blob {
		byPath := map[string]vault.Blob{}
		for _, m := range d.Media {
			byPath[m.Path] = blobs[mediaPath(m)]
		}
		return byPath
	}
}

// storeFolderMedia stores the media of a folder's documents, each once, into blobs by their place in a bundle.
func (s *Service) storeFolderMedia(ctx context.Context, folder content.Folder, documents []content.Document, blobs map[string]vault.Blob) error {
	open := openFolderMedia(folder)
	for _, d := range documents {
		for _, m := range d.Media {
			name := mediaPath(m)
			if _, ok := blobs[name]; ok {
				continue
			}
			blob, err := s.storeFile(ctx, d, m, open)
			if err != nil {
				return err
			}
			blobs[name] = blob
			if fmt.Sprintf("%x", blob.SHA256) != m.SHA256 {
				return fmt.Errorf("%w: %s", errChangedFile, m.Path)
			}
		}
	}
	return nil
}

var errChangedFile = errors.New("a file changed while it was read; try again")

func (s *Service) storeFile(ctx context.Context, d content.Document, m content.MediaRef, open mediaOpener) (vault.Blob, error) {
	file, err := open(d, m)
	if err != nil {
		return vault.Blob{}, wrap("read "+m.Path, err)
	}
	defer file.Close()
	blob, err := s.library.PutMedia(ctx, &counting{reader: file, ctx: ctx, progress: func(int64) {}})
	return blob, wrap("store "+m.Path, err)
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
