// Package home is the first page: what waits for this account, by its roles. It never shows who a record is about.
package home

import (
	"context"
	"time"

	"wardbook/app/page"
	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/casework"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/learning"
	"wardbook/data/station"
)

// Actor is who is signed in.
type Actor interface {
	AccountName() string
	Has(roles ...account.Role) bool
}

// Learning tells how far the account has come.
type Learning interface {
	Overview(ctx context.Context) ([]learning.CourseProgress, error)
	Continue(ctx context.Context) (*learning.Place, error)
}

// Content tells what changed.
type Content interface {
	Unacknowledged(ctx context.Context) ([]content.Change, error)
	Acknowledge(ctx context.Context, ref content.Ref) error
}

// Casework tells what the account has begun and what waits for it.
type Casework interface {
	Drafts(ctx context.Context) ([]casework.DraftSummary, error)
	Records(ctx context.Context) ([]casework.RecordSummary, error)
	Notes(ctx context.Context) ([]casework.NoteSummary, error)
	Waiting(ctx context.Context) ([]casework.Waiting, error)
}

// Exchange tells what was published and where it has arrived.
type Exchange interface {
	Publications(ctx context.Context) ([]exchange.Publication, error)
	Deliveries(ctx context.Context, publicationID string) ([]exchange.Delivery, error)
}

// Log is the log of acts.
type Log interface {
	List(ctx context.Context, filter audit.Filter) ([]audit.Entry, error)
	Verify(ctx context.Context) (audit.Report, error)
}

// Accounts lists accounts.
type Accounts interface {
	List(ctx context.Context) ([]account.Account, error)
}

// Deps are what the page is given. Casework is nil without the casework key.
type Deps struct {
	Actor    Actor
	Learning Learning
	Content  Content
	Casework Casework
	Exchange Exchange
	Log      Log
	Accounts Accounts
	Info     func(ctx context.Context) (station.Info, error)
	Now      func() time.Time
}

// DepsOf takes them from a session.
func DepsOf(s *station.Session) Deps {
	d := Deps{
		Actor: s.Actor(), Learning: s.Learning(), Content: s.Content(), Exchange: s.Exchange(),
		Log: s.Log(), Accounts: s.Accounts(), Info: s.Info, Now: time.Now,
	}
	if s.HasCasework() {
		d.Casework = s.Casework()
	}
	return d
}

// View is what Load found. Slices are empty where the account's roles do not ask for them.
type View struct {
	Name    string
	Place   *learning.Place
	Courses []learning.CourseProgress
	Changes []content.Change

	Drafts  []casework.DraftSummary
	Due     []Due
	Waiting []casework.Waiting

	Publications int
	Unconfirmed  []string // workstations that the newest publication was handed to and that have not confirmed it
	NotHanded    []string // workstations that it has not been handed to

	FailedSignIns  int
	LastFailed     time.Time
	Pending        []string // accounts that wait for the casework key
	Info           *station.Info
	Chains         *audit.Report
	PendingOwnCase bool // the account itself waits for the casework key
}

// Due is a record or a note whose review or deletion date is near or past.
type Due struct {
	ID       string
	Note     bool
	Title    content.Text // of the checklist; nil for a note
	Day      string       // 2026-11-23
	Deletion bool
	Past     bool
}

// soon is how long before a date Home begins to show it.
const soon = 30 * 24 * time.Hour

// lately is how long a failed sign-in is shown.
const lately = 14 * 24 * time.Hour

// Page is the home page.
type Page struct {
	host page.Host
	deps Deps
}

// New makes the page.
func New(host page.Host, deps Deps) *Page { return &Page{host: host, deps: deps} }

// Leave does nothing: nothing is typed here.
func (p *Page) Leave() {}

// Load gathers what waits for the account.
func (p *Page) Load(ctx context.Context, _ page.Route) (View, error) {
	v := View{Name: p.deps.Actor.AccountName()}
	for _, load := range []func(context.Context, *View) error{
		p.loadLearning, p.loadCasework, p.loadPublishing, p.loadStores, p.loadAdministration, p.loadChains,
	} {
		if err := load(ctx, &v); err != nil {
			return v, err
		}
	}
	return v, nil
}

func (p *Page) loadLearning(ctx context.Context, v *View) error {
	var err error
	if v.Place, err = p.deps.Learning.Continue(ctx); err != nil {
		return err
	}
	if v.Courses, err = p.deps.Learning.Overview(ctx); err != nil {
		return err
	}
	v.Changes, err = p.deps.Content.Unacknowledged(ctx)
	return err
}

func (p *Page) loadCasework(ctx context.Context, v *View) error {
	actor := p.deps.Actor
	if p.deps.Casework == nil {
		v.PendingOwnCase = actor.Has(account.RoleOfficer, account.RoleSecondReader, account.RoleManager)
		return nil
	}
	var err error
	if v.Drafts, err = p.deps.Casework.Drafts(ctx); err != nil {
		return err
	}
	records, err := p.deps.Casework.Records(ctx)
	if err != nil {
		return err
	}
	notes, err := p.deps.Casework.Notes(ctx)
	if err != nil {
		return err
	}
	now := p.deps.Now()
	for _, r := range records {
		v.Due = appendDue(v.Due, now, Due{ID: r.ID, Title: r.ChecklistTitle}, r.ReviewDue, r.DeleteDue)
	}
	for _, n := range notes {
		v.Due = appendDue(v.Due, now, Due{ID: n.ID, Note: true}, n.ReviewDue, n.DeleteDue)
	}
	if actor.Has(account.RoleSecondReader) {
		v.Waiting, err = p.deps.Casework.Waiting(ctx)
	}
	return err
}

// appendDue adds the later of the two dates that count: once the deletion date is near, the review is beside the point.
func appendDue(list []Due, now time.Time, due Due, review, deletion string) []Due {
	for _, d := range []struct {
		day      string
		deletion bool
	}{{deletion, true}, {review, false}} {
		day, err := time.ParseInLocation(time.DateOnly, d.day, time.Local)
		if err != nil || day.Sub(now) > soon {
			continue
		}
		due.Day, due.Deletion, due.Past = d.day, d.deletion, now.After(day.AddDate(0, 0, 1))
		return append(list, due)
	}
	return list
}

func (p *Page) loadPublishing(ctx context.Context, v *View) error {
	if !p.deps.Actor.Has(account.RoleTrainer) {
		return nil
	}
	published, err := p.deps.Exchange.Publications(ctx)
	if err != nil || len(published) == 0 {
		return err
	}
	v.Publications = len(published)
	deliveries, err := p.deps.Exchange.Deliveries(ctx, published[0].ID)
	for _, d := range deliveries {
		switch {
		case !d.Confirmed.IsZero():
		case !d.HandedOver.IsZero():
			v.Unconfirmed = append(v.Unconfirmed, d.Workstation)
		default:
			v.NotHanded = append(v.NotHanded, d.Workstation)
		}
	}
	return err
}

// loadStores is for everybody: what was repaired at the sign-in concerns whoever has signed in.
func (p *Page) loadStores(ctx context.Context, v *View) error {
	info, err := p.deps.Info(ctx)
	v.Info = &info
	return err
}

func (p *Page) loadAdministration(ctx context.Context, v *View) error {
	if !p.deps.Actor.Has(account.RoleAdministrator) {
		return nil
	}
	failed, err := p.deps.Log.List(ctx, audit.Filter{Act: audit.ActSignInFailed, From: p.deps.Now().Add(-lately)})
	if err != nil {
		return err
	}
	v.FailedSignIns = len(failed)
	for _, e := range failed {
		if e.At.After(v.LastFailed) {
			v.LastFailed = e.At
		}
	}
	accounts, err := p.deps.Accounts.List(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.Active && a.CaseworkAccess == account.CaseworkPending {
			v.Pending = append(v.Pending, a.Name)
		}
	}
	return nil
}

func (p *Page) loadChains(ctx context.Context, v *View) error {
	if !p.deps.Actor.Has(account.RoleAuditor) {
		return nil
	}
	report, err := p.deps.Log.Verify(ctx)
	v.Chains = &report
	return err
}
