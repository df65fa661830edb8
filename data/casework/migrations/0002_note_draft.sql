-- The urgent note that an account is writing, as typed: one, because whoever has begun one should send it.
CREATE TABLE casework_note_draft (
  author_id TEXT    NOT NULL PRIMARY KEY CHECK (author_id <> ''),
  id        TEXT    NOT NULL UNIQUE CHECK (length(id) = 36),
  body      TEXT    NOT NULL CHECK (json_valid(body)),
  saved_at  INTEGER NOT NULL
) STRICT;
