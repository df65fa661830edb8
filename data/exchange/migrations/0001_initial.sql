-- The office's publisher key, encrypted to the active trainers, and where its stream of bundles stands.
CREATE TABLE exchange_office (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  name          TEXT    NOT NULL CHECK (name <> ''),
  public_key    TEXT    NOT NULL,
  sealed_key    BLOB    NOT NULL,
  stream        TEXT    NOT NULL,
  next_sequence INTEGER NOT NULL CHECK (next_sequence >= 1),
  previous      TEXT    NOT NULL DEFAULT '',
  created_at    INTEGER NOT NULL
) STRICT;

-- Each decision about a publisher, signed by the account that made it. The newest one of a key counts.
CREATE TABLE exchange_trust (
  number     INTEGER PRIMARY KEY,
  public_key TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('trusted', 'revoked')),
  successor_of TEXT  NOT NULL DEFAULT '',
  reason     TEXT    NOT NULL DEFAULT '',
  account_id TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  signature  TEXT    NOT NULL
) STRICT;

-- Every bundle that was imported, and every one that was refused after its signature had been verified.
CREATE TABLE exchange_import (
  id            TEXT    PRIMARY KEY,
  manifest_hash TEXT    NOT NULL,
  bundle_id     TEXT    NOT NULL,
  issuer        TEXT    NOT NULL,
  issuer_name   TEXT    NOT NULL,
  stream        TEXT    NOT NULL,
  sequence      INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  note          TEXT    NOT NULL DEFAULT '',
  size          INTEGER NOT NULL,
  outcome       TEXT    NOT NULL CHECK (outcome IN ('imported', 'refused')),
  refusal       TEXT    NOT NULL DEFAULT '',
  items         TEXT    NOT NULL DEFAULT '[]',
  account_id    TEXT    NOT NULL,
  account_name  TEXT    NOT NULL,
  at            INTEGER NOT NULL
) STRICT;

-- What has been received of each stream: the same number never comes with two contents.
CREATE TABLE exchange_received (
  issuer        TEXT    NOT NULL,
  stream        TEXT    NOT NULL,
  sequence      INTEGER NOT NULL,
  manifest_hash TEXT    NOT NULL,
  import_id     TEXT    NOT NULL REFERENCES exchange_import (id),
  PRIMARY KEY (issuer, stream, sequence)
) STRICT;

CREATE TABLE exchange_publication (
  id            TEXT    PRIMARY KEY,
  bundle_id     TEXT    NOT NULL,
  manifest_hash TEXT    NOT NULL UNIQUE,
  sequence      INTEGER NOT NULL,
  note          TEXT    NOT NULL,
  items         TEXT    NOT NULL,
  file_hash     TEXT    NOT NULL,
  size          INTEGER NOT NULL,
  account_id    TEXT    NOT NULL,
  account_name  TEXT    NOT NULL,
  at            INTEGER NOT NULL
) STRICT;

CREATE TABLE exchange_handover (
  publication_id TEXT    NOT NULL REFERENCES exchange_publication (id),
  workstation    TEXT    NOT NULL CHECK (workstation <> ''),
  handed_over_at INTEGER,
  confirmed_at   INTEGER,
  confirmed_by   TEXT    NOT NULL DEFAULT '' CHECK (confirmed_by IN ('', 'file', 'words')),
  workstation_id  TEXT   NOT NULL DEFAULT '',
  workstation_key TEXT   NOT NULL DEFAULT '',
  PRIMARY KEY (publication_id, workstation)
) STRICT;

-- Withdrawals as their publishers said them, kept apart from the versions: a withdrawal may arrive before what it is
-- about, and nothing that comes later brings that back.
CREATE TABLE exchange_withdrawal (
  owner       TEXT    NOT NULL,
  document_id TEXT    NOT NULL,
  version     INTEGER NOT NULL CHECK (version >= 1),
  PRIMARY KEY (owner, document_id, version)
) STRICT;
