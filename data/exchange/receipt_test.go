package exchange_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"wardbook/data/account"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
)

// Given a code read over the telephone, then capitals and separators do not matter, every single misheard letter or digit
// is found in its group, swapped groups are noticed, and another publication's or workstation's code does not fit.
func TestWordCodes(t *testing.T) {
	const hash = "0f3a"
	code := exchange.ReceiptWords(hash, "Wing B")
	groups := strings.Split(code, "-")
	if len(groups) != 5 || exchange.ReceiptWords(hash, " wing b ") != code {
		t.Fatalf("the code is %q", code)
	}
	for _, typed := range []string{code, strings.ToUpper(code), strings.ReplaceAll(code, "-", ""), strings.ReplaceAll(code, "-", ", "), " " + code + ".\n"} {
		if read, err := exchange.ReadWords(typed); err != nil || read != code {
			t.Errorf("%q was read as %q, %v", typed, read, err)
		}
	}
	sounds := map[bool]string{true: "aeiou", false: "bdfghkmnprstvz"}
	apart := func(alphabet string, a, b byte) bool {
		return (strings.IndexByte(alphabet, a)-strings.IndexByte(alphabet, b))%7 != 0
	}
	for i := range len(code) {
		if code[i] == '-' {
			continue
		}
		alphabet := sounds[strings.IndexByte("aeiou", code[i]) >= 0]
		if unicode.IsDigit(rune(code[i])) {
			alphabet = "2345679"
		}
		for j := range len(alphabet) {
			if !apart(alphabet, code[i], alphabet[j]) {
				continue
			}
			misheard := code[:i] + string(alphabet[j]) + code[i+1:]
			if _, err := exchange.ReadWords(misheard); !errors.Is(err, exchange.ErrMistyped) || !strings.Contains(err.Error(), misheard[i/5*5:i/5*5+4]) {
				t.Fatalf("%q for %q gave %v", misheard, code, err)
			}
		}
	}
	for i := range groups {
		for j := range i {
			swapped := append([]string{}, groups...)
			swapped[i], swapped[j] = swapped[j], swapped[i]
			if _, err := exchange.ReadWords(strings.Join(swapped, "-")); !errors.Is(err, exchange.ErrMistyped) {
				t.Errorf("groups %d and %d swapped gave %v", i, j, err)
			}
		}
	}
	for _, other := range []string{exchange.ReceiptWords("0f3b", "Wing B"), exchange.ReceiptWords(hash, "Wing C")} {
		if other == code {
			t.Error("two receipts have the same code")
		}
	}
}

// Given a workstation confirmed by its signed file, then words or another key's file do not take its place unseen, and
// names are the same in any capitals.
func TestASignedReceiptIsStrongerThanWords(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	ctx := context.Background()
	published, path := office.publish(folder(t, "doors", "one", false), "1", nil)
	receipts := map[string]string{}
	var words string
	for _, name := range []string{"first", "second"} { // two computers that were given the same name
		st, session, _ := stationtest.NewWith(t, station.SetupRequest{Station: "Wing B"}, stationtest.Options(t))
		_ = st
		result, err := session.Exchange().Import(ctx, path, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
		if err != nil {
			t.Fatal(err)
		}
		receipts[name] = filepath.Join(t.TempDir(), name)
		if err := session.Exchange().WriteReceipt(ctx, result.ImportID, receipts[name]); err != nil {
			t.Fatal(err)
		}
		if err := session.Exchange().WriteReceipt(ctx, result.ImportID, receipts[name]); !errors.Is(err, bundle.ErrTargetExists) {
			t.Errorf("a second file of the same name gave %v", err)
		}
		receipt, err := session.Exchange().Receipt(ctx, result.ImportID)
		if err != nil {
			t.Fatal(err)
		}
		words = receipt.Words
	}
	one := func() exchange.Delivery {
		t.Helper()
		list, err := office.Deliveries(ctx, published.ID)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		return list[0]
	}
	if err := office.HandOver(ctx, published.ID, "wing b"); err != nil {
		t.Fatal(err)
	}
	if got := one(); got.HandedOver.IsZero() || !got.Confirmed.IsZero() {
		t.Errorf("handed over: %+v", got)
	}
	if err := office.ConfirmByWords(ctx, published.ID, "WING B", words); err != nil {
		t.Fatal(err)
	}
	if got := one(); got.ConfirmedBy != "words" || got.HandedOver.IsZero() {
		t.Errorf("by words: %+v", got)
	}
	if _, err := office.ConfirmByFile(ctx, receipts["first"]); err != nil {
		t.Fatal(err)
	}
	if got := one(); got.ConfirmedBy != "file" || got.OtherKey {
		t.Errorf("by file: %+v", got)
	}
	if err := office.ConfirmByWords(ctx, published.ID, "Wing B", words); err != nil {
		t.Fatal(err)
	}
	if got := one(); got.ConfirmedBy != "file" {
		t.Errorf("words took the place of a file: %+v", got)
	}
	if _, err := office.ConfirmByFile(ctx, receipts["second"]); err != nil {
		t.Fatal(err)
	}
	if got := one(); !got.OtherKey {
		t.Errorf("another key went unnoticed: %+v", got)
	}
	// The next publication knows the workstation, unconfirmed.
	next, _ := office.publish(folder(t, "doors", "two", false), "2", nil)
	list, err := office.Deliveries(ctx, next.ID)
	if err != nil || len(list) != 1 || !list[0].Confirmed.IsZero() || !list[0].HandedOver.IsZero() {
		t.Errorf("the next publication: %+v, %v", list, err)
	}
	if err := office.ConfirmByWords(ctx, next.ID, "Wing B", words); !errors.Is(err, exchange.ErrNotAReceipt) {
		t.Errorf("the code of another publication gave %v", err)
	}
}

// Given receipts that somebody made up, then they are refused: signed by nobody, with a name that hides something, of a
// bundle that the office never published, too long.
func TestMadeUpReceipts(t *testing.T) {
	office, wing := newSite(t, account.RoleTrainer), newSite(t)
	ctx := context.Background()
	_, path := office.publish(folder(t, "doors", "one", false), "1", nil)
	other := newPublisher(t, "other")
	foreign := other.write(parts{documents: []content.Document{other.module("keys", 1, "x")}})
	if err := wing.Trust(ctx, other.key.Public(), "other", other.fingerprint()); err != nil {
		t.Fatal(err)
	}
	receiptOf := func(path string) string {
		result := wing.take(path, exchange.ImportOptions{TrustFingerprint: signerOf(t, path)})
		out := filepath.Join(t.TempDir(), "receipt")
		if err := wing.WriteReceipt(ctx, result.ImportID, out); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	good := receiptOf(path)
	resigned := func(name string) string {
		var outer struct{ Format, Receipt, Signature string }
		if err := json.Unmarshal([]byte(good), &outer); err != nil {
			t.Fatal(err)
		}
		var inner map[string]any
		if err := json.Unmarshal([]byte(outer.Receipt), &inner); err != nil {
			t.Fatal(err)
		}
		inner["workstation"] = name
		body, err := json.Marshal(inner)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := wing.session.SignAsWorkstation(body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(map[string]string{"format": outer.Format, "receipt": string(body), "signature": string(signature)})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, c := range map[string]struct {
		text string
		good bool
	}{
		"as written":          {good, true},
		"signed again":        {resigned("Wing C"), true},
		"a hidden name":       {resigned("Wing \u202e C"), false},
		"a name of two lines": {resigned("Wing\nC"), false},
		"no name":             {resigned(""), false},
		"a very long name":    {resigned(strings.Repeat("x", 401)), false},
		"cut":                 {good[:len(good)-10], false},
		"with more in it":     {strings.Replace(good, `"format"`, `"more":1,"format"`, 1), false},
		"followed":            {good + "{}", false},
		"of another bundle":   {receiptOf(foreign), false},
		"too long":            {good + strings.Repeat(" ", 70_000), false},
		"nothing":             {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "receipt")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := office.ConfirmByFile(ctx, file); (err == nil) != c.good || err != nil && !errors.Is(err, exchange.ErrNotAReceipt) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := wing.ConfirmByFile(ctx, path); !errors.Is(err, account.ErrNotAllowed) {
		t.Errorf("somebody who is no trainer: %v", err)
	}
}

func signerOf(t *testing.T, path string) string {
	t.Helper()
	inspection, err := exchange.Inspect(context.Background(), path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return inspection.SignedBy.Fingerprint()
}
