package page

import (
	"context"

	"fyne.io/fyne/v2"

	"wardbook/app/widgets"
	"wardbook/app/words"
)

// Publishers knows which publishers are not trusted any more, by fingerprint.
type Publishers interface {
	Revoked(ctx context.Context) (map[string]bool, error)
}

// OwnerRevoked tells whether the owner of a document is a publisher that is not trusted any more. publishers may be nil.
func OwnerRevoked(ctx context.Context, publishers Publishers, owner string) (bool, error) {
	if publishers == nil {
		return false, nil
	}
	revoked, err := publishers.Revoked(ctx)
	return revoked[owner], err
}

// RevokedNotice marks what came from a publisher that is not trusted any more; nil for everything else.
func RevokedNotice(revoked bool) fyne.CanvasObject {
	if !revoked {
		return nil
	}
	return widgets.NewNotice(words.Of("content.revoked"), widgets.Attention)
}
