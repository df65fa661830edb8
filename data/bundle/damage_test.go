package bundle

import (
	"bytes"
	"testing"

	"filippo.io/age"
)

// smallBundles are one in the clear and one encrypted, as small as bundles are.
func smallBundles(t *testing.T) map[string][]byte {
	small := tamper{
		files: map[string]string{"a.txt": "one\n"},
		manifest: func(m *Manifest) {
			m.Languages, m.MinimumProgram, m.HandlingMark, m.Note = nil, "", "", ""
		},
	}
	sealed := small
	sealed.seal = []age.Recipient{fixtureIdentity(t, readerKeyFile).Recipient()}
	return map[string][]byte{"clear": small.build(t), "encrypted": sealed.build(t)}
}

func TestEveryChangedBitIsRefused(t *testing.T) {
	opts := fixtureOptions(t)
	for name, file := range smallBundles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := outcome(t, file, opts); err != nil {
				t.Fatalf("the bundle itself is refused: %v", err)
			}
			changed := bytes.Clone(file)
			for i := range changed {
				for bit := range 8 {
					changed[i] ^= 1 << bit
					err := outcome(t, changed, opts)
					changed[i] ^= 1 << bit
					if Code(err) == "" {
						t.Errorf("bit %d of byte %d was changed, and the outcome was %v", bit, i, err)
					}
				}
			}
			t.Logf("%d bits", 8*len(file))
		})
	}
}

func TestEveryTruncationIsRefused(t *testing.T) {
	opts := fixtureOptions(t)
	for name, file := range smallBundles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range file {
				if err := outcome(t, file[:n], opts); Code(err) == "" {
					t.Errorf("cut to %d of %d bytes, the outcome was %v", n, len(file), err)
				}
			}
		})
	}
}

func TestEveryAddedByteIsRefused(t *testing.T) {
	opts := fixtureOptions(t)
	for name, file := range smallBundles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range len(file) + 1 {
				longer := append(append(bytes.Clone(file[:n]), 0x20), file[n:]...)
				if err := outcome(t, longer, opts); Code(err) == "" {
					t.Errorf("with a byte more at %d of %d, the outcome was %v", n, len(file), err)
				}
			}
		})
	}
}
