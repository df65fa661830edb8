// Package people is where accounts are looked after, and where it is decided whom to trust as a publisher.
package people

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/exchange"
	"wardbook/data/station"
)

// Accounts is the account service.
type Accounts interface {
	Add(ctx context.Context, name, passphrase string, roles []account.Role) (account.Account, error)
	Grant(ctx context.Context, accountID string, roles []account.Role) error
	GrantCasework(ctx context.Context, accountID string) error
	GrantCaseworkByRecovery(ctx context.Context, accountID, recoveryKey string) error
	Deactivate(ctx context.Context, accountID, reason string) error
	Roster(ctx context.Context) (*account.Roster, error)
}

// Publishers decides whom to trust. Preview reads who signed a bundle file; it changes nothing.
type Publishers interface {
	Publishers(ctx context.Context) ([]exchange.Publisher, error)
	Trust(ctx context.Context, key bundle.PublicKey, name, fingerprint string) error
	Revoke(ctx context.Context, fingerprint, reason string) error
	Preview(ctx context.Context, path string) (exchange.Preview, error)
}

// Keys gives a store another key.
type Keys interface {
	Rekey(ctx context.Context, store, reason string, progress station.Progress) error
}

// Actor is who is signed in.
type Actor interface {
	AccountID() string
	Has(roles ...account.Role) bool
}

// Items of a route beside the ids of accounts.
const (
	itemAdd          = "add"
	itemAddPublisher = "add-publisher"
)

// Page is the People page. Its routes are: no item, the lists; item an account's id, that account; or one of the forms.
type Page struct {
	host        page.Host
	accounts    Accounts
	publishers  Publishers
	actor       Actor
	hasCasework bool
	keys        Keys   // nil: nothing is offered
	forget      func() // empties fields for passphrases and keys
}

// View is what Load found.
type View struct {
	Item         string
	Accounts     []account.Account
	Publishers   []exchange.Publisher
	Account      *account.Account
	RekeyPending []string // stores whose key is known to somebody who should not have it any more
}

// New makes the page; hasCasework tells whether the signed-in account holds the casework key.
func New(host page.Host, accounts Accounts, publishers Publishers, actor Actor, hasCasework bool) *Page {
	return &Page{host: host, accounts: accounts, publishers: publishers, actor: actor, hasCasework: hasCasework}
}

// WithKeys lets the page offer to give a store another key.
func (p *Page) WithKeys(keys Keys) *Page {
	p.keys = keys
	return p
}

// Leave forgets passphrases and keys that were typed; nothing else that is typed here is kept either.
func (p *Page) Leave() {
	if p.forget != nil {
		p.forget()
		p.forget = nil
	}
}

// Load lists accounts and publishers.
func (p *Page) Load(ctx context.Context, route page.Route) (v View, err error) {
	v.Item = route.Item
	roster, err := p.accounts.Roster(ctx)
	if err != nil {
		return v, err
	}
	v.Accounts = roster.Accounts()
	for _, store := range []string{audit.Library, audit.Casework} {
		if roster.RekeyPending(store) {
			v.RekeyPending = append(v.RekeyPending, store)
		}
	}
	for _, a := range v.Accounts {
		if a.ID == route.Item {
			v.Account = &a
			return v, nil
		}
	}
	v.Publishers, err = p.publishers.Publishers(ctx)
	return v, err
}

// Show draws them.
func (p *Page) Show(v View) fyne.CanvasObject {
	p.Leave()
	switch {
	case v.Account != nil:
		return p.showAccount(*v.Account)
	case v.Item == itemAdd && p.administers():
		return p.showAdd()
	case v.Item == itemAddPublisher && p.administers():
		return p.showAddPublisher(v.Publishers)
	}
	return p.showLists(v)
}

func (p *Page) goTo(item string) { p.host.Go(page.Route{Page: page.People, Item: item}) }

func (p *Page) back() { p.goTo("") }

func (p *Page) administers() bool { return p.actor.Has(account.RoleAdministrator) }

func (p *Page) showLists(v View) fyne.CanvasObject {
	var actions []fyne.CanvasObject
	if p.administers() {
		actions = append(actions, widgets.NewButton(words.Of("people.add-publisher"), func() { p.goTo(itemAddPublisher) }),
			widgets.NewPrimary(words.Of("people.add"), func() { p.goTo(itemAdd) }))
	}
	lines := container.NewVBox()
	for _, store := range v.RekeyPending {
		lines.Add(p.rekeyNotice(store))
	}
	lines.Add(widgets.Heading(words.Of("people.accounts")))
	for _, a := range v.Accounts {
		side, tone := words.Of("people.active"), widgets.Neutral
		switch {
		case !a.Active:
			side = words.Of("people.deactivated")
		case a.CaseworkAccess == account.CaseworkPending:
			side, tone = words.Of("people.pending"), widgets.Attention
		}
		row := widgets.Row{Title: a.Name, Detail: rolesOf(a), Side: side, Tone: tone, Icon: theme.AccountIcon()}
		lines.Add(widgets.NewLink(row, func() { p.goTo(a.ID) }))
	}
	lines.Add(widgets.Heading(words.Of("people.publishers")))
	if len(v.Publishers) == 0 {
		lines.Add(widgets.Text(words.Of("people.no-publishers")))
	}
	for _, publisher := range v.Publishers {
		lines.Add(p.publisher(publisher))
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	header := widgets.Header{Title: words.Of("rail.people"), Actions: actions}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func rolesOf(a account.Account) string {
	var roles []string
	for _, role := range a.Roles {
		roles = append(roles, words.Of("role."+string(role)))
	}
	if len(roles) == 0 {
		return words.Of("people.learns")
	}
	return strings.Join(roles, ", ")
}

func (p *Page) publisher(publisher exchange.Publisher) fyne.CanvasObject {
	pairs := []string{
		words.Of("people.state"), words.Of("updates.trust-" + string(publisher.State)),
		words.Of("people.in-words"), publisher.Words, words.Of("people.fingerprint"), publisher.Fingerprint,
	}
	if publisher.DecidedBy != "" {
		pairs = append(pairs, words.Of("people.decided"), words.With("people.decided-by", map[string]any{"Name": publisher.DecidedBy, "Day": words.Day(publisher.DecidedAt)}))
	}
	if publisher.Reason != "" {
		pairs = append(pairs, words.Of("people.reason"), publisher.Reason)
	}
	lines := []fyne.CanvasObject{widgets.Facts(pairs...)}
	if publisher.State == exchange.TrustOwn {
		lines = append(lines, widgets.Small(words.Of("people.own-office")))
	}
	if publisher.State == exchange.TrustTrusted && p.administers() {
		lines = append(lines, container.NewHBox(widgets.NewButton(words.Of("people.revoke"), func() { p.revoke(publisher) })))
	}
	return widgets.Section(publisher.Name, lines...)
}

func (p *Page) revoke(publisher exchange.Publisher) {
	p.askReason(words.Of("people.revoke"), words.With("people.revoke-message", map[string]any{"Name": publisher.Name}), func(ctx context.Context, reason string) error {
		return p.publishers.Revoke(ctx, publisher.Fingerprint, reason)
	})
}

// askReason asks why before something that goes into the log and cannot be undone here.
func (p *Page) askReason(title, message string, do func(ctx context.Context, reason string) error) {
	p.askForReason(title, message, func(reason string) {
		p.host.Quietly(func(ctx context.Context) error { return do(ctx, reason) }, p.reloadOrTell)
	})
}

// askForReason does the same for work of another kind.
func (p *Page) askForReason(title, message string, do func(reason string)) {
	reason := widgets.NewEntry()
	form := container.NewVBox(widgets.Text(message), widgets.NewField(words.Of("people.reason"), words.Of("people.reason-hint"), reason))
	p.host.Ask(title, title, form, func() error {
		typed := strings.TrimSpace(reason.Text)
		if typed == "" {
			return problem(words.Of("people.reason-empty"))
		}
		do(typed)
		return nil
	})
}

// rekeyNotice says that a store's key is known to somebody who should not have it, and offers another to whoever may.
func (p *Page) rekeyNotice(store string) fyne.CanvasObject {
	may := p.administers() || store == account.Casework && p.actor.Has(account.RoleManager)
	if p.keys == nil || !may || store == account.Casework && !p.hasCasework {
		return widgets.NewNotice(words.Of("people.rekey-"+store), widgets.Attention)
	}
	rekey := widgets.NewPrimary(words.Of("people.rekey"), func() {
		p.askForReason(words.Of("people.rekey"), words.Of("people.rekey-message"), func(reason string) {
			p.host.Work(words.Of("people.rekeying"), func(ctx context.Context, progress page.Progress) error {
				return p.keys.Rekey(ctx, store, reason, func(done, total int64) { progress("", done, total) })
			}, func(err error) {
				if err == nil {
					p.host.Say(words.Of("people.rekey"), words.Of("people.rekey-done"))
				}
				p.reloadOrTell(err)
			})
		})
	})
	return widgets.NewNotice(words.Of("people.rekey-"+store), widgets.Attention, rekey)
}

// problem is something that is missing in a form, in a sentence for the person.
type problem string

func (p problem) Error() string { return string(p) }

func (p *Page) reloadOrTell(err error) {
	if err != nil {
		p.host.Tell(err)
		return
	}
	p.host.Reload()
}

// roleChoice lets roles be chosen, each with what it does.
func roleChoice(chosen []account.Role, changed func([]account.Role)) *widgets.Choice {
	var options []widgets.Option
	for _, role := range account.AllRoles() {
		options = append(options, widgets.Option{Value: string(role), Text: words.Of("role." + string(role) + ".what")})
	}
	choice := widgets.NewChoices(options, func(values []string) {
		var roles []account.Role
		for _, value := range values {
			roles = append(roles, account.Role(value))
		}
		changed(roles)
	})
	var values []string
	for _, role := range chosen {
		values = append(values, string(role))
	}
	choice.SetValues(values...)
	return choice
}

func (p *Page) showAccount(a account.Account) fyne.CanvasObject {
	state := words.Of("people.active")
	if !a.Active {
		state = words.Of("people.deactivated")
	}
	lines := container.NewVBox(widgets.Facts(
		words.Of("people.roles"), rolesOf(a), words.Of("people.state"), state, words.Of("people.casework"), words.Of("people.casework-"+a.CaseworkAccess),
		words.Of("people.since"), words.Day(a.CreatedAt),
	))
	if a.Active {
		for _, o := range p.accountActions(a) {
			lines.Add(o)
		}
	}
	header := widgets.Header{Title: a.Name, Back: p.back}
	return widgets.Page(header, widgets.NewForm(lines, widgets.Gap(theme.TextSize())))
}

func (p *Page) accountActions(a account.Account) []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	if a.CaseworkAccess == account.CaseworkPending {
		lines = append(lines, p.caseworkAccess(a))
	}
	if !p.administers() {
		return lines
	}
	roles := a.Roles
	save := widgets.NewButton(words.Of("people.save-roles"), func() {
		p.host.Confirm(words.Of("people.save-roles"), words.Of("people.save-roles-message"), words.Of("people.save-roles"), func() {
			p.host.Quietly(func(ctx context.Context) error { return p.accounts.Grant(ctx, a.ID, roles) }, p.reloadOrTell)
		})
	})
	lines = append(lines, widgets.Section(words.Of("people.roles"), roleChoice(a.Roles, func(chosen []account.Role) { roles = chosen }), container.NewHBox(save)))
	if a.ID != p.actor.AccountID() {
		deactivate := widgets.NewDanger(words.Of("people.deactivate"), func() {
			message := words.With("people.deactivate-message", map[string]any{"Name": a.Name})
			p.askReason(words.Of("people.deactivate"), message, func(ctx context.Context, reason string) error {
				return p.accounts.Deactivate(ctx, a.ID, reason)
			})
		})
		lines = append(lines, widgets.Section(words.Of("people.deactivate"), container.NewHBox(deactivate)))
	}
	return lines
}

// caseworkAccess offers to give the casework key: whoever holds it gives it, otherwise its recovery key does.
func (p *Page) caseworkAccess(a account.Account) fyne.CanvasObject {
	if p.hasCasework {
		grant := widgets.NewPrimary(words.Of("people.grant"), func() {
			p.host.Confirm(words.Of("people.grant"), words.With("people.grant-message", map[string]any{"Name": a.Name}), words.Of("people.grant"), func() {
				p.host.Quietly(func(ctx context.Context) error { return p.accounts.GrantCasework(ctx, a.ID) }, p.reloadOrTell)
			})
		})
		return widgets.Section(words.Of("people.casework"), container.NewHBox(grant))
	}
	if !p.administers() && a.ID != p.actor.AccountID() {
		return widgets.Small(words.Of("people.pending-what"))
	}
	key := widgets.NewPassphrase(nil) // hidden as it is typed
	p.forget = key.Clear
	grant := widgets.NewButton(words.Of("people.grant"), func() {
		typed := key.Text()
		key.Clear()
		p.host.Quietly(func(ctx context.Context) error { return p.accounts.GrantCaseworkByRecovery(ctx, a.ID, typed) }, func(err error) {
			p.reloadOrTell(err)
			if err == nil {
				p.host.Say(words.Of("people.grant"), words.Of("people.granted"))
			}
		})
	})
	return widgets.Section(words.Of("people.casework"), widgets.NewField(words.Of("people.recovery"), words.Of("people.recovery-hint"), key), container.NewHBox(grant))
}
