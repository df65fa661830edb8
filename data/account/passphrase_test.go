package account

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckPassphrase(t *testing.T) {
	for pass, want := range map[string]error{
		"":                                ErrPassphraseTooShort,
		"Tr0ub4dor&3":                     ErrPassphraseTooShort,
		"été été été":                     ErrPassphraseTooShort, // 11 characters, 17 bytes
		"aaaaaaaaaaaaaaaa":                ErrPassphraseTooWeak,
		"qwertyuiopasdf":                  ErrPassphraseTooWeak,
		"4711 4711 4711":                  ErrPassphraseTooWeak,
		"Officer 4711 prison":             ErrPassphraseTooWeak,
		"wardbook wardbook":               ErrPassphraseTooWeak,
		"Password123456":                  ErrPassphraseTooWeak,
		strings.Repeat("long words ", 24): ErrPassphraseTooLong,
		"seven green kettles, no ladder":  nil,
		"sand, kettle and ladder":         nil,
		"كرسي وباب وحديقة بعيدة": nil, // no rule about which characters
		"vjwqz kpxoe mdrty":      nil,
	} {
		s, err := CheckPassphrase(pass, "Officer 4711")
		if !errors.Is(err, want) {
			t.Errorf("%q: %v (%.0f bits), want %v", pass, err, s.Bits, want)
		}
		if s.Sentence == "" || (err == nil) != (s.Score == 4 && len([]rune(pass)) >= MinPassphrase && len([]rune(pass)) <= MaxPassphrase) {
			t.Errorf("%q: %+v, %v", pass, s, err)
		}
	}
	_, err := CheckPassphrase("short")
	if !strings.Contains(err.Error(), "12 characters") {
		t.Errorf("the length is not said: %v", err)
	}
}

// What is known about an account counts for nothing.
func TestKnownWordsArePenalised(t *testing.T) {
	without, _ := CheckPassphrase("zubrowski-halvorsen")
	with, _ := CheckPassphrase("zubrowski-halvorsen", "Zubrowski Halvorsen")
	if with.Bits > without.Bits-20 {
		t.Fatalf("%.0f bits without, %.0f with the name known", without.Bits, with.Bits)
	}
}

func TestPassphraseDoesNotDependOnTheKeyboard(t *testing.T) {
	if NormalPassphrase("e\u0301te\u0301") != NormalPassphrase("\u00e9t\u00e9") {
		t.Fatal("composed and decomposed accents differ")
	}
}

func TestParseRoles(t *testing.T) {
	roles, err := ParseRoles(" auditor,trainer, trainer,")
	if err != nil || len(roles) != 2 || roles[0] != RoleTrainer || roles[1] != RoleAuditor {
		t.Fatal(roles, err)
	}
	for _, bad := range []string{"", ",", "king", "trainer;officer", "Trainer"} {
		if _, err := ParseRoles(bad); !errors.Is(err, ErrBadRole) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
