-- This workstation. Its signing key lies here in the clear: whoever opens the library could use it.
CREATE TABLE workstation (
    only_row              INTEGER PRIMARY KEY CHECK (only_row = 1),
    id                    TEXT NOT NULL,
    name                  TEXT NOT NULL CHECK (name <> ''),
    public_key            TEXT NOT NULL,
    secret_key            TEXT NOT NULL,
    created_at            INTEGER NOT NULL,
    recovery_confirmed_at INTEGER
) STRICT;

-- The key that failures before sign-in are encrypted to, and the file of them that was last taken into the log.
CREATE TABLE sign_in_log (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    identity TEXT NOT NULL,
    folded   TEXT NOT NULL
) STRICT;

-- Settings of the workstation.
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- How one account likes the window.
CREATE TABLE preference (
    account_id TEXT NOT NULL,
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (account_id, name)
) STRICT;
