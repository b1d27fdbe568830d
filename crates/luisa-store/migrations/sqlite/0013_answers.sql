-- What is known of a product by column: `peso=12 kg|luz=sí`.
ALTER TABLE catalog_items ADD COLUMN traits TEXT NOT NULL DEFAULT '';

-- Questions of customers that nobody could answer yet.
CREATE TABLE queries (
    id              INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    request_id      TEXT NOT NULL,
    team            TEXT NOT NULL,
    -- Topic of the pack; NULL when no topic knows the words.
    topic           TEXT,
    item_id         TEXT,
    -- What is asked, named: `el peso de la Union UN300`.
    name            TEXT NOT NULL,
    -- In the customer's words; NULL once they are forgotten.
    words           TEXT,
    -- open, answered, dropped
    status          TEXT NOT NULL DEFAULT 'open',
    answer          TEXT,
    answered_by     TEXT,
    created_at      TEXT NOT NULL,
    answered_at     TEXT
) STRICT;
CREATE INDEX queries_conversation ON queries (conversation_id, id);
CREATE INDEX queries_open ON queries (status, topic, item_id);
