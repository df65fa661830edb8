package station

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"wardbook/data/audit"
	"wardbook/data/content"
	"wardbook/data/vault"
)

// ErrBadStarter says that the starter content does not pass the rules that published content must pass.
var ErrBadStarter = errors.New("the starter content has mistakes")

// installStarter stores the content that comes with the program, under its built-in owner. Media are written before the
// transaction that names them; if that fails, the next sign-in sweeps them.
func (s *Session) installStarter(ctx context.Context, files fs.FS) error {
	folder, findings := content.ReadFolder(files)
	findings = append(findings, content.Lint(folder, content.NothingKnown{})...)
	folder, more := content.Prepare(folder, content.NothingKnown{}, content.BuiltinOwner)
	findings = append(findings, more...)
	for _, f := range findings {
		if f.Severity == content.SeverityError {
			return fmt.Errorf("%w: %s", ErrBadStarter, f)
		}
	}
	blobs := make([]map[string]vault.Blob, len(folder.Sources))
	for i, source := range folder.Sources {
		var err error
		if blobs[i], err = s.putMedia(ctx, folder, source); err != nil {
			return err
		}
	}
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		for i, source := range folder.Sources {
			if _, err := content.PutTx(ctx, tx, source.Document, content.Arrival{At: s.now(), Blobs: blobs[i]}); err != nil {
				return err
			}
		}
		return audit.Append(ctx, tx, s.actor, s.now(), audit.Event{
			Act: audit.ActBundleImport, Object: content.BuiltinOwner, Details: map[string]string{"items": strconv.Itoa(len(folder.Sources))},
		})
	})
}

func (s *Session) putMedia(ctx context.Context, folder content.Folder, source content.Source) (map[string]vault.Blob, error) {
	blobs := map[string]vault.Blob{}
	for _, media := range source.Document.Media {
		blob, err := s.putFile(ctx, folder, source, media.Path)
		if err != nil {
			return nil, fmt.Errorf("storing %s: %w", media.Path, err)
		}
		blobs[media.Path] = blob
	}
	return blobs, nil
}

func (s *Session) putFile(ctx context.Context, folder content.Folder, source content.Source, name string) (_ vault.Blob, err error) {
	f, err := folder.Open(source, name)
	if err != nil {
		return vault.Blob{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return s.library.PutMedia(ctx, f)
}

// sweepMedia removes media that no row names: what an import left that died before its commit.
func (s *Session) sweepMedia(ctx context.Context) error {
	var kept map[string]bool
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		var err error
		kept, err = content.KeptMediaTx(ctx, tx)
		return err
	})
	if err == nil {
		_, err = s.library.SweepMedia(kept)
	}
	if err != nil {
		return fmt.Errorf("removing media that nothing names: %w", err)
	}
	return nil
}
