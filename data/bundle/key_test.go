package bundle

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"strings"
	"testing"

	"aead.dev/minisign"
	"pgregory.net/rapid"
)

func TestKeysAreKeptAndFound(t *testing.T) {
	key, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	// Given a key that was stored, when it is read again, then it is the same key.
	stored, err := key.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var again PrivateKey
	if err := again.UnmarshalBinary(stored); err != nil {
		t.Fatal(err)
	}
	if !again.Public().Equal(key.Public()) || again.Public().String() != key.Public().String() {
		t.Error("the stored key is another")
	}
	// And its public half goes through text.
	public, err := ParsePublicKey(" " + key.Public().String() + "\r\n")
	if err != nil || !public.Equal(key.Public()) {
		t.Errorf("%v", err)
	}
	if !strings.HasPrefix(public.String(), "RW") || len(public.String()) != 56 {
		t.Errorf("written as %q", public)
	}
	// And a wiped key signs nothing.
	again.Wipe()
	if _, err := again.Sign([]byte("x"), "purpose"); err == nil || !again.IsZero() {
		t.Error("a wiped key signed")
	}
	if _, err := again.MarshalBinary(); err == nil {
		t.Error("a wiped key was stored")
	}
}

func TestDamagedKeysAreRefused(t *testing.T) {
	key := fixtureKey(t)
	stored, err := key.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	comment, encoded, _ := strings.Cut(string(stored), "\n")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	// Given a private key with any bit of its two halves changed, then it is refused.
	for at := 62; at < 62+64; at++ {
		raw[at] ^= 4
		var got PrivateKey
		if err := got.UnmarshalBinary([]byte(comment + "\n" + base64.StdEncoding.EncodeToString(raw))); err == nil {
			t.Errorf("byte %d changed, and the key was accepted", at)
		}
		raw[at] ^= 4
	}
	for _, text := range []string{"", "RW", "not a key", "untrusted comment: x", key.Public().String()[:55], key.Public().String() + "A", strings.Replace(key.Public().String(), "RW", "RX", 1)} {
		if _, err := ParsePublicKey(text); err == nil {
			t.Errorf("%q was accepted as a public key", text)
		}
	}
}

func TestAKeyNumberMakesNoNewKey(t *testing.T) {
	key := fixtureKey(t).Public()
	raw, err := base64.StdEncoding.DecodeString(key.String())
	if err != nil {
		t.Fatal(err)
	}
	raw[5] ^= 1 // minisign's key number, which nothing protects
	twin, err := ParsePublicKey(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		t.Fatal(err)
	}
	if twin.String() == key.String() {
		t.Fatal("the number was not changed")
	}
	if !twin.Equal(key) || twin.Fingerprint() != key.Fingerprint() || !key.MatchesFingerprint(twin.String()) {
		t.Error("a revoked key could come back under another number")
	}
}

func TestFingerprints(t *testing.T) {
	text, err := os.ReadFile(fixtureFolder + "/publisher.pub")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParsePublicKey(string(text)) // a file that minisign wrote
	if err != nil {
		t.Fatal(err)
	}
	if !key.Equal(fixtureKey(t).Public()) {
		t.Fatal("the fixtures' two key files do not belong together")
	}
	// Frozen: people have these on paper.
	if got, want := key.Fingerprint(), "fae3-1fbb-3e7d-47f0-0ceb-f4ef-0c9b-e5a2"; got != want {
		t.Errorf("fingerprint %q, want %q", got, want)
	}
	if got, want := key.FingerprintWords(), "zorog-duvur-gunut-hizub-bugor-zigoz"; got != want {
		t.Errorf("words %q, want %q", got, want)
	}
	for _, typed := range []string{
		key.Fingerprint(), strings.ToUpper(key.Fingerprint()), strings.ReplaceAll(key.Fingerprint(), "-", " "),
		key.FingerprintWords(), strings.ToUpper(strings.ReplaceAll(key.FingerprintWords(), "-", " ")), key.String(), string(text),
	} {
		if !key.MatchesFingerprint(typed) {
			t.Errorf("%q does not match", typed)
		}
	}
	other, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"", "-", key.Fingerprint()[:19], key.FingerprintWords()[:23], other.Public().Fingerprint(), other.Public().FingerprintWords(), other.Public().String()} {
		if key.MatchesFingerprint(typed) {
			t.Errorf("%q matches", typed)
		}
	}
}

func TestWordsTellEveryNumberApart(t *testing.T) {
	seen := make(map[string]bool, 1<<16)
	for n := range 1 << 16 {
		word := speakable([]byte{byte(n >> 8), byte(n)})
		if len(word) != 5 || seen[word] {
			t.Fatalf("%d gives %q again", n, word)
		}
		seen[word] = true
	}
}

func TestSignaturesHoldForOneMessageAndPurpose(t *testing.T) {
	key := fixtureKey(t)
	rapid.Check(t, func(t *rapid.T) {
		message := rapid.SliceOf(rapid.Byte()).Draw(t, "message")
		signature, err := key.Sign(message, "a purpose")
		if err != nil {
			t.Fatal(err)
		}
		if comment, err := key.Public().Verify(message, signature); err != nil || comment != "a purpose" {
			t.Fatalf("%q, %v", comment, err)
		}
		if _, err := key.Public().Verify(append(message, 0), signature); !errors.Is(err, ErrBadSignature) {
			t.Fatalf("another message: %v", err)
		}
	})
	signature, err := key.Sign([]byte("text"), "a purpose")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.Public().Verify([]byte("text"), bytes.Replace(signature, []byte("a purpose"), []byte("b purpose"), 1)); !errors.Is(err, ErrBadSignature) {
		t.Errorf("a changed purpose: %v", err)
	}
	// A signature of the older kind, over the message itself, is sound but not what a bundle has.
	if _, err := key.Public().Verify([]byte("text"), minisign.SignWithComments(key.key, []byte("text"), "a purpose", "x")); !errors.Is(err, ErrBadSignature) {
		t.Errorf("not prehashed: %v", err)
	}
	for _, comment := range []string{"two\nlines", strings.Repeat("x", 2000), "\x1b[2J"} {
		if _, err := key.Sign([]byte("text"), comment); err == nil {
			t.Errorf("the comment %.20q was signed", comment)
		}
	}
}

func TestStatements(t *testing.T) {
	key := fixtureKey(t)
	other, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := SignStatement(key, PurposeSuccessor, "The key RW… follows.\nFrom 1 Dec 2026.")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(key.Public(), PurposeSuccessor); err != nil {
		t.Errorf("as made: %v", err)
	}
	if err := s.Verify(key.Public(), PurposeRevocation); !errors.Is(err, ErrBadSignature) {
		t.Errorf("for another purpose: %v", err)
	}
	if err := s.Verify(other.Public(), PurposeSuccessor); !errors.Is(err, ErrBadSignature) {
		t.Errorf("with another key: %v", err)
	}
	// Given a statement that travels in somebody else's bundle, then it comes out as it was signed.
	m := fixtureManifest()
	m.Successors = []Statement{s}
	p, err := Prepare(t.Context(), m, other, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Manifest().Successors[0].Verify(key.Public(), PurposeSuccessor); err != nil {
		t.Errorf("after travelling: %v", err)
	}
	// And a bundle's signature is no statement.
	if err := (Statement{Body: string(p.raw), Signature: string(p.signature)}).Verify(other.Public(), PurposeSuccessor); !errors.Is(err, ErrBadSignature) {
		t.Errorf("a manifest as a statement: %v", err)
	}
	if _, err := SignStatement(key, PurposeSuccessor, strings.Repeat("x", MaxStatementBody+1)); !errors.Is(err, ErrManifestField) {
		t.Errorf("too long: %v", err)
	}
}
