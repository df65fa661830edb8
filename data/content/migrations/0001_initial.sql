-- One row for each version of a document. The encoded form is never changed; only the state is.
CREATE TABLE content_version (
  id             TEXT    NOT NULL,
  version        INTEGER NOT NULL CHECK (version >= 1),
  kind           TEXT    NOT NULL CHECK (kind IN ('course', 'module', 'checklist', 'glossary')),
  owner          TEXT    NOT NULL CHECK (owner <> ''),
  encoded        BLOB    NOT NULL,
  hash           BLOB    NOT NULL CHECK (length(hash) = 32),
  state          TEXT    NOT NULL CHECK (state IN ('current', 'superseded', 'withdrawn')),
  effective_from TEXT    NOT NULL DEFAULT '',
  change_note    TEXT    NOT NULL DEFAULT '',
  bundle_id      TEXT    NOT NULL DEFAULT '',
  arrived_at     INTEGER NOT NULL,
  PRIMARY KEY (id, version)
) STRICT;

-- At most one version of a document is current.
CREATE UNIQUE INDEX content_version_current ON content_version (id) WHERE state = 'current';

CREATE TABLE content_media (
  document_id TEXT    NOT NULL,
  version     INTEGER NOT NULL,
  path        TEXT    NOT NULL,
  sha256      BLOB    NOT NULL CHECK (length(sha256) = 32),
  size        INTEGER NOT NULL CHECK (size >= 0),
  mime        TEXT    NOT NULL,
  blob_name   TEXT    NOT NULL,
  blob_key    BLOB    NOT NULL CHECK (length(blob_key) = 32),
  PRIMARY KEY (document_id, version, path),
  FOREIGN KEY (document_id, version) REFERENCES content_version (id, version)
) STRICT;

CREATE INDEX content_media_by_hash ON content_media (sha256);

-- What an account has been told of.
CREATE TABLE content_acknowledged (
  account_id  TEXT    NOT NULL,
  document_id TEXT    NOT NULL,
  version     INTEGER NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('current', 'withdrawn')),
  at          INTEGER NOT NULL,
  PRIMARY KEY (account_id, document_id, version, state),
  FOREIGN KEY (document_id, version) REFERENCES content_version (id, version)
) STRICT;

-- The texts of current versions alone, one row for each lesson, item, term or document head and language.
CREATE VIRTUAL TABLE content_search USING fts5 (
  id UNINDEXED, version UNINDEXED, kind UNINDEXED, part UNINDEXED, language UNINDEXED,
  title, part_title, body,
  tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO content_search (content_search, rank) VALUES ('secure-delete', 1);
