-- A person that records concern, by the prison's own reference. What else is known at the time stands in each record.
CREATE TABLE casework_subject (
  id         TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  reference  TEXT    NOT NULL CHECK (reference <> ''),
  folded     TEXT    NOT NULL CHECK (folded <> ''), -- without case and spaces, to find it again
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX casework_subject_folded ON casework_subject (folded, created_at);

-- The checklist versions that drafts and records were written with, as they were published.
CREATE TABLE casework_checklist (
  id       TEXT    NOT NULL CHECK (id <> ''),
  version  INTEGER NOT NULL CHECK (version >= 1),
  kind     TEXT    NOT NULL CHECK (kind IN ('observation', 'environment', 'process')),
  document BLOB    NOT NULL,
  hash     BLOB    NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (id, version),
  UNIQUE (id, version, kind)
) STRICT;

CREATE TRIGGER casework_checklist_fixed BEFORE UPDATE ON casework_checklist
BEGIN SELECT raise(ABORT, 'the version of a checklist never changes'); END;

-- A checklist being filled, as typed: every state of it is valid, so its parts have no columns of their own.
CREATE TABLE casework_draft (
  id                TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  author_id         TEXT    NOT NULL CHECK (author_id <> ''),
  checklist_id      TEXT    NOT NULL,
  checklist_version INTEGER NOT NULL,
  body              TEXT    NOT NULL CHECK (json_valid(body)),
  replaces          TEXT    NOT NULL DEFAULT '', -- the record that was taken back
  created_at        INTEGER NOT NULL,
  saved_at          INTEGER NOT NULL,
  FOREIGN KEY (checklist_id, checklist_version) REFERENCES casework_checklist (id, version)
) STRICT;

CREATE INDEX casework_draft_of ON casework_draft (author_id, saved_at);

-- Submitted records. Category and status: LED 2016/680 Art 6; review and deletion dates: Art 5.
CREATE TABLE casework_record (
  id                TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  author_id         TEXT    NOT NULL CHECK (author_id <> ''),
  author_name       TEXT    NOT NULL CHECK (author_name <> ''),
  kind              TEXT    NOT NULL CHECK (kind IN ('observation', 'environment', 'process')),
  checklist_id      TEXT    NOT NULL,
  checklist_version INTEGER NOT NULL,
  subject_id        TEXT    REFERENCES casework_subject (id),
  category          TEXT    CHECK (category IN ('suspect', 'convicted', 'victim', 'witness', 'other')),
  legal_status      TEXT    CHECK (legal_status IN ('pre-trial', 'appeal', 'sentenced', 'other')),
  unit              TEXT    NOT NULL,
  submitted_at      INTEGER NOT NULL,
  review_due        TEXT    NOT NULL CHECK (review_due = date(review_due)),
  delete_due        TEXT    NOT NULL CHECK (delete_due = date(delete_due) AND delete_due >= review_due),
  replaces          TEXT    NOT NULL DEFAULT '',
  FOREIGN KEY (checklist_id, checklist_version, kind) REFERENCES casework_checklist (id, version, kind),
  CHECK (kind <> 'environment' OR subject_id IS NULL),
  CHECK (kind <> 'observation' OR subject_id IS NOT NULL),
  CHECK ((subject_id IS NULL) = (category IS NULL)),
  CHECK ((subject_id IS NULL) = (legal_status IS NULL))
) STRICT;

CREATE INDEX casework_record_of ON casework_record (author_id, submitted_at);

CREATE TABLE casework_record_item (
  record_id      TEXT NOT NULL REFERENCES casework_record (id) ON DELETE CASCADE,
  item_id        TEXT NOT NULL CHECK (item_id <> ''),
  answer         TEXT NOT NULL CHECK (answer <> ''),
  interpretation TEXT NOT NULL, -- never mixed with the facts of the evidence (LED 2016/680 Art 7)
  remark         TEXT NOT NULL,
  PRIMARY KEY (record_id, item_id)
) STRICT;

CREATE TABLE casework_record_evidence (
  record_id      TEXT    NOT NULL,
  item_id        TEXT    NOT NULL,
  place_in_item  INTEGER NOT NULL CHECK (place_in_item >= 0),
  occurred_on    TEXT    NOT NULL CHECK (occurred_on = date(occurred_on)),
  occurred_time  TEXT    NOT NULL CHECK (occurred_time = '' OR occurred_time = strftime('%H:%M', occurred_time)),
  place          TEXT    NOT NULL CHECK (place <> ''),
  witnessed      INTEGER NOT NULL CHECK (witnessed IN (0, 1)),
  reported_by    TEXT    NOT NULL,
  fact           TEXT    NOT NULL CHECK (fact <> ''),
  how_known      TEXT    NOT NULL CHECK (how_known <> ''),
  source_held_at TEXT    NOT NULL,
  PRIMARY KEY (record_id, item_id, place_in_item),
  FOREIGN KEY (record_id, item_id) REFERENCES casework_record_item (record_id, item_id) ON DELETE CASCADE,
  CHECK (witnessed = 1 OR reported_by <> '' AND source_held_at <> '')
) STRICT;

CREATE TABLE casework_record_closing (
  record_id  TEXT NOT NULL REFERENCES casework_record (id) ON DELETE CASCADE,
  closing_id TEXT NOT NULL CHECK (closing_id <> ''),
  answer     TEXT NOT NULL CHECK (answer <> ''),
  PRIMARY KEY (record_id, closing_id)
) STRICT;

-- Facts that could not wait. No checklist, no certificate.
CREATE TABLE casework_urgent_note (
  id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  author_id    TEXT    NOT NULL CHECK (author_id <> ''),
  author_name  TEXT    NOT NULL CHECK (author_name <> ''),
  subject_id   TEXT    NOT NULL REFERENCES casework_subject (id),
  category     TEXT    CHECK (category IN ('suspect', 'convicted', 'victim', 'witness', 'other')), -- may not be known yet
  legal_status TEXT    CHECK (legal_status IN ('pre-trial', 'appeal', 'sentenced', 'other')),
  unit         TEXT    NOT NULL,
  occurred_at  INTEGER NOT NULL,
  place        TEXT    NOT NULL CHECK (place <> ''),
  fact         TEXT    NOT NULL CHECK (fact <> ''),
  how_known    TEXT    NOT NULL CHECK (how_known <> ''),
  submitted_at INTEGER NOT NULL,
  review_due   TEXT    NOT NULL CHECK (review_due = date(review_due)),
  delete_due   TEXT    NOT NULL CHECK (delete_due = date(delete_due) AND delete_due >= review_due)
) STRICT;

CREATE INDEX casework_urgent_note_of ON casework_urgent_note (author_id, submitted_at);

-- That a second reader has begun to read a record or an urgent note. One each.
CREATE TABLE casework_reading (
  id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  record_id   TEXT    UNIQUE REFERENCES casework_record (id),
  note_id     TEXT    UNIQUE REFERENCES casework_urgent_note (id),
  reader_id   TEXT    NOT NULL CHECK (reader_id <> ''),
  reader_name TEXT    NOT NULL CHECK (reader_name <> ''),
  begun_at    INTEGER NOT NULL,
  CHECK ((record_id IS NULL) <> (note_id IS NULL))
) STRICT;

-- Nobody is the second reader of what he or she wrote.
CREATE TRIGGER casework_reading_independent BEFORE INSERT ON casework_reading
WHEN new.reader_id IN (
  SELECT author_id FROM casework_record WHERE id = new.record_id
  UNION ALL SELECT author_id FROM casework_urgent_note WHERE id = new.note_id)
BEGIN SELECT raise(ABORT, 'author and second reader are two accounts'); END;

CREATE TRIGGER casework_reading_fixed BEFORE UPDATE ON casework_reading
BEGIN SELECT raise(ABORT, 'a reading never changes'); END;

-- A record that its author took back before anybody read it. Its content went back into a draft.
CREATE TABLE casework_taken_back (
  record_id     TEXT    NOT NULL PRIMARY KEY CHECK (length(record_id) = 36),
  author_id     TEXT    NOT NULL CHECK (author_id <> ''),
  taken_back_at INTEGER NOT NULL
) STRICT;

-- Submitted records and notes never change.
CREATE TRIGGER casework_record_fixed BEFORE UPDATE ON casework_record
BEGIN SELECT raise(ABORT, 'a submitted record never changes'); END;
CREATE TRIGGER casework_item_fixed BEFORE UPDATE ON casework_record_item
BEGIN SELECT raise(ABORT, 'a submitted record never changes'); END;
CREATE TRIGGER casework_evidence_fixed BEFORE UPDATE ON casework_record_evidence
BEGIN SELECT raise(ABORT, 'a submitted record never changes'); END;
CREATE TRIGGER casework_closing_fixed BEFORE UPDATE ON casework_record_closing
BEGIN SELECT raise(ABORT, 'a submitted record never changes'); END;
CREATE TRIGGER casework_note_fixed BEFORE UPDATE ON casework_urgent_note
BEGIN SELECT raise(ABORT, 'an urgent note never changes'); END;
