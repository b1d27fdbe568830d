-- `elsewhere_since`: the last time that somebody else was seen to answer the chat. `given_back_at`: when a person gave it back.
ALTER TABLE conversations ADD COLUMN elsewhere_since TEXT;
ALTER TABLE conversations ADD COLUMN given_back_at TEXT;
-- 1: written while somebody else had the chat; never answered by us.
ALTER TABLE messages ADD COLUMN standby INTEGER NOT NULL DEFAULT 0;
CREATE INDEX messages_standby ON messages (created_at) WHERE standby = 1;
-- How often a row of unknown outcome was sent again.
ALTER TABLE outbox ADD COLUMN resends INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_held ON outbox (conversation_id) WHERE state = 'held';

-- Edits (with a payload) and deletions (without) of messages that have not arrived yet, by whom they are said to be.
CREATE TABLE early_changes (
    message_id  TEXT NOT NULL,
    writer      TEXT NOT NULL,
    direction   TEXT NOT NULL,
    wa_id       TEXT,
    user_id     TEXT,
    text        TEXT,
    payload     TEXT,
    received_at TEXT NOT NULL,
    PRIMARY KEY (message_id, writer)
) STRICT;

-- What a person wants no more of. It holds until `resumed_at`.
CREATE TABLE opt_outs (
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    what       TEXT NOT NULL,
    source     TEXT NOT NULL,
    stopped_at TEXT NOT NULL,
    resumed_at TEXT,
    PRIMARY KEY (contact_id, what)
) STRICT;
