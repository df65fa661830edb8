package command

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"wardbook/data/bundle"
	"wardbook/data/exchange"
	"wardbook/data/station"
)

// bundleJSON is a bundle as `bundle inspect --json` prints it.
type bundleJSON struct {
	Kind         string      `json:"kind"`
	ID           string      `json:"id"`
	Format       int         `json:"format"`
	Issuer       string      `json:"issuer"`
	Fingerprint  string      `json:"fingerprint"`
	Words        string      `json:"fingerprint_words"`
	PublicKey    string      `json:"public_key"` // minisign, RW…
	Stream       string      `json:"stream"`
	Sequence     uint64      `json:"sequence"`
	Previous     string      `json:"previous,omitempty"`
	Manifest     string      `json:"manifest_sha256"`
	Created      time.Time   `json:"created"`
	Expires      *time.Time  `json:"expires"` // null: never
	Expired      bool        `json:"expired"`
	Note         string      `json:"note,omitempty"`
	Languages    []string    `json:"languages"`
	MinimumProgr string      `json:"minimum_program,omitempty"`
	Encrypted    bool        `json:"encrypted"`
	Recipients   []string    `json:"recipients,omitempty"`
	Size         int64       `json:"size"`
	Entries      []entryJSON `json:"entries"`
}

type entryJSON struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func newBundle(shared *call) *cobra.Command {
	inspect := withJSON(shared, leaf(shared, "inspect FILE", "Say what a bundle is, once its signature is verified", limitArgs(1, 1),
		func(ctx context.Context, c *call, args []string) error {
			found, err := exchange.Inspect(ctx, args[0], c.Version, time.Now)
			if err != nil {
				return err
			}
			return c.printInspection(found)
		}))
	var key string
	verify := leaf(shared, "verify FILE", "Verify that a publisher's key signed a bundle, and every byte of it", limitArgs(1, 1),
		func(ctx context.Context, c *call, args []string) error {
			publisher, err := bundle.ParsePublicKey(key)
			if err != nil {
				return usagef("--publisher is a minisign public key (RW…)")
			}
			found, err := exchange.Verify(ctx, args[0], publisher, c.Version, time.Now)
			if err != nil {
				return err
			}
			return c.printf("Whole, and signed by %s (%s).\n", found.Manifest.Issuer.Name, found.SignedBy.Fingerprint())
		})
	verify.Flags().StringVar(&key, "publisher", "", "the publisher's minisign public key (RW…)")
	return group("bundle", "Look at bundle files, without a data folder", inspect, require(verify, "publisher"))
}

func (c *call) printInspection(found exchange.Inspection) error {
	m := found.Manifest
	printed := bundleJSON{
		Kind: string(m.Kind), ID: m.ID, Format: m.Format, Issuer: m.Issuer.Name, Fingerprint: found.SignedBy.Fingerprint(), Words: found.SignedBy.FingerprintWords(),
		PublicKey: found.SignedBy.String(), Stream: m.Stream, Sequence: m.Sequence, Manifest: found.ManifestHash.String(), Created: m.Created,
		Expired: found.Expired, Note: m.Note, Languages: append([]string{}, m.Languages...), MinimumProgr: m.MinimumProgram,
		Encrypted: found.Encrypted, Recipients: m.Recipients, Size: found.Size, Entries: []entryJSON{},
	}
	if !m.Previous.IsZero() {
		printed.Previous = m.Previous.String()
	}
	if !m.Expires.IsZero() {
		printed.Expires = &m.Expires
	}
	for _, e := range m.Entries {
		printed.Entries = append(printed.Entries, entryJSON{e.Path, e.Size, e.SHA256.String()})
	}
	if c.asJSON {
		return c.printJSON(printed)
	}
	expires := "never"
	if printed.Expires != nil {
		expires = moment(*printed.Expires)
	}
	if err := c.printf("Kind         %s\nIssuer       %s\nFingerprint  %s\n             %s\nPublic key   %s\nSequence     %d\nCreated      %s\nExpires      %s\nNote         %s\n",
		printed.Kind, printed.Issuer, printed.Fingerprint, printed.Words, printed.PublicKey, printed.Sequence, moment(m.Created), expires, m.Note); err != nil {
		return err
	}
	var rows [][]any
	for _, e := range printed.Entries {
		rows = append(rows, []any{e.Size, e.SHA256[:16] + "…", e.Path})
	}
	return c.printTable("It is empty.", []any{"BYTES", "SHA256", "ENTRY"}, rows)
}

// publisherJSON is a publisher as `publisher list --json` prints it.
type publisherJSON struct {
	Name        string `json:"name"`
	State       string `json:"state"` // own, trusted or revoked
	Fingerprint string `json:"fingerprint"`
	Words       string `json:"fingerprint_words"`
	PublicKey   string `json:"public_key"`
	Reason      string `json:"reason,omitempty"`
	DecidedBy   string `json:"decided_by,omitempty"`
}

func newPublisher(shared *call) *cobra.Command {
	list := withJSON(shared, leaf(shared, "list", "List the publishers that are trusted or revoked here", limitArgs(0, 0), inSession(listPublishers)))
	var file, key, name string
	trust := leaf(shared, "trust FINGERPRINT", "Trust a publisher whose fingerprint was compared (administrators)", limitArgs(1, -1),
		inSession(func(ctx context.Context, c *call, session *station.Session, args []string) error {
			public, issuer, err := publisherKey(ctx, c, file, key)
			if err != nil {
				return err
			}
			if name == "" {
				name = issuer
			}
			fingerprint := joinWords(args)
			if err := session.Exchange().Trust(ctx, public, name, fingerprint); err != nil {
				return err
			}
			return c.printf("Trusted: %s.\n", public.Fingerprint())
		}))
	trust.Flags().StringVar(&file, "bundle", "", "a bundle of this publisher, to take the key from")
	trust.Flags().StringVar(&key, "key", "", "the publisher's minisign public key (RW…)")
	trust.Flags().StringVar(&name, "name", "", "what to call the publisher here")
	var reason string
	revoke := leaf(shared, "revoke FINGERPRINT", "Stop trusting a publisher (administrators)", limitArgs(1, -1),
		inSession(func(ctx context.Context, c *call, session *station.Session, args []string) error {
			if err := session.Exchange().Revoke(ctx, joinWords(args), reason); err != nil {
				return err
			}
			return c.printf("Revoked. Its content stays, marked; its new bundles are refused.\n")
		}))
	revoke.Flags().StringVar(&reason, "reason", "", "why; it goes into the log")
	return group("publisher", "Whom to trust", list, trust, require(revoke, "reason"))
}

func publisherKey(ctx context.Context, c *call, file, key string) (bundle.PublicKey, string, error) {
	switch {
	case file != "":
		found, err := exchange.Inspect(ctx, file, c.Version, time.Now)
		return found.SignedBy, found.Manifest.Issuer.Name, err
	case key != "":
		public, err := bundle.ParsePublicKey(key)
		if err != nil {
			err = usagef("--key is a minisign public key (RW…)")
		}
		return public, "", err
	}
	return bundle.PublicKey{}, "", usagef("“wardbook publisher trust” needs --bundle FILE or --key RW…")
}

func listPublishers(ctx context.Context, c *call, session *station.Session, _ []string) error {
	publishers, err := session.Exchange().Publishers(ctx)
	if err != nil {
		return err
	}
	printed := []publisherJSON{}
	var rows [][]any
	for _, p := range publishers {
		printed = append(printed, publisherJSON{p.Name, string(p.State), p.Fingerprint, p.Words, p.PublicKey, p.Reason, p.DecidedBy})
		rows = append(rows, []any{p.State, p.Name, p.Fingerprint, p.Words})
	}
	if c.asJSON {
		return c.printJSON(printed)
	}
	return c.printTable("No publisher is trusted here yet.", []any{"STATE", "NAME", "FINGERPRINT", "IN WORDS"}, rows)
}

// importJSON is an import, or its preview, as `import --json` prints it.
type importJSON struct {
	AlreadyHere bool             `json:"already_here"`
	Imported    bool             `json:"imported"`
	ImportID    string           `json:"import_id,omitempty"`
	Issuer      string           `json:"issuer"`
	Fingerprint string           `json:"fingerprint"`
	Trust       string           `json:"trust"` // own, trusted, revoked or unknown
	Sequence    uint64           `json:"sequence"`
	Refusal     string           `json:"refusal,omitempty"`
	Items       []importItemJSON `json:"items"`
	Receipt     string           `json:"receipt_words,omitempty"`
}

type importItemJSON struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Kind    string `json:"kind"`
	Title   string `json:"title"`
	Change  string `json:"change"` // new, changed, older, same or withdrawn
}

func newImport(shared *call) *cobra.Command {
	var preview, override bool
	var trust string
	imports := withJSON(shared, leaf(shared, "import FILE", "Import a bundle, whole or not at all", limitArgs(1, 1),
		inSession(func(ctx context.Context, c *call, session *station.Session, args []string) error {
			if preview {
				looked, err := session.Exchange().Preview(ctx, args[0])
				if err != nil {
					return err
				}
				return errors.Join(c.printImport(looked, exchange.ImportResult{AlreadyHere: looked.AlreadyHere}, ""), looked.Refusal)
			}
			result, err := session.Exchange().Import(ctx, args[0], exchange.ImportOptions{TrustFingerprint: trust, OverrideExpiry: override})
			if err != nil {
				return err
			}
			words := ""
			if result.ImportID != "" {
				receipt, err := session.Exchange().Receipt(ctx, result.ImportID)
				if err != nil {
					return err
				}
				words = receipt.Words
			}
			return c.printImport(result.Preview, result, words)
		})))
	imports.Flags().BoolVar(&preview, "preview", false, "only say what would happen")
	imports.Flags().StringVar(&trust, "trust", "", "trust the publisher with this fingerprint first (administrators only)")
	imports.Flags().BoolVar(&override, "override-expiry", false, "import although the bundle has expired (administrators only; logged)")
	return imports
}

func (c *call) printImport(p exchange.Preview, result exchange.ImportResult, words string) error {
	printed := importJSON{
		AlreadyHere: result.AlreadyHere, Imported: result.ImportID != "", ImportID: result.ImportID, Issuer: p.Publisher.Name,
		Fingerprint: p.Publisher.Fingerprint, Trust: string(p.Publisher.State), Sequence: p.Manifest.Sequence, Items: []importItemJSON{}, Receipt: words,
	}
	if p.Refusal != nil {
		printed.Refusal = p.Refusal.Error()
	}
	for _, i := range p.Items {
		printed.Items = append(printed.Items, importItemJSON{i.ID, i.Version, string(i.Kind), english(i.Title), string(i.Change)})
	}
	if c.asJSON {
		return c.printJSON(printed)
	}
	if err := c.printf("Bundle %d of %s (%s, %s)\n", printed.Sequence, printed.Issuer, printed.Fingerprint, printed.Trust); err != nil {
		return err
	}
	if p.WentBack {
		if err := c.printf("The publisher's store went back since its last bundle: somebody may have put an old copy of it back. Ask the publisher.\n"); err != nil {
			return err
		}
	}
	if p.ClockWarning {
		if err := c.printf("This computer's clock is earlier than the log of this workstation: check the date before relying on expiry dates.\n"); err != nil {
			return err
		}
	}
	for _, i := range printed.Items {
		if err := c.printf("%-10s %s version %d: %s\n", i.Change, i.ID, i.Version, i.Title); err != nil {
			return err
		}
	}
	switch {
	case p.LowerSequence && !printed.AlreadyHere:
		if err := c.printf("A newer bundle of this publisher was here before: only what is missing is taken.\n"); err != nil {
			return err
		}
	case p.Missed > 0:
		if err := c.printf("%s of this publisher never came here.\n", plural(p.Missed, "earlier bundle", "earlier bundles")); err != nil {
			return err
		}
	}
	switch {
	case printed.AlreadyHere:
		return c.printf("Already here: nothing changed.\n")
	case printed.Imported:
		return c.printf("Imported. Receipt: %s\n", words)
	}
	return nil
}
