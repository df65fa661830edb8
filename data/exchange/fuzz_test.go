package exchange_test

import (
	"strings"
	"testing"

	"wardbook/data/content"
	"wardbook/data/exchange"
)

// Whatever is in a receipt file, reading it ends, and what is accepted has a name that can be shown and a signature.
func FuzzReceipt(f *testing.F) {
	f.Add(`{"format":"wardbook receipt 1","receipt":"{\"manifest\":\"00\",\"workstation\":\"Wing B\"}","signature":"x"}`)
	f.Add(`{`)
	f.Fuzz(func(t *testing.T, text string) {
		receipt, err := exchange.ParseReceipt([]byte(text))
		if err == nil && (receipt.Workstation == "" || receipt.WorkstationKey == "" || strings.ContainsAny(receipt.Workstation, "\n\u202e")) {
			t.Errorf("accepted: %+v", receipt)
		}
	})
}

// Whatever is in changes.json, what is accepted names documents and versions that can be.
func FuzzChanges(f *testing.F) {
	f.Add(`{"versions":[{"id":"doors","version":1,"state":"withdrawn"}]}`)
	f.Add(`{"versions":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		versions, err := exchange.ParseChanges([]byte(text))
		for _, v := range versions {
			if err == nil && (!content.ValidID(v.ID) || v.Version < 1 || v.State == content.StateCurrent) {
				t.Errorf("accepted: %+v", v)
			}
		}
	})
}

// Whatever somebody types, a code that is accepted is accepted again as it is written.
func FuzzWords(f *testing.F) {
	f.Add(exchange.ReceiptWords("00", "Wing B"))
	f.Add("bad4 gup2 ren7 fos3 mib5")
	f.Fuzz(func(t *testing.T, typed string) {
		if code, err := exchange.ReadWords(typed); err == nil {
			if again, err := exchange.ReadWords(code); err != nil || again != code {
				t.Errorf("%q was read as %q, and that as %q, %v", typed, code, again, err)
			}
		}
	})
}
