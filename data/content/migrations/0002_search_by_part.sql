-- Where the texts of current versions stand: one row for each lesson, section, item, term or document head and language.
-- With it the words of one document are found and replaced without reading those of all.
CREATE TABLE content_part (
  number      INTEGER PRIMARY KEY,
  document_id TEXT    NOT NULL,
  version     INTEGER NOT NULL,
  kind        TEXT    NOT NULL CHECK (kind IN ('course', 'module', 'checklist', 'glossary')),
  part        TEXT    NOT NULL,
  language    TEXT    NOT NULL,
  FOREIGN KEY (document_id, version) REFERENCES content_version (id, version)
) STRICT;

CREATE INDEX content_part_of_document ON content_part (document_id, version);

INSERT INTO content_part (number, document_id, version, kind, part, language)
  SELECT rowid, id, version, kind, part, language FROM content_search;

-- The words, under the number of their part.
CREATE VIRTUAL TABLE content_words USING fts5 (
  title, part_title, body,
  tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO content_words (content_words, rank) VALUES ('secure-delete', 1);
INSERT INTO content_words (rowid, title, part_title, body)
  SELECT rowid, title, part_title, body FROM content_search;

DROP TABLE content_search;
