package exchange

import (
	"context"
	"errors"
	"time"

	"wardbook/data/bundle"
)

// Inspection is what a bundle file says about itself once its signature and layout are verified. It does not say
// whether its publisher is trusted anywhere.
type Inspection struct {
	Manifest     bundle.Manifest
	ManifestHash bundle.Hash
	SignedBy     bundle.PublicKey
	Size         int64
	Encrypted    bool
	Expired      bool
}

// Inspect opens a bundle without a library. Encrypted bundles need a recipient's sign-in and are refused.
func Inspect(ctx context.Context, path, program string, now func() time.Time) (Inspection, error) {
	return withBundle(ctx, path, program, now, func(b *bundle.Reader) error { return nil })
}

// Verify inspects a bundle, reads every byte of it, and holds that this key signed it.
func Verify(ctx context.Context, path string, key bundle.PublicKey, program string, now func() time.Time) (Inspection, error) {
	return withBundle(ctx, path, program, now, func(b *bundle.Reader) error {
		if b.SignedBy().Fingerprint() != key.Fingerprint() {
			return ErrFingerprint
		}
		return b.VerifyAll(ctx, nil)
	})
}

func withBundle(ctx context.Context, path, program string, now func() time.Time, check func(*bundle.Reader) error) (_ Inspection, err error) {
	file, err := openRegular(path)
	if err != nil {
		return Inspection{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return Inspection{}, err
	}
	b, err := bundle.Open(ctx, file, info.Size(), bundle.Options{Now: now, ProgramVersion: program})
	if err != nil {
		return Inspection{}, err
	}
	if err := check(b); err != nil {
		return Inspection{}, err
	}
	return Inspection{
		Manifest: b.Manifest(), ManifestHash: b.ManifestHash(), SignedBy: b.SignedBy(), Size: b.Size(), Encrypted: b.Encrypted(),
		Expired: b.CheckExpiry() != nil,
	}, nil
}
