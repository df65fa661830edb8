package exchange_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/station/stationtest"
)

// Given somebody with the library's key and a program of their own, when they forge, move, put back or remove a decision
// about a publisher, then no decision is believed any more and nothing is imported.
func TestForgedDecisionsAreNoticed(t *testing.T) {
	const columns = `public_key, name, state, successor_of, reason, statement, statement_signature, account_id, at, account_head, signature`
	for name, statement := range map[string]string{
		"changed":         `UPDATE exchange_decision SET state = 'trusted' WHERE number = 2`,
		"renamed":         `UPDATE exchange_decision SET name = 'Ministry' WHERE number = 1`,
		"put back":        `INSERT INTO exchange_decision (number, ` + columns + `) SELECT 3, ` + columns + ` FROM exchange_decision WHERE number = 1`,
		"one left out":    `DELETE FROM exchange_decision WHERE number = 1`,
		"of nobody":       `UPDATE exchange_decision SET account_id = 'nobody' WHERE number = 2`,
		"of another time": `UPDATE exchange_decision SET at = at + 1 WHERE number = 2`,
		"other accounts":  `UPDATE exchange_decision SET account_head = 'ab' WHERE number = 2`,
		"by a statement":  `UPDATE exchange_decision SET statement = public_key, statement_signature = 'x' WHERE number = 2`,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPublisher(t, "good")
			wing := trusting(t, p)
			if err := wing.Revoke(context.Background(), p.fingerprint(), "The key was lost"); err != nil {
				t.Fatal(err)
			}
			if err := wing.Exec(context.Background(), statement); err == nil && !strings.HasPrefix(statement, "INSERT") {
				t.Fatal("the tables let a decision be changed")
			}
			err := wing.Exec(context.Background(), `DROP TRIGGER exchange_decision_no_update`, `DROP TRIGGER exchange_decision_no_delete`,
				`DELETE FROM exchange_decision WHERE number > 2`, statement)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := wing.Publishers(context.Background()); !errors.Is(err, account.ErrStatements) {
				t.Errorf("the list of publishers gave %v", err)
			}
			path := p.write(parts{documents: []content.Document{p.module("doors", 1, "one")}})
			if _, err := wing.Import(context.Background(), path, exchange.ImportOptions{}); !errors.Is(err, account.ErrStatements) {
				t.Errorf("an import gave %v", err)
			}
		})
	}
}

// Given a decision that an officer's account really signed, with a changed program, then it counts for nothing, also after
// the officer has become an administrator.
func TestOnlyAnAdministratorsDecisionCounts(t *testing.T) {
	p := newPublisher(t, "good")
	wing := newSite(t)
	added := stationtest.Add(t, wing.session, "Officer 8", account.RoleOfficer)
	officer := stationtest.SignIn(t, wing.station, "Officer 8").Exchange()
	if err := officer.Trust(context.Background(), p.key.Public(), p.name, p.fingerprint()); !errors.Is(err, account.ErrNotAllowed) {
		t.Fatalf("an officer's decision gave %v", err)
	}
	if err := officer.Revoke(context.Background(), p.fingerprint(), "why"); !errors.Is(err, account.ErrNotAllowed) {
		t.Fatalf("an officer's revocation gave %v", err)
	}
	forged := exchange.Publisher{PublicKey: p.key.Public().String(), Fingerprint: p.fingerprint(), Name: p.name, State: exchange.TrustTrusted}
	if err := officer.DecideWithoutRight(context.Background(), forged); err != nil {
		t.Fatal(err)
	}
	if _, err := officer.Publishers(context.Background()); !errors.Is(err, account.ErrStatements) {
		t.Fatalf("the officer's decision is believed: %v", err)
	}
	administrator := stationtest.SignIn(t, wing.station, stationtest.Name)
	if err := administrator.Accounts().Grant(context.Background(), added.ID, []account.Role{account.RoleAdministrator}); err != nil {
		t.Fatal(err)
	}
	if _, err := administrator.Exchange().Publishers(context.Background()); !errors.Is(err, account.ErrStatements) {
		t.Fatalf("the officer's decision is believed now: %v", err)
	}
}

// Given an administrator who decided and then lost the role, then the decision stands.
func TestADecisionOutlivesTheRole(t *testing.T) {
	p := newPublisher(t, "good")
	wing := newSite(t)
	second := stationtest.Add(t, wing.session, "Second 9", account.RoleAdministrator)
	session := stationtest.SignIn(t, wing.station, "Second 9")
	if err := session.Exchange().Trust(context.Background(), p.key.Public(), p.name, p.fingerprint()); err != nil {
		t.Fatal(err)
	}
	first := stationtest.SignIn(t, wing.station, stationtest.Name)
	check := func(when string) {
		t.Helper()
		publishers, err := first.Exchange().Publishers(context.Background())
		if err != nil || len(publishers) != 1 || publishers[0].State != exchange.TrustTrusted || publishers[0].DecidedBy != "Second 9" {
			t.Fatalf("%s: %+v, %v", when, publishers, err)
		}
	}
	if err := first.Accounts().Grant(context.Background(), second.ID, []account.Role{account.RoleOfficer}); err != nil {
		t.Fatal(err)
	}
	check("without the role")
	if err := first.Accounts().Deactivate(context.Background(), second.ID, "Left"); err != nil {
		t.Fatal(err)
	}
	check("deactivated")
}

// Given an officer who puts a publisher key in the place of the office's, then nothing is published or imported with it.
func TestTheOfficesKeyIsMadeByATrainer(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	stationtest.Add(t, office.session, "Officer 8", account.RoleOfficer)
	officer := stationtest.SignIn(t, office.station, "Officer 8").Exchange()
	if err := officer.MakeOfficeWithoutRight(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := officer.Publishers(context.Background()); !errors.Is(err, account.ErrStatements) {
		t.Fatalf("the officer's key is the office's: %v", err)
	}
	trainer := stationtest.SignIn(t, office.station, stationtest.Name).Exchange()
	_, err := trainer.Publish(context.Background(), exchange.PublishRequest{Folder: folder(t, "doors", "one", false), Out: filepath.Join(t.TempDir(), "x.wardbook"), Note: "1"})
	if !errors.Is(err, account.ErrStatements) {
		t.Fatalf("publishing with the officer's key gave %v", err)
	}
}

// Given a second trainer, one added later, one who left and a passphrase that changed, then exactly the active trainers
// can use the office's key.
func TestTheOfficesKeyIsForTheTrainersOfToday(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	office.publish(folder(t, "doors", "one", false), "1", nil)
	stationtest.Add(t, office.session, "Trainer 2", account.RoleTrainer)
	stationtest.Add(t, office.session, "Officer 8", account.RoleOfficer)
	second := stationtest.SignIn(t, office.station, "Trainer 2")
	publish := func(service *exchange.Service, body string) error {
		_, err := service.Publish(context.Background(), exchange.PublishRequest{
			Folder: folder(t, "doors", body, false), Out: filepath.Join(t.TempDir(), "x.wardbook"), Note: body,
		})
		return err
	}
	if err := publish(second.Exchange(), "two"); err != nil {
		t.Fatalf("a trainer added after the first publication: %v", err)
	}
	const fresh = "nine blue ladders, one kettle"
	if err := second.Accounts().ChangePassphrase(context.Background(), stationtest.Passphrase, fresh); err != nil {
		t.Fatal(err)
	}
	if err := publish(second.Exchange(), "three"); err != nil {
		t.Fatalf("after a change of passphrase: %v", err)
	}
	if err := office.station.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := office.station.SignIn(context.Background(), "Trainer 2", fresh)
	if err != nil {
		t.Fatal(err)
	}
	if err := publish(again.Exchange(), "four"); err != nil {
		t.Fatalf("after signing in with the new passphrase: %v", err)
	}
	if err := publish(stationtest.SignIn(t, office.station, "Officer 8").Exchange(), "five"); !errors.Is(err, account.ErrNotAllowed) {
		t.Fatalf("an officer: %v", err)
	}
	first := stationtest.SignIn(t, office.station, stationtest.Name)
	sealed := func() string {
		rows, err := first.Exchange().Rows(context.Background(), "SELECT sealed_for FROM exchange_office")
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	if got := strings.Count(sealed(), "age1"); got != 2 {
		t.Fatalf("the key is encrypted to %d", got)
	}
	accounts, err := first.Accounts().List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts {
		if a.Name == "Trainer 2" {
			if err := first.Accounts().Deactivate(context.Background(), a.ID, "Left"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := strings.Count(sealed(), "age1"); got != 1 {
		t.Fatalf("the key is encrypted to %d after one left", got)
	}
}

// Given an office that renews its key, then a workstation that trusted the old key follows by itself, in any order, the
// office's older items stay its own, and the old key's own revocation is believed.
func TestAnOfficeRenewsItsKey(t *testing.T) {
	for name, revoke := range map[string]bool{"routine": false, "copied": true} {
		t.Run(name, func(t *testing.T) {
			office := newSite(t, account.RoleTrainer)
			ctx := context.Background()
			_, first := office.publish(folder(t, "doors", "one", false), "1", nil)
			old := office.fingerprint()
			renewed, err := office.RenewOfficeKey(ctx, "Every third year", revoke)
			if err != nil || renewed.SuccessorOf != old || office.fingerprint() != renewed.Fingerprint {
				t.Fatalf("%+v, %v", renewed, err)
			}
			published, second := office.publish(folder(t, "doors", "two", false), "2", nil)
			if published.Sequence != 1 || published.Items[0].Version != 2 {
				t.Fatalf("the first publication with the new key is %+v", published)
			}
			_, third := office.publish(folder(t, "keys", "one", false), "3", nil)

			wing := newSite(t)
			wing.take(first, exchange.ImportOptions{TrustFingerprint: old})
			preview, err := wing.Preview(ctx, second)
			if err != nil || preview.Refusal != nil || preview.Publisher.SuccessorOf != old || preview.Publisher.State != exchange.TrustTrusted {
				t.Fatalf("the new key's first bundle: %+v, %v, %v", preview.Publisher, preview.Refusal, err)
			}
			wing.take(second, exchange.ImportOptions{})
			wing.take(third, exchange.ImportOptions{})
			if wing.body("doors") != "two" {
				t.Fatal("version 2 is not current")
			}
			publishers, err := wing.Publishers(ctx)
			wantOld := exchange.TrustTrusted
			if revoke {
				wantOld = exchange.TrustRevoked
			}
			if err != nil || len(publishers) != 2 || publishers[0].State != wantOld || publishers[1].Fingerprint != renewed.Fingerprint || !publishers[1].ByHolder {
				t.Fatalf("%+v, %v", publishers, err)
			}
			key, err := bundle.ParsePublicKey(publishers[0].PublicKey)
			if err != nil {
				t.Fatal(err)
			}
			if err := wing.Trust(ctx, key, "again", old); revoke != errors.Is(err, exchange.ErrRevokedPublisher) {
				t.Errorf("trusting the old key again gave %v", err)
			}
			if revoke {
				return
			}
			// The other way round: the old key's bundle comes last.
			other := newSite(t)
			other.take(second, exchange.ImportOptions{TrustFingerprint: renewed.Fingerprint})
			if err := other.Trust(ctx, key, "The office", old); err != nil {
				t.Fatal(err)
			}
			if err := other.TrustSuccessor(ctx, mustKey(t, renewed.PublicKey), "The office", renewed.Fingerprint, old); err != nil {
				t.Fatal(err)
			}
			other.take(first, exchange.ImportOptions{})
			if other.body("doors") != "two" || other.states("doors") != "[1 superseded]\n[2 current]\n" {
				t.Errorf("in the other order: %s", other.states("doors"))
			}
			// An export brings items of both keys.
			out := filepath.Join(t.TempDir(), "all.wardbook")
			if _, err := office.ExportContent(ctx, out, nil, nil); err != nil {
				t.Fatal(err)
			}
			last := newSite(t)
			if err := last.Trust(ctx, key, "The office", old); err != nil {
				t.Fatal(err)
			}
			last.take(out, exchange.ImportOptions{})
		})
	}
}

func mustKey(t *testing.T, text string) bundle.PublicKey {
	t.Helper()
	key, err := bundle.ParsePublicKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Given statements that the wrong key signed, that name a second successor, or that come from a revoked key, then the key
// that they speak for stays unknown.
func TestFalseSuccessorsAreUnknown(t *testing.T) {
	good, next, thief := newPublisher(t, "good"), newPublisher(t, "next"), newPublisher(t, "thief")
	body := func(from, to *publisher) string { return from.key.Public().String() + " " + to.key.Public().String() }
	offer := func(wing *site, from *publisher, statements ...bundle.Statement) error {
		path := from.write(parts{documents: []content.Document{from.module(from.name+"-item", 1, "x")}, manifest: func(m *bundle.Manifest) { m.Successors = statements }})
		_, err := wing.Import(context.Background(), path, exchange.ImportOptions{})
		return err
	}
	t.Run("signed by the new key", func(t *testing.T) {
		if err := offer(trusting(t, good), thief, signed(t, thief.key, bundle.PurposeSuccessor, body(good, thief))); !errors.Is(err, exchange.ErrUnknownPublisher) {
			t.Fatal(err)
		}
	})
	t.Run("signed for another purpose", func(t *testing.T) {
		if err := offer(trusting(t, good), thief, signed(t, good.key, bundle.PurposeRevocation, body(good, thief))); !errors.Is(err, exchange.ErrUnknownPublisher) {
			t.Fatal(err)
		}
	})
	t.Run("a second successor", func(t *testing.T) {
		wing := trusting(t, good)
		if err := offer(wing, next, signed(t, good.key, bundle.PurposeSuccessor, body(good, next))); err != nil {
			t.Fatal(err)
		}
		if err := offer(wing, thief, signed(t, good.key, bundle.PurposeSuccessor, body(good, thief))); !errors.Is(err, exchange.ErrUnknownPublisher) {
			t.Fatal(err)
		}
	})
	t.Run("of a revoked key", func(t *testing.T) {
		wing := trusting(t, good)
		if err := wing.Revoke(context.Background(), good.fingerprint(), "copied"); err != nil {
			t.Fatal(err)
		}
		if err := offer(wing, thief, signed(t, good.key, bundle.PurposeSuccessor, body(good, thief))); !errors.Is(err, exchange.ErrUnknownPublisher) {
			t.Fatal(err)
		}
	})
	t.Run("a chain, in the wrong order", func(t *testing.T) {
		if err := offer(trusting(t, good), thief, signed(t, next.key, bundle.PurposeSuccessor, body(next, thief)), signed(t, good.key, bundle.PurposeSuccessor, body(good, next))); err != nil {
			t.Fatal(err)
		}
	})
}

// Given a holder's revocation that travels in another publisher's bundle, then the key is revoked here, known or not; and
// a revocation by anybody else says nothing.
func TestRevocationsTravel(t *testing.T) {
	carrier, lost, other := newPublisher(t, "carrier"), newPublisher(t, "lost"), newPublisher(t, "other")
	revocations := func(m *bundle.Manifest) {
		m.Revocations = []bundle.Statement{
			signed(t, lost.key, bundle.PurposeRevocation, lost.key.Public().String()),
			signed(t, carrier.key, bundle.PurposeRevocation, other.key.Public().String()),
		}
	}
	path := carrier.write(parts{documents: []content.Document{carrier.module("doors", 1, "one")}, manifest: revocations})
	wing := trusting(t, carrier, lost, other)
	wing.take(path, exchange.ImportOptions{})
	want := map[string]exchange.TrustState{carrier.fingerprint(): exchange.TrustTrusted, lost.fingerprint(): exchange.TrustRevoked, other.fingerprint(): exchange.TrustTrusted}
	publishers, err := wing.Publishers(context.Background())
	if err != nil || len(publishers) != 3 {
		t.Fatal(publishers, err)
	}
	for _, p := range publishers {
		if p.State != want[p.Fingerprint] {
			t.Errorf("%s is %s", p.Name, p.State)
		}
	}
	// Where it was not known before, it can't be trusted afterwards.
	fresh := trusting(t, carrier)
	fresh.take(path, exchange.ImportOptions{})
	if err := fresh.Trust(context.Background(), lost.key.Public(), "lost", lost.fingerprint()); !errors.Is(err, exchange.ErrRevokedPublisher) {
		t.Errorf("trusting a key that its holder revoked gave %v", err)
	}
	// And a bundle that revokes its own signer brings nothing.
	last := lost.write(parts{documents: []content.Document{lost.module("keys", 1, "one")}, manifest: func(m *bundle.Manifest) {
		m.Revocations = []bundle.Statement{signed(t, lost.key, bundle.PurposeRevocation, lost.key.Public().String())}
	}})
	if _, err := trusting(t, lost).Import(context.Background(), last, exchange.ImportOptions{}); !errors.Is(err, exchange.ErrRevokedPublisher) {
		t.Errorf("a bundle that revokes its signer gave %v", err)
	}
}

// Given a revoked publisher, then --trust in passing does not trust it again, and an administrator's own decision does.
func TestARevokedPublisherIsNotTrustedInPassing(t *testing.T) {
	p := newPublisher(t, "good")
	wing := trusting(t, p)
	ctx := context.Background()
	if err := wing.Revoke(ctx, p.fingerprint(), " "); !errors.Is(err, account.ErrReasonNeeded) {
		t.Errorf("revoking without a reason gives %v", err)
	}
	if err := wing.Revoke(ctx, p.key.Public().FingerprintWords(), "Doubtful"); err != nil {
		t.Fatal(err)
	}
	path := p.write(parts{documents: []content.Document{p.module("doors", 1, "one")}})
	if _, err := wing.Import(ctx, path, exchange.ImportOptions{TrustFingerprint: p.fingerprint()}); !errors.Is(err, exchange.ErrRevokedPublisher) {
		t.Fatalf("%v", err)
	}
	if got := wing.acts(audit.ActPublisherRevoke); got != 1 {
		t.Errorf("the log has %d entries about it", got)
	}
	if err := wing.Revoke(ctx, p.fingerprint(), "again"); !errors.Is(err, exchange.ErrNoSuchPublisher) {
		t.Errorf("revoking twice gave %v", err)
	}
	if err := wing.Trust(ctx, p.key.Public(), p.name, p.fingerprint()); err != nil {
		t.Fatal(err)
	}
	wing.take(path, exchange.ImportOptions{})
	if err := wing.TrustSuccessor(ctx, p.key.Public(), "", p.fingerprint(), p.fingerprint()); !errors.Is(err, exchange.ErrOwnPublisher) {
		t.Errorf("a key as its own successor gave %v", err)
	}
}
