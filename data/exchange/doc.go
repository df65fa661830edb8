// Package exchange carries content between workstations as bundle files: whom to trust, what a bundle would change,
// importing it whole or not at all, publishing, and knowing which workstation has which version.
//
// A content bundle holds
//
//	content/<kind>/<id>/<version>.json   the canonical form of each document
//	media/<sha256>.<png|jpg>             the images that documents name, once each
//	changes.json                         which older versions are superseded or withdrawn
//	README.txt                           how to open the bundle with standard tools
//
// and what the bundle format itself adds. docs/bundle-content.md describes it for others.
//
// # What the package promises
//
// An import is whole or nothing: media are stored first and named by no row; one transaction then makes everything
// visible, with the ledger's row and the log's entry. Killed, cancelled or out of space anywhere, the library is as it was
// once unnamed media are swept at the next sign-in.
//
// Facts are immutable, so an import is a union: the same bundles in any order, any number of times, give the same
// library. What could differ is decided by rules that do not depend on the order: the newest version is current, what any
// trusted bundle withdrew stays withdrawn, and an item belongs to the publisher that brought it first, or to the key that
// follows that publisher's. Three things do depend on the order, on purpose: which of two publishers an id belongs to that
// both use, which of two bundles with the same number is refused, and a publisher's bundles from before its revocation.
//
// A number of a stream is used once. Publishing notes the number before it writes the file and frees it only if the file
// is surely gone; after a crash in between the number stays unused. The bundle's "previous" names the last one that
// counted, so that nobody misses the one that never was.
//
// Decisions about publishers are signed by the account that made them, numbered, and bound to the state of the accounts at
// that time; all are verified whenever they are read. Nobody without the administrator's role can make one, and none can
// be put back. What a publisher says about its own keys, a successor or a revocation, counts by the publisher's signature.
package exchange
