// Package checklists lets everybody read the checklists and the words of the field, and print a checklist empty. Who may
// fill one goes on from here to its records.
package checklists

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/casework"
	"wardbook/data/content"
)

// Content gives checklists, glossaries, and the courses and lessons that they name.
type Content interface {
	List(ctx context.Context, kind content.Kind) ([]content.Summary, error)
	Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error)
	Versions(ctx context.Context, id string) ([]content.Summary, error)
}

// Blank prints empty checklists.
type Blank interface {
	PrintBlank(ctx context.Context, ref content.Ref, w io.Writer) (paperNumber string, err error)
}

// Actor is who is signed in.
type Actor interface {
	Has(roles ...account.Role) bool
}

// Certificates says whether the account has a current certificate of a course, and when the newest ends or ended.
type Certificates interface {
	HasCertificate(ctx context.Context, courseID string) (current bool, until time.Time, err error)
}

// Filling says which checklists the account may fill, and why not the others.
type Filling interface {
	ChecklistsToFill(ctx context.Context) ([]casework.Fillable, error)
}

// versionMark stands between a document's id and a version in a route's item; without it, the newest is meant.
const versionMark = "@"

// Page is the Checklists page. Its routes are: no item, the list; item a checklist or glossary, its text, or with "@" and
// a number that version of it; part an item or a word, that place in it.
type Page struct {
	host         page.Host
	content      Content
	blank        Blank
	actor        Actor
	certificates Certificates    // nil where nothing is said about certificates
	trust        page.Publishers // nil where nothing is said about publishers
	filling      Filling         // nil without the casework key
}

// View is what Load found; List or Document is set.
type View struct {
	List     *list
	Document *documentView
}

// New makes the page.
func New(host page.Host, documents Content, blank Blank, actor Actor) *Page {
	return &Page{host: host, content: documents, blank: blank, actor: actor}
}

// WithFilling gives the page what it takes to say who may fill a checklist now: the account's certificates, and its
// casework, which is nil for an account without the casework key.
func (p *Page) WithFilling(certificates Certificates, filling Filling) *Page {
	p.certificates, p.filling = certificates, filling
	return p
}

// WithTrust lets the page mark what came from publishers that are not trusted any more.
func (p *Page) WithTrust(trust page.Publishers) *Page {
	p.trust = trust
	return p
}

// Leave does nothing: nothing is typed here.
func (p *Page) Leave() {}

// FocusSearch goes to the search, which is on the page for learning.
func (p *Page) FocusSearch() { p.host.Go(page.Route{Page: page.Learn, Item: "search:"}) }

// Load reads what the route asks for.
func (p *Page) Load(ctx context.Context, route page.Route) (View, error) {
	if route.Item == "" {
		found, err := p.loadList(ctx)
		return View{List: found}, err
	}
	ref := content.Ref{ID: route.Item}
	if id, version, ok := strings.Cut(route.Item, versionMark); ok {
		number, err := strconv.Atoi(version)
		if err != nil {
			return View{}, content.ErrNotFound
		}
		ref = content.Ref{ID: id, Version: number}
	}
	document, err := p.loadDocument(ctx, ref, route.Part)
	return View{Document: document}, err
}

// Show draws it.
func (p *Page) Show(v View) fyne.CanvasObject {
	switch {
	case v.List != nil:
		return p.showList(*v.List)
	case v.Document.document.Glossary != nil:
		return p.showGlossary(*v.Document)
	}
	return p.showChecklist(*v.Document)
}

func (p *Page) back() { p.host.Go(page.Route{Page: page.Checklists}) }

// get reads a document, also one that was withdrawn: it can still be read.
func (p *Page) get(ctx context.Context, ref content.Ref) (content.Document, content.State, error) {
	document, state, err := p.content.Get(ctx, ref)
	if errors.Is(err, content.ErrWithdrawn) && document.ID != "" {
		err = nil
	}
	return document, state, err
}

// print writes the empty checklist as a PDF to the place that the person chooses.
func (p *Page) print(d content.Document) {
	name := d.ID + "-" + strconv.Itoa(d.Version) + ".pdf"
	p.host.ChooseSave(words.Of("checklists.print"), name, func(path string) {
		number := ""
		p.host.Quietly(func(ctx context.Context) error {
			return page.WriteFile(path, func(w io.Writer) (err error) {
				number, err = p.blank.PrintBlank(ctx, d.Ref(), w)
				return err
			})
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Say(words.Of("checklists.printed"), words.Named("checklists.printed-as", "Number", number, "Version", d.Version, "Path", path))
		})
	})
}

func (p *Page) printButton(d content.Document) fyne.CanvasObject {
	return widgets.NewButton(words.Of("checklists.print"), func() { p.print(d) })
}
