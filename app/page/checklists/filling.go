package checklists

import (
	"context"
	"errors"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/content"
)

// standing is what stands between the account and filling a checklist.
type standing struct {
	allowed     bool
	whyNot      string // a sentence of the service, where the page knows none that says more
	hasRole     bool
	noKey       bool         // the account has the role and waits for the casework key
	course      content.Text // that it takes a certificate of; nil if none, or if it is not here
	courseID    string       // "" if it takes none
	asked       bool         // whether there is a certificate is known
	certified   bool
	certifiedTo time.Time // when the newest certificate ends or ended; zero if there never was one
}

// standingOf finds out what the account may do with a checklist.
func (p *Page) standingOf(ctx context.Context, d content.Document) (standing, error) {
	s := standing{courseID: d.Checklist.Course}
	roles := d.Checklist.Roles
	if len(roles) == 0 {
		roles = []string{string(account.RoleOfficer)}
	}
	for _, role := range roles {
		s.hasRole = s.hasRole || p.actor.Has(account.Role(role))
	}
	if s.courseID != "" {
		course, _, err := p.get(ctx, content.Ref{ID: s.courseID})
		if err != nil && !errors.Is(err, content.ErrNotFound) {
			return s, err
		}
		s.course = course.Title
		if p.certificates != nil {
			s.asked = true
			if s.certified, s.certifiedTo, err = p.certificates.HasCertificate(ctx, s.courseID); err != nil {
				return s, err
			}
		}
	}
	if p.filling == nil {
		s.noKey = s.hasRole
		return s, nil
	}
	fillable, err := p.filling.ChecklistsToFill(ctx)
	for _, f := range fillable {
		if f.Ref == d.Ref() {
			s.allowed, s.whyNot = f.Allowed, f.WhyNot
		}
	}
	return s, err
}

func (s standing) courseName() string {
	if s.course == nil {
		return s.courseID
	}
	return words.In(s.course)
}

// certificate says which certificate it takes and whether the account has it; "" if it takes none.
func (s standing) certificate() string {
	if s.courseID == "" {
		return ""
	}
	needs := words.Named("checklists.needs", "Course", s.courseName())
	switch {
	case !s.asked:
		return needs
	case s.certified:
		return needs + " " + words.Named("checklists.certified", "Day", words.Day(s.certifiedTo))
	case !s.certifiedTo.IsZero():
		return needs + " " + words.Named("checklists.certificate-ended", "Day", words.Day(s.certifiedTo))
	}
	return needs + " " + words.Of("checklists.not-certified")
}

// filling is the button that begins a record, or the reason why there is none with what helps.
func (p *Page) fillingLine(v documentView) fyne.CanvasObject {
	d, s := v.document, v.standing
	switch {
	case v.state == content.StateWithdrawn:
		return widgets.NewNotice(words.Of("checklists.withdrawn"), widgets.Attention)
	case v.state == content.StateSuperseded:
		newest := widgets.NewButton(words.Of("checklists.newest"), func() { p.host.Go(page.Route{Page: page.Checklists, Item: d.ID}) })
		return widgets.NewNotice(words.Of("checklists.superseded"), widgets.Attention, newest)
	case s.allowed:
		fill := widgets.NewPrimary(words.Of("checklists.fill"), func() {
			p.host.Go(page.Route{Page: page.Records, Item: "new", Part: d.ID})
		})
		return widgets.Actions(fill, p.printButton(d))
	}
	actions := []fyne.CanvasObject{p.printButton(d)}
	why := s.whyNot
	switch {
	case !s.hasRole:
		why = words.Named("checklists.not-your-role", "Roles", roleNames(*d.Checklist))
	case s.asked && !s.certified:
		why = s.certificate()
		if s.course != nil {
			actions = append(actions, widgets.NewPrimary(words.Of("checklists.to-course"), func() {
				p.host.Go(page.Route{Page: page.Learn, Item: s.courseID})
			}))
		}
		if d.Checklist.Kind == content.ChecklistObservation {
			why += " " + words.Of("checklists.urgent")
			actions = append(actions, widgets.NewQuiet(words.Of("checklists.write-urgent"), func() {
				p.host.Go(page.Route{Page: page.Records, Item: "urgent"})
			}))
		}
	case s.noKey:
		why = words.Of("checklists.no-key")
	}
	return widgets.NewNotice(words.Named("checklists.cannot-fill", "Why", why), widgets.Neutral, actions...)
}

// roleNames are who fills a checklist.
func roleNames(c content.Checklist) string {
	if len(c.Roles) == 0 {
		return words.Of("role." + string(account.RoleOfficer))
	}
	var names []string
	for _, role := range c.Roles {
		names = append(names, words.Of("role."+role))
	}
	return strings.Join(names, ", ")
}
