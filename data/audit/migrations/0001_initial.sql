-- The chain's own identity goes into every entry's hash, so that no entry can be moved between the two stores.
CREATE TABLE audit_chain (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    id       BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;

INSERT INTO audit_chain (only_row, id) VALUES (1, randomblob(16));

CREATE TABLE audit_entry (
    sequence     INTEGER PRIMARY KEY CHECK (sequence >= 1),
    at           INTEGER NOT NULL,
    account_id   TEXT NOT NULL CHECK (account_id <> ''),
    account_name TEXT NOT NULL,
    act          TEXT NOT NULL CHECK (act <> ''),
    object       TEXT NOT NULL,
    reason       TEXT NOT NULL,
    details      TEXT NOT NULL CHECK (json_valid(details)),
    previous     BLOB NOT NULL CHECK (length(previous) = 32),
    hash         BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    signature    TEXT NOT NULL CHECK (signature <> '')
) STRICT;

CREATE INDEX audit_entry_by_account ON audit_entry (account_id, sequence);
CREATE INDEX audit_entry_by_act ON audit_entry (act, sequence);

-- Entries are only ever added. Whoever holds the store's key can get round a trigger; the chain shows it then.
CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'an entry of the log cannot be changed'); END;
CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'an entry of the log cannot be removed'); END;
