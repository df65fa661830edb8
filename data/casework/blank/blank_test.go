package blank_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/account/accounttest"
	"wardbook/data/audit"
	"wardbook/data/casework/blank"
	"wardbook/data/content"
	"wardbook/data/format/paper"
	"wardbook/data/vault"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newService(t testing.TB, documents ...content.Document) (*vault.Store, *blank.Service) {
	t.Helper()
	ctx, key := context.Background(), vault.Key{9}
	store, err := vault.Create(ctx, t.TempDir(), &key, vault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(ctx, audit.Migrations(), content.Migrations()); err != nil {
		t.Fatal(err)
	}
	err = store.Write(ctx, func(tx *sql.Tx) error {
		for _, d := range documents {
			if _, err := content.PutTx(ctx, tx, d, content.Arrival{At: noon}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// Reading is for everyone: the account has no casework role.
	actor, now := accounttest.Actor(t, "Trainer 12", account.RoleTrainer), func() time.Time { return noon }
	return store, blank.New(store, actor, content.New(store, actor, now), now)
}

// starter returns the checklists that come with the program.
func starter(t testing.TB) []content.Document {
	t.Helper()
	folder, findings := content.ReadFolder(os.DirFS("../../../resources/starter"))
	for _, finding := range findings {
		if finding.Severity == content.SeverityError {
			t.Fatalf("%+v", finding)
		}
	}
	var checklists []content.Document
	for _, source := range folder.Sources {
		if d := source.Document; d.Kind == content.KindChecklist {
			d.Owner = content.BuiltinOwner
			checklists = append(checklists, d)
		}
	}
	if len(checklists) < 4 {
		t.Fatalf("the starter content has %d checklists", len(checklists))
	}
	return checklists
}

func pdftotext(t testing.TB, pdf []byte) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed")
	}
	path := filepath.Join(t.TempDir(), "sheet.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func spaceless(text string) string { return strings.Join(strings.Fields(text), "") }

func TestEveryStarterChecklistIsWholeOnPaper(t *testing.T) {
	checklists := starter(t)
	_, service := newService(t, checklists...)
	for _, d := range checklists {
		t.Run(d.ID, func(t *testing.T) {
			var pdf bytes.Buffer
			number, err := service.PrintBlank(context.Background(), content.Ref{ID: d.ID}, &pdf)
			if err != nil {
				t.Fatal(err)
			}
			if !regexp.MustCompile(`^P-[2-9A-HJKMNP-TV-Z]{6}$`).MatchString(number) {
				t.Errorf("the paper number is %q", number)
			}
			if dir := os.Getenv("WARDBOOK_TEST_PAPER"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, d.ID+".pdf"), pdf.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			pages := strings.Split(strings.TrimSuffix(pdftotext(t, pdf.Bytes()), "\f"), "\f")
			for i, page := range pages {
				foot := strings.Join([]string{d.ID, "· version 1 · paper", number, "· page", strconv.Itoa(i + 1), "of", strconv.Itoa(len(pages))}, " ")
				if !strings.Contains(spaceless(page), spaceless(foot)) {
					t.Errorf("page %d lacks the foot %q", i+1, foot)
				}
			}
			// A page break may fall into a text: what is printed is compared without the feet.
			printed := spaceless(regexp.MustCompile(d.ID+`\s+·\s+version.*`).ReplaceAllString(strings.Join(pages, "\n"), ""))
			want := func(text content.Text) {
				if said, _ := text.In("en"); !strings.Contains(printed, spaceless(said)) {
					t.Errorf("the paper lacks %q", said)
				}
			}
			want(d.Title)
			want(d.Checklist.Purpose)
			want(d.Checklist.Introduction)
			for _, section := range d.Checklist.Sections {
				want(section.Title)
				want(section.Guidance)
				for _, item := range section.Items {
					want(item.Text)
					want(item.Guidance)
					want(item.NotToBeConfusedWith)
				}
			}
			for _, closing := range d.Checklist.Closing {
				want(closing.Text)
				want(closing.NoneAnswer)
			}
		})
	}
}

func checklist(id string, kind content.ChecklistKind) content.Document {
	return content.Document{
		Kind: content.KindChecklist, ID: id, Version: 1, Owner: "RWowner", Title: content.Text{"en": "A checklist"}, Languages: []string{"en"},
		Checklist: &content.Checklist{
			Kind: kind, Answers: content.AnswerSets(kind)[0],
			Sections: []content.Section{{ID: "one", Title: content.Text{"en": "One"}, Items: []content.Item{{ID: "item", Kind: content.ItemProtective, Text: content.Text{"en": "Asks for help."}}}}},
		},
	}
}

func TestThePaperNumberIsLogged(t *testing.T) {
	store, service := newService(t, checklist("observe", content.ChecklistObservation))
	ctx := context.Background()
	seen := map[string]bool{}
	for range 20 {
		var pdf bytes.Buffer
		number, err := service.PrintBlank(ctx, content.Ref{ID: "observe"}, &pdf)
		if err != nil || seen[number] {
			t.Fatalf("the number %q came twice, or %v", number, err)
		}
		seen[number] = true
	}
	err := store.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.Query(`SELECT act, object, details FROM audit_entry`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var act, object, details string
			if err := rows.Scan(&act, &object, &details); err != nil {
				return err
			}
			if act != string(blank.ActBlankPrint) || !seen[object] || !strings.Contains(details, "observe@1") {
				t.Errorf("the log says %s %s %s", act, object, details)
			}
			delete(seen, object)
		}
		return rows.Err()
	})
	if err != nil || len(seen) != 0 {
		t.Errorf("%d numbers are not in the log (%v)", len(seen), err)
	}
}

func TestAnObservationOnPaperAsksForAnotherExplanation(t *testing.T) {
	// Given a checklist whose publisher did not think of it,
	_, service := newService(t, checklist("observe", content.ChecklistObservation), checklist("prison", content.ChecklistEnvironment))
	print := func(id string) string {
		var pdf bytes.Buffer
		if _, err := service.PrintBlank(context.Background(), content.Ref{ID: id}, &pdf); err != nil {
			t.Fatal(err)
		}
		return spaceless(pdftotext(t, pdf.Bytes()))
	}
	observation, environment := print("observe"), print("prison")
	for _, want := range []string{"What else could explain this?", "I cannot think of one", "own reference for the person", "Held before trial", "duty supervisor", "Your interpretation"} {
		if !strings.Contains(observation, spaceless(want)) {
			t.Errorf("the observation lacks %q", want)
		}
		if strings.Contains(environment, spaceless(want)) {
			t.Errorf("the sheet about the prison says %q", want)
		}
	}
	if !strings.Contains(environment, spaceless("Name no prisoner")) {
		t.Error("the sheet about the prison does not say that no prisoner is named")
	}
}

func TestWhatCannotBePrinted(t *testing.T) {
	arabic, gone := checklist("arabic", content.ChecklistProcess), checklist("gone", content.ChecklistProcess)
	arabic.Title = content.Text{"ar": "قائمة"}
	store, service := newService(t, arabic, gone)
	ctx := context.Background()
	err := store.Write(ctx, func(tx *sql.Tx) error {
		_, err := content.WithdrawTx(ctx, tx, content.Ref{ID: "gone", Version: 1})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]error{"arabic": paper.ErrCannotDraw, "gone": blank.ErrWithdrawn, "not-here": content.ErrNotFound} {
		var pdf bytes.Buffer
		number, err := service.PrintBlank(ctx, content.Ref{ID: id}, &pdf)
		if !errors.Is(err, want) || number != "" || pdf.Len() > 0 {
			t.Errorf("%s: %q, %d bytes, %v", id, number, pdf.Len(), err)
		}
	}
}
