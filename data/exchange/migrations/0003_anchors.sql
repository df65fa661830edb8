-- How far the stores of publishers had come, as their newest bundle of a stream says: one that says less later went back.
CREATE TABLE exchange_anchor (
  issuer      TEXT    NOT NULL,
  stream      TEXT    NOT NULL,
  sequence    INTEGER NOT NULL, -- of the bundle
  store       TEXT    NOT NULL,
  incarnation TEXT    NOT NULL,
  generation  INTEGER NOT NULL,
  commits     INTEGER NOT NULL, -- the anchor's sequence
  PRIMARY KEY (issuer, stream)
) STRICT;
