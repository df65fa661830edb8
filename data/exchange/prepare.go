package exchange

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"

	"wardbook/data/account"
	"wardbook/data/content"
)

// PublishItem is what publishing would do with one document of the folder.
type PublishItem struct {
	content.Ref
	Kind     content.Kind
	Title    content.Text
	Change   Change   // new, changed or same
	Previous int      // the newest version here, 0 if none
	Diff     []string // what changed, in plain lines
}

// PublishPreview says what publishing a folder would do, and what the linter has to say.
type PublishPreview struct {
	Findings []content.Finding
	Items    []PublishItem
	Blocked  bool // by a finding of severity error
}

// prepared is a folder with owners and versions, compared with the library.
type prepared struct {
	folder  content.Folder
	preview PublishPreview
	told    []VersionState // what the library knows of other versions of these items
}

// PreviewPublish reads and lints a folder and compares it with what is published already. It changes nothing; before the
// first publication, items are shown under a key that is made only then.
func (s *Service) PreviewPublish(ctx context.Context, folder string) (PublishPreview, error) {
	if err := s.actor.Require("publish", account.RoleTrainer); err != nil {
		return PublishPreview{}, err
	}
	if err := checkFolder(folder); err != nil {
		return PublishPreview{}, err
	}
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return PublishPreview{}, err
	}
	p, err := s.prepare(ctx, roster, folder)
	return p.preview, wrap("look at the folder", err)
}

func checkFolder(folder string) error {
	info, err := os.Stat(folder)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder: %w", folder, fs.ErrInvalid)
	}
	return err
}

// prepare reads a folder, and compares it with the library under the office's key. Reading a folder can take long, so that
// happens outside of the transaction.
func (s *Service) prepare(ctx context.Context, roster *account.Roster, folder string) (prepared, error) {
	read, findings := content.ReadFolder(os.DirFS(folder))
	if err := ctx.Err(); err != nil {
		return prepared{}, err
	}
	var p prepared
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		owner, family := "not made yet", map[string]bool{}
		o, keys, err := officeTx(ctx, tx, roster)
		if err != nil {
			return err
		}
		if o != nil {
			family = keys
			if owner, err = o.fingerprint(); err != nil {
				return err
			}
		}
		k := &known{ctx: ctx, tx: tx}
		all := append(findings, content.Lint(read, k)...)
		ready, more := content.Prepare(read, &ownKnown{k, family, owner}, owner)
		all = append(all, more...)
		p = prepared{folder: ready, preview: PublishPreview{Findings: all, Blocked: content.Blocks(all)}}
		for i := range ready.Sources {
			item := itemOf(ready.Sources[i].Document, k)
			if item.Change == ChangeSame { // published already, perhaps with an older key of the office
				ready.Sources[i].Document, _ = k.Newest(item.ID)
			}
			p.preview.Items = append(p.preview.Items, item)
		}
		if p.told, err = toldStatesTx(ctx, tx, documentsOf(p)); err != nil {
			return err
		}
		return k.err
	})
	return p, err
}

// ownKnown is the library as the office's newest key sees it: what older keys of the office own is its own.
type ownKnown struct {
	*known
	family map[string]bool
	owner  string
}

// Newest returns the newest version of a document, whatever its state.
func (k *ownKnown) Newest(id string) (content.Document, bool) {
	d, ok := k.known.Newest(id)
	if k.family[d.Owner] {
		d.Owner = k.owner
	}
	return d, ok
}

func itemOf(d content.Document, k *known) PublishItem {
	item := PublishItem{Ref: d.Ref(), Kind: d.Kind, Title: d.Title, Change: ChangeNew}
	newest, ok := k.Newest(d.ID)
	if !ok {
		return item
	}
	item.Previous, item.Change = newest.Version, ChangeChanged
	if content.SameSubstance(newest, d) {
		item.Change = ChangeSame
	} else {
		item.Diff = content.Compare(newest, d)
	}
	return item
}

func documentsOf(p prepared) []content.Document {
	var documents []content.Document
	for _, source := range p.folder.Sources {
		documents = append(documents, source.Document)
	}
	return documents
}
