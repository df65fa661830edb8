-- What accounts are follows from the signed statements; see statement.go. They are only ever added.
CREATE TABLE account_statement (
    number           INTEGER PRIMARY KEY CHECK (number >= 1),
    body             BLOB NOT NULL,
    signature        TEXT NOT NULL CHECK (signature <> ''),
    countersignature TEXT NOT NULL CHECK ((countersignature <> '') = (number = 1))
) STRICT;

CREATE TRIGGER account_statement_no_update BEFORE UPDATE ON account_statement
BEGIN SELECT RAISE(ABORT, 'a statement about an account cannot be changed'); END;
CREATE TRIGGER account_statement_no_delete BEFORE DELETE ON account_statement
BEGIN SELECT RAISE(ABORT, 'a statement about an account cannot be removed'); END;

-- Which file in the folder of key files belongs to an account, and the counter it must at least have.
CREATE TABLE account_file (
    account_id TEXT PRIMARY KEY,
    file       TEXT NOT NULL UNIQUE,
    sum        TEXT NOT NULL,
    counter    INTEGER NOT NULL CHECK (counter >= 1)
) STRICT;

-- The epoch and the counter that each store's key file must at least have. Casework's stand here too, because the
-- library is always opened first.
CREATE TABLE store_key_file (
    store   TEXT PRIMARY KEY CHECK (store IN ('library', 'casework')),
    epoch   INTEGER NOT NULL CHECK (epoch >= 0),
    counter INTEGER NOT NULL CHECK (counter >= 1)
) STRICT;
