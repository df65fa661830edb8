package bundle

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Refusal is the reason why a bundle is not accepted, or not written. Every reason is one of the Err… variables below;
// compare with errors.Is. An error that wraps one may add which entry or field it concerns.
type Refusal struct {
	code     string
	sentence string
}

// Error is one plain sentence for a reader who knows no file formats.
func (r *Refusal) Error() string { return r.sentence }

// Code is a short stable name of the reason, for logs, tests and JSON output, such as "bad-signature".
func (r *Refusal) Code() string { return r.code }

// Code gives the code of the refusal that err wraps, or "" if err is not a refusal (for example a failing disk).
func Code(err error) string {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.code
	}
	return ""
}

func refusal(code, sentence string) *Refusal { return &Refusal{code: code, sentence: sentence} }

// The file as a whole.
var (
	ErrNotBundle    = refusal("not-a-bundle", "This file is not a Wardbook bundle.")
	ErrTruncated    = refusal("truncated", "This bundle is incomplete: its end is missing.")
	ErrNoManifest   = refusal("no-manifest", "This bundle does not begin with its manifest and signature.")
	ErrBadSignature = refusal("bad-signature", "The signature of this bundle does not match: it was changed or damaged after it was signed.")
	ErrBundleTooBig = refusal("bundle-too-big", "This bundle is larger than the 64 GiB that the format allows.")
)

// Encryption.
var (
	ErrNeedsKey     = refusal("needs-key", "This bundle is encrypted; sign in as one of its recipients to open it.")
	ErrNotForUs     = refusal("not-for-us", "This bundle was encrypted for somebody else.")
	ErrForwarded    = refusal("forwarded", "This bundle was made for other recipients and encrypted again for you; its sender did not address it to you.")
	ErrNotEncrypted = refusal("not-encrypted", "This bundle should be encrypted for its recipients, but it is not.")
	ErrMustBeClear  = refusal("must-be-clear", "This bundle is encrypted although it names no recipients.")
	ErrSealMethod   = refusal("seal-method", "This bundle is encrypted in a way that Wardbook does not use.")
	ErrSealDamaged  = refusal("seal-damaged", "The encryption of this bundle is damaged.")
)

// The manifest.
var (
	ErrManifestTooLong      = refusal("manifest-too-long", "The manifest of this bundle is longer than the 4 MiB allowed.")
	ErrManifestTooDeep      = refusal("manifest-too-deep", "The manifest of this bundle is nested too deeply.")
	ErrManifestMalformed    = refusal("manifest-malformed", "The manifest of this bundle cannot be read.")
	ErrManifestUnknownField = refusal("manifest-unknown-field", "The manifest of this bundle has a field that this format does not have.")
	ErrManifestDuplicateKey = refusal("manifest-duplicate-key", "The manifest of this bundle has the same field twice.")
	ErrManifestNotCanonical = refusal("manifest-not-canonical", "The manifest of this bundle is not written in the one form that the format allows.")
	ErrManifestField        = refusal("manifest-field", "The manifest of this bundle has a field with a value that is not allowed.")
	ErrUnsafeText           = refusal("unsafe-text", "The manifest of this bundle has a text with hidden or control characters.")
	ErrUnknownKind          = refusal("unknown-kind", "This bundle is of a kind that Wardbook does not know.")
	ErrNewerFormat          = refusal("newer-format", "This bundle has a newer format; update Wardbook to open it.")
	ErrNewerProgram         = refusal("newer-program", "This bundle needs a newer version of Wardbook.")
	ErrExpired              = refusal("expired", "This bundle has expired.")
	ErrTooManyEntries       = refusal("too-many-entries", "This bundle has more than the 10,000 entries allowed.")
	ErrEntryTooBig          = refusal("entry-too-big", "This bundle has an entry of more than the 4 GiB allowed.")
	ErrSums                 = refusal("sums", "The checksum list of this bundle does not match its manifest.")
)

// Names of entries.
var (
	ErrNameEmpty         = refusal("name-empty", "This bundle has an entry without a name, or with an empty part in its name.")
	ErrNameTooLong       = refusal("name-too-long", "This bundle has an entry whose name is too long or too deep.")
	ErrNameAbsolute      = refusal("name-absolute", "This bundle has an entry with an absolute path.")
	ErrNameParent        = refusal("name-parent", "This bundle has an entry that leads out of its folder.")
	ErrNameBackslash     = refusal("name-backslash", "This bundle has an entry with a backslash in its name.")
	ErrNameDrive         = refusal("name-drive", "This bundle has an entry named after a drive.")
	ErrNameStream        = refusal("name-stream", "This bundle has an entry with a colon in its name, which Windows takes for a hidden stream.")
	ErrNameDevice        = refusal("name-device", "This bundle has an entry named after a Windows device.")
	ErrNameTrailing      = refusal("name-trailing", "This bundle has an entry whose name ends in a dot or a space.")
	ErrNameBidi          = refusal("name-bidi", "This bundle has an entry whose name hides its reading direction.")
	ErrNameLookAlike     = refusal("name-look-alike", "This bundle has an entry whose name has letters outside plain English ones, which can look like other letters.")
	ErrNameCharacter     = refusal("name-character", "This bundle has an entry whose name has a character that is not allowed.")
	ErrNameReserved      = refusal("name-reserved", "This bundle has an entry with a name that the format keeps for itself.")
	ErrNameDuplicate     = refusal("name-duplicate", "This bundle has the same entry twice.")
	ErrNameCaseDuplicate = refusal("name-case-duplicate", "This bundle has two names that differ only in capital letters.")
	ErrNameFileAndFolder = refusal("name-file-and-folder", "This bundle has a name that is a file and a folder at once.")
	ErrNamesUnsorted     = refusal("names-unsorted", "The entries of this bundle are not in alphabetical order.")
)

// The ZIP layout.
var (
	ErrDeflated       = refusal("deflated-entry", "This bundle has a compressed entry; entries must be stored as they are.")
	ErrZipEncrypted   = refusal("zip-encrypted-entry", "This bundle has an entry with a ZIP password.")
	ErrDataDescriptor = refusal("data-descriptor", "This bundle has an entry whose size is only given after it.")
	ErrExtraField     = refusal("extra-field", "This bundle has an entry with extra ZIP data.")
	ErrComment        = refusal("comment", "This bundle has a ZIP comment.")
	ErrOverlap        = refusal("overlap", "This bundle has entries that overlap.")
	ErrUnclaimedBytes = refusal("unclaimed-bytes", "This bundle has bytes that belong to no entry.")
	ErrLyingSize      = refusal("lying-size", "This bundle has an entry whose size is not the one in its manifest.")
	ErrLayout         = refusal("layout", "The inner structure of this bundle is not the one that its manifest describes.")
	ErrEntryChanged   = refusal("entry-changed", "An entry of this bundle was changed or damaged after it was signed.")
)

// Writing.
var (
	ErrSourceChanged = refusal("source-changed", "A file changed while the bundle was being written; nothing was written.")
	ErrTargetExists  = refusal("target-exists", "There is already a file with this name; it was left as it is.")
	ErrNoSpace       = refusal("no-space", "There is not enough free space for the bundle; nothing was written.")
	ErrTooBigForFAT  = refusal("too-big-for-fat", "The bundle is too large for the file system of this drive; nothing was written.")
	ErrRereadDiffers = refusal("reread-differs", "The bundle could not be read back as it was written; the drive may be faulty, and nothing was kept.")
	ErrReadOnly      = refusal("read-only", "This drive cannot be written to.")
)

// Refusals lists every refusal, in the order of docs/bundle-format.md.
func Refusals() []*Refusal {
	return []*Refusal{
		ErrNotBundle, ErrTruncated, ErrNoManifest, ErrBadSignature, ErrBundleTooBig,
		ErrNeedsKey, ErrNotForUs, ErrForwarded, ErrNotEncrypted, ErrMustBeClear, ErrSealMethod, ErrSealDamaged,
		ErrManifestTooLong, ErrManifestTooDeep, ErrManifestMalformed, ErrManifestUnknownField, ErrManifestDuplicateKey,
		ErrManifestNotCanonical, ErrManifestField, ErrUnsafeText, ErrUnknownKind, ErrNewerFormat, ErrNewerProgram, ErrExpired,
		ErrTooManyEntries, ErrEntryTooBig, ErrSums,
		ErrNameEmpty, ErrNameTooLong, ErrNameAbsolute, ErrNameParent, ErrNameBackslash, ErrNameDrive, ErrNameStream,
		ErrNameDevice, ErrNameTrailing, ErrNameBidi, ErrNameLookAlike, ErrNameCharacter, ErrNameReserved, ErrNameDuplicate,
		ErrNameCaseDuplicate, ErrNameFileAndFolder, ErrNamesUnsorted,
		ErrDeflated, ErrZipEncrypted, ErrDataDescriptor, ErrExtraField, ErrComment, ErrOverlap, ErrUnclaimedBytes,
		ErrLyingSize, ErrLayout, ErrEntryChanged,
		ErrSourceChanged, ErrTargetExists, ErrNoSpace, ErrTooBigForFAT, ErrRereadDiffers, ErrReadOnly,
	}
}

// ReadError says that the bundle could not be read, for example because the stick was pulled out. It is no refusal: the
// bundle itself may be sound.
type ReadError struct{ Err error }

func (e *ReadError) Error() string { return "The bundle could not be read: " + e.Err.Error() }
func (e *ReadError) Unwrap() error { return e.Err }

// ExpiredError is ErrExpired with the dates that a person needs to judge it.
type ExpiredError struct {
	Expires time.Time // as signed, UTC
	Now     time.Time // what this computer takes for the present
}

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("This bundle expired on %s; this computer's date is %s.", e.Expires.Format(dayForm), e.Now.Format(dayForm))
}

// Unwrap makes errors.Is(err, ErrExpired) true.
func (e *ExpiredError) Unwrap() error { return ErrExpired }

const dayForm = "2 Jan 2006"

// TooBigForFATError is ErrTooBigForFAT with the sizes to split by.
type TooBigForFATError struct {
	Size  int64     // the whole bundle as a file, bytes
	Limit int64     // the largest file that the file system holds, bytes
	Parts []FATPart // how the entries would fit, in their order; empty if one entry alone is too large
}

// FATPart is one of several smaller bundles that would each fit.
type FATPart struct {
	Size    int64    // approximate file size, bytes
	Entries []string // paths
}

func (e *TooBigForFATError) Error() string {
	const gib = 1 << 30
	size := func(n int64) string { return strconv.FormatFloat(float64(n)/gib, 'f', 2, 64) + " GiB" }
	text := fmt.Sprintf("The bundle would be %s, but this drive holds no file of 4 GiB or more (FAT32); nothing was written. ", size(e.Size))
	if len(e.Parts) < 2 {
		return text + "Use a drive formatted as exFAT or NTFS."
	}
	text += fmt.Sprintf("Split it into %d bundles of about ", len(e.Parts))
	for i, part := range e.Parts {
		switch {
		case i == 0:
		case i == len(e.Parts)-1:
			text += " and "
		default:
			text += ", "
		}
		text += size(part.Size)
	}
	return text + ", or use a drive formatted as exFAT or NTFS."
}

// Unwrap makes errors.Is(err, ErrTooBigForFAT) true.
func (e *TooBigForFATError) Unwrap() error { return ErrTooBigForFAT }

// about adds to a refusal what it concerns. Names come from strangers: they are quoted, so that hidden characters show, and cut.
func about(err error, what, name string) error {
	const most = 120
	if len(name) > most {
		name = name[:most] + "…"
	}
	return fmt.Errorf("%w (%s %s)", err, what, strconv.QuoteToASCII(name))
}
