package log_test

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	pagelog "wardbook/app/page/log"
	"wardbook/app/page/pagetest"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/station/stationtest"
)

func TestTheLogIsShownAndVerified(t *testing.T) {
	_, session := stationtest.New(t, account.RoleAuditor)
	host := pagetest.NewHost(t)
	drawn := pagetest.Open(t, host, pagelog.New(host, session.Log(), session.HasCasework()), page.Route{Page: page.Log})
	if texts := strings.Join(pagetest.Texts(drawn), "\n"); !strings.Contains(texts, words.Of("act.set-up")) {
		t.Errorf("the log says %q", texts)
	}
	test.Tap(pagetest.Button(t, drawn, words.Of("log.verify")))
	if len(host.Said) != 1 || !strings.Contains(host.Said[0], "whole") || len(host.Told) > 0 {
		t.Errorf("verifying said %q and told %v", host.Said, host.Told)
	}
	drawn = pagetest.Open(t, host, pagelog.New(host, session.Log(), false), page.Route{Page: page.Log, Part: "publish"})
	if texts := strings.Join(pagetest.Texts(drawn), "\n"); !strings.Contains(texts, words.Of("log.none")) {
		t.Errorf("a filter without entries says %q", texts)
	}
}
