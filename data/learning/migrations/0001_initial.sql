-- Where an account left off in a module.
CREATE TABLE learning_place (
  account_id     TEXT    NOT NULL CHECK (account_id <> ''),
  module_id      TEXT    NOT NULL CHECK (module_id <> ''),
  module_version INTEGER NOT NULL CHECK (module_version >= 1),
  lesson_id      TEXT    NOT NULL CHECK (lesson_id <> ''),
  position       REAL    NOT NULL CHECK (position BETWEEN 0 AND 1),
  at             INTEGER NOT NULL,
  PRIMARY KEY (account_id, module_id)
) STRICT;

-- Lessons read to the end; the version is the one in which that happened first.
CREATE TABLE learning_lesson_read (
  account_id     TEXT    NOT NULL CHECK (account_id <> ''),
  module_id      TEXT    NOT NULL CHECK (module_id <> ''),
  lesson_id      TEXT    NOT NULL CHECK (lesson_id <> ''),
  module_version INTEGER NOT NULL CHECK (module_version >= 1),
  at             INTEGER NOT NULL,
  PRIMARY KEY (account_id, module_id, lesson_id)
) STRICT;

-- Attempts at a quiz. The seed drew and shuffled the questions, which are stored as they were drawn.
CREATE TABLE learning_attempt (
  id             TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  account_id     TEXT    NOT NULL CHECK (account_id <> ''),
  module_id      TEXT    NOT NULL CHECK (module_id <> ''),
  module_version INTEGER NOT NULL CHECK (module_version >= 1),
  module_title   TEXT    NOT NULL CHECK (json_valid(module_title)),
  seed           INTEGER NOT NULL,
  pass_mark      INTEGER NOT NULL CHECK (pass_mark BETWEEN 1 AND 100),
  state          TEXT    NOT NULL CHECK (state IN ('open', 'submitted', 'closed')), -- closed: its version was withdrawn
  started_at     INTEGER NOT NULL,
  submitted_at   INTEGER,
  percent        INTEGER CHECK (percent BETWEEN 0 AND 100),
  passed         INTEGER CHECK (passed IN (0, 1)),
  CHECK ((state = 'submitted') = (submitted_at IS NOT NULL)),
  CHECK ((state = 'submitted') = (percent IS NOT NULL)),
  CHECK ((state = 'submitted') = (passed IS NOT NULL))
) STRICT;

CREATE INDEX learning_attempt_of ON learning_attempt (account_id, module_id);

-- One open attempt at a time.
CREATE UNIQUE INDEX learning_attempt_open ON learning_attempt (account_id, module_id) WHERE state = 'open';

CREATE TABLE learning_attempt_question (
  attempt_id  TEXT    NOT NULL REFERENCES learning_attempt (id),
  place       INTEGER NOT NULL CHECK (place >= 0),
  question_id TEXT    NOT NULL CHECK (question_id <> ''),
  question    TEXT    NOT NULL CHECK (json_valid(question)), -- answers in the order in which they are shown
  given       TEXT    CHECK (given IS NULL OR json_valid(given)),
  given_at    INTEGER,
  PRIMARY KEY (attempt_id, place),
  UNIQUE (attempt_id, question_id),
  CHECK ((given IS NULL) = (given_at IS NULL))
) STRICT;

-- What was submitted never changes.
CREATE TRIGGER learning_attempt_fixed BEFORE UPDATE ON learning_attempt WHEN old.state <> 'open'
BEGIN SELECT raise(ABORT, 'a submitted attempt never changes'); END;

CREATE TRIGGER learning_question_fixed BEFORE UPDATE ON learning_attempt_question
WHEN new.question <> old.question OR new.question_id <> old.question_id OR new.attempt_id <> old.attempt_id OR new.place <> old.place
  OR (SELECT state FROM learning_attempt WHERE id = old.attempt_id) <> 'open'
BEGIN SELECT raise(ABORT, 'the questions of an attempt, and the answers of a submitted one, never change'); END;

CREATE TABLE learning_certificate (
  id              TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  account_id      TEXT    NOT NULL CHECK (account_id <> ''),
  account_name    TEXT    NOT NULL CHECK (account_name <> ''),
  course_id       TEXT    NOT NULL CHECK (course_id <> ''),
  course_title    TEXT    NOT NULL CHECK (course_title <> ''),
  course_version  INTEGER NOT NULL CHECK (course_version >= 1),
  issued_at       INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL CHECK (expires_at > issued_at),
  workstation_key TEXT    NOT NULL CHECK (workstation_key <> ''),
  signature       TEXT    NOT NULL CHECK (signature <> '')
) STRICT;

CREATE INDEX learning_certificate_of ON learning_certificate (account_id, course_id, expires_at);

CREATE TRIGGER learning_certificate_fixed BEFORE UPDATE ON learning_certificate
BEGIN SELECT raise(ABORT, 'a certificate never changes'); END;
