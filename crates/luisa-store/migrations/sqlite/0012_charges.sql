-- Money spent on what customers sent, by service (transcription, vision). `key`: the sha256 of the file, paid for once per service.
-- `nano_usd`: billionths of a US dollar. `units`: seconds of speech, pictures.
CREATE TABLE charges (
    id              INTEGER PRIMARY KEY,
    at              TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    service         TEXT NOT NULL,
    model           TEXT NOT NULL,
    key             TEXT,
    units           REAL NOT NULL,
    nano_usd        INTEGER NOT NULL
) STRICT;
CREATE INDEX charges_at ON charges (at);
CREATE INDEX charges_conversation ON charges (conversation_id, at);
