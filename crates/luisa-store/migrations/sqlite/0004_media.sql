-- Files that customers send. `state`: due (to be fetched), kept (it is here), failed (it cannot be had), closed (personal: it is not
-- fetched), gone (kept long enough). `due_at`: when it is fetched next. `wait_until`: so long the chat's turn waits for it. `sha256`: in
-- hexadecimal, of the file that is here, and its name. `content`: what was heard or seen in it, as JSON; personal files have none.
CREATE TABLE media (
    message_id      TEXT PRIMARY KEY NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    kind            TEXT NOT NULL,
    provider_id     TEXT,
    expected_sha256 TEXT,
    mime            TEXT,
    file_name       TEXT,
    state           TEXT NOT NULL,
    reason          TEXT,
    attempts        INTEGER NOT NULL DEFAULT 0,
    due_at          TEXT,
    wait_until      TEXT,
    sha256          TEXT,
    bytes           INTEGER,
    content         TEXT,
    keep_until      TEXT,
    created_at      TEXT NOT NULL,
    settled_at      TEXT
) STRICT;
CREATE INDEX media_conversation ON media (conversation_id);
CREATE INDEX media_created ON media (created_at);
CREATE INDEX media_due ON media (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX media_sha256 ON media (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX media_keep ON media (keep_until) WHERE keep_until IS NOT NULL;
