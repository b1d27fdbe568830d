-- Who may use the console. `handle` is the name as it is typed at the door: folded, without accents.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    handle        TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    disabled_at   TEXT
) STRICT;

-- Browsers that are in. Only the SHA-256 of what a browser holds is kept.
CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    device     TEXT NOT NULL,
    created_at TEXT NOT NULL,
    seen_at    TEXT NOT NULL,
    ends_at    TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);

-- One-time links by which a user sets a first password, or a new one.
CREATE TABLE invitations (
    token_hash TEXT PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL,
    handle     TEXT NOT NULL,
    role       TEXT NOT NULL,
    made_by    TEXT NOT NULL,
    created_at TEXT NOT NULL,
    ends_at    TEXT NOT NULL
) STRICT;

-- What people did, for good: no operation changes or removes a row. Of an erased customer the act stays, without words.
CREATE TABLE audit_log (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at              TEXT NOT NULL,
    who             TEXT NOT NULL,
    act             TEXT NOT NULL,
    conversation_id TEXT,
    about           TEXT,
    before          TEXT,
    after           TEXT
) STRICT;
CREATE INDEX audit_log_conversation ON audit_log (conversation_id) WHERE conversation_id IS NOT NULL;
