-- Decisions about publishers, in a form that can be checked completely when it is read: each has its number and the state
-- of the accounts it was made in, so that none can be put back, moved or made by somebody who had no right to. What earlier
-- drafts of these tables held, before the first release, cannot be checked so and is not taken over.
DROP TABLE exchange_trust;

CREATE TABLE exchange_decision (
  number              INTEGER PRIMARY KEY CHECK (number >= 1),
  public_key          TEXT    NOT NULL,
  name                TEXT    NOT NULL CHECK (name <> ''),
  state               TEXT    NOT NULL CHECK (state IN ('trusted', 'revoked')),
  successor_of        TEXT    NOT NULL DEFAULT '',             -- fingerprint
  reason              TEXT    NOT NULL DEFAULT '',
  statement           TEXT    NOT NULL DEFAULT '',             -- the publisher's own statement that it follows from
  statement_signature TEXT    NOT NULL DEFAULT '' CHECK ((statement = '') = (statement_signature = '')),
  account_id          TEXT    NOT NULL,
  at                  INTEGER NOT NULL,
  account_head        TEXT    NOT NULL CHECK (account_head <> ''),  -- the last statement about accounts at that time
  signature           TEXT    NOT NULL CHECK (signature <> '')
) STRICT;

CREATE TRIGGER exchange_decision_no_update BEFORE UPDATE ON exchange_decision
BEGIN SELECT RAISE(ABORT, 'a decision about a publisher cannot be changed'); END;
CREATE TRIGGER exchange_decision_no_delete BEFORE DELETE ON exchange_decision
BEGIN SELECT RAISE(ABORT, 'a decision about a publisher cannot be removed'); END;

-- The office's publisher keys: the newest one signs, the ones before it are kept for what they signed. The secret half is
-- encrypted to the active trainers and dropped when a newer key takes its place.
DROP TABLE exchange_office;

CREATE TABLE exchange_office (
  number        INTEGER PRIMARY KEY CHECK (number >= 1),
  name          TEXT    NOT NULL CHECK (name <> ''),
  public_key    TEXT    NOT NULL,
  revoked       INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
  sealed_key    BLOB    NOT NULL,
  sealed_for    TEXT    NOT NULL,                              -- age recipients, sorted, one a line
  stream        TEXT    NOT NULL,
  incarnation   TEXT    NOT NULL,                              -- of the store that the stream belongs to
  next_sequence INTEGER NOT NULL CHECK (next_sequence >= 1),
  reserved      INTEGER NOT NULL DEFAULT 0,                    -- the number of a bundle that may have been written; 0: none
  previous      TEXT    NOT NULL DEFAULT '',
  account_id    TEXT    NOT NULL,
  at            INTEGER NOT NULL,
  account_head  TEXT    NOT NULL,
  signature     TEXT    NOT NULL
) STRICT;

-- What the office says about its own keys; it travels in every bundle from then on.
CREATE TABLE exchange_statement (
  number    INTEGER PRIMARY KEY,
  purpose   TEXT    NOT NULL CHECK (purpose IN ('successor', 'revocation')),
  body      TEXT    NOT NULL,
  signature TEXT    NOT NULL,
  UNIQUE (purpose, body)
) STRICT;

ALTER TABLE exchange_publication ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE exchange_publication ADD COLUMN stream TEXT NOT NULL DEFAULT '';

-- A receipt that another key signed than this workstation's first one did.
ALTER TABLE exchange_handover ADD COLUMN other_key INTEGER NOT NULL DEFAULT 0 CHECK (other_key IN (0, 1));
