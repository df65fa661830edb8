// Package keyfile reads and writes the files that open a data folder: account files, store-key files and the list of
// account names. It knows their form and keeps them safe on disk; who may have one is decided elsewhere (package
// account).
//
// # Promises
//
// Every key file is kept twice, in keys/ and in keys-copy/. It is replaced by write, fsync, close, re-read, compare and
// rename, first in keys/, then in keys-copy/. At no moment is there no whole copy; after any failure each copy is
// wholly the old or wholly the new one. Nothing is read without a bound on its size. Files are 0600, folders 0700.
//
// # Account file (NAME.account)
//
// NAME is 32 random hexadecimal digits, so that the folder names nobody. The file is an age v1 file with one scrypt
// recipient of work factor 18. Any other factor, a second recipient or another form of header is refused before scrypt
// allocates anything. The plaintext is an age identity file, so that age accepts the account file itself with -i:
//
//	# wardbook account file 1
//	# workstation: UUID
//	# account: UUID
//	# counter: DECIMAL
//	# signing-key: BASE64        (minisign secret key, unencrypted, the second line of a minisign key file)
//	# first-administrator: RW…   (minisign public key: the pin that all trust in accounts starts from)
//	AGE-SECRET-KEY-1…
//
// Lines end with LF; order and spelling are fixed. The counter grows by one with every change of the passphrase; the
// library holds the same number, and a lower one in the file is refused after unlocking (ErrOld).
//
// # Store-key file (library.storekey, casework.storekey)
//
// A text file in three parts: a head, an armoured age file with the 32 bytes of the store key, and a minisign signature
// (prehashed) over everything before it, to the LF behind the END line:
//
//	wardbook store key 1
//	workstation: UUID
//	store: library | casework
//	epoch: DECIMAL               (the store's key epoch)
//	counter: DECIMAL             (grows by one with every rewrite)
//	granter: UUID | recovery     (the account that signed, or the store's recovery key)
//	granter-key: RW…             (its minisign public key)
//	recipient: UUID age1…        (one line for every account that can open the store)
//	recipient: recovery age1…    (always there)
//	-----BEGIN AGE ENCRYPTED FILE-----
//	…
//	-----END AGE ENCRYPTED FILE-----
//	untrusted comment: …
//	…                            (three more lines of minisign)
//
// age proves no sender, so the signature must be good and its key must be one that the verified statements of the
// library allow (package account). Epoch and counter are compared with the store after unlocking; lower ones are
// refused (ErrOld). With stock commands:
//
//	sed -n '/BEGIN AGE/,/END AGE/p' keys/library.storekey | age -d -i keys/NAME.account | xxd -p -c 32
//
// # Recovery key
//
// An age identity (AGE-SECRET-KEY-1…), one for each store, that is shown once and never on disk. It also signs: its
// minisign key is Ed25519 with the seed HKDF-SHA-256(secret = the identity's text, no salt, info = "wardbook recovery
// signing key 1", 32 bytes) and the key id BLAKE2b-256(public key)[0:8].
//
// # List of names (accounts.list)
//
// One line of JSON and a line "sha256 HEX" over it. It says which names to show before sign-in, which file belongs to
// which account, the SHA-256 of that file, and the age recipient for the log of failed sign-ins. It is a convenience,
// trusted for nothing: after unlocking it is compared with the library and rewritten if it differs.
package keyfile
