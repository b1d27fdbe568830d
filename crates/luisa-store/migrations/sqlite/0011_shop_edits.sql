-- What people changed in the shop: `was` is what there was before, whole, so that it can be put back; `before` and `after` are for reading.
CREATE TABLE shop_edits (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at        TEXT NOT NULL,
    who       TEXT NOT NULL,
    kind      TEXT NOT NULL,
    key       TEXT NOT NULL,
    was       TEXT NOT NULL,
    before    TEXT NOT NULL,
    after     TEXT NOT NULL,
    undone_at TEXT
) STRICT;
CREATE INDEX shop_edits_key ON shop_edits (kind, key, id);
-- What people said was wrong with an answer: the customer's words with what they were, and what should have been said.
CREATE TABLE corrections (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at              TEXT NOT NULL,
    who             TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    text            TEXT NOT NULL,
    answered        TEXT NOT NULL,
    class           TEXT NOT NULL,
    intent          TEXT NOT NULL,
    right_answer    TEXT
) STRICT;
CREATE INDEX corrections_conversation ON corrections (conversation_id);
