-- What the team's desk shows and keeps. The heads and the changes are written by triggers, so that every way a message is stored, by
-- whatever operation or program, is seen.

-- One row per chat that has a message: what a list shows of it without looking at its messages. `waiting_since`: since when the customer
-- waits for an answer. LUISA's courtesy while a person leads is none; a failed or cancelled answer is none.
CREATE TABLE chat_heads (
    id              INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL UNIQUE REFERENCES conversations (id) ON DELETE CASCADE,
    last_message    INTEGER NOT NULL,
    last_at         TEXT NOT NULL,
    waiting_since   TEXT,
    personal        INTEGER NOT NULL DEFAULT 0,
    name            TEXT NOT NULL DEFAULT '',
    digits          TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX chat_heads_last ON chat_heads (last_message);
CREATE INDEX chat_heads_waiting ON chat_heads (waiting_since, id) WHERE waiting_since IS NOT NULL;
CREATE INDEX conversations_human_by ON conversations (human_by) WHERE human_by IS NOT NULL;

-- Names and numbers of the heads, without accents, by the beginning of each word.
CREATE VIRTUAL TABLE chat_search USING fts5 (
    name, digits, content = 'chat_heads', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
);
INSERT INTO chat_search (chat_search, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER chat_heads_added AFTER INSERT ON chat_heads BEGIN
    INSERT INTO chat_search (rowid, name, digits) VALUES (NEW.id, NEW.name, NEW.digits);
END;
CREATE TRIGGER chat_heads_renamed AFTER UPDATE OF name, digits ON chat_heads BEGIN
    INSERT INTO chat_search (chat_search, rowid, name, digits) VALUES ('delete', OLD.id, OLD.name, OLD.digits);
    INSERT INTO chat_search (rowid, name, digits) VALUES (NEW.id, NEW.name, NEW.digits);
END;
CREATE TRIGGER chat_heads_removed AFTER DELETE ON chat_heads BEGIN
    INSERT INTO chat_search (chat_search, rowid, name, digits) VALUES ('delete', OLD.id, OLD.name, OLD.digits);
END;

-- How a person is called and which digits find them: the whole number, without the country, the last four.
CREATE VIEW contact_names AS SELECT id,
    coalesce(address_book_name, profile_name, '@' || username, '') AS name,
    CASE WHEN wa_id IS NULL THEN '' ELSE wa_id || ' ' || substr(wa_id, 3) || ' ' || substr(wa_id, -4) END AS digits
FROM contacts;

CREATE TRIGGER messages_head AFTER INSERT ON messages BEGIN
    INSERT INTO chat_heads (conversation_id, last_message, last_at, waiting_since, name, digits)
    VALUES (NEW.conversation_id, NEW.id, NEW.created_at,
        CASE WHEN NEW.direction = 'in' AND NEW.kind <> 'reaction' AND NEW.state <> 'revoked' THEN NEW.created_at END,
        coalesce((SELECT n.name FROM conversations c JOIN contact_names n ON n.id = c.contact_id WHERE c.id = NEW.conversation_id), ''),
        coalesce((SELECT n.digits FROM conversations c JOIN contact_names n ON n.id = c.contact_id WHERE c.id = NEW.conversation_id), ''))
    ON CONFLICT (conversation_id) DO UPDATE SET last_message = excluded.last_message, last_at = excluded.last_at,
        waiting_since = CASE
            WHEN NEW.direction = 'in' THEN coalesce(waiting_since, excluded.waiting_since)
            WHEN NEW.sender = 'human' THEN NULL
            WHEN (SELECT mode FROM conversations WHERE id = NEW.conversation_id) = 'AI_ACTIVE' THEN NULL
            ELSE waiting_since END;
END;
-- An answer that will not arrive is none.
CREATE TRIGGER messages_lost AFTER UPDATE OF state ON messages
WHEN NEW.direction = 'out' AND NEW.state IN ('failed', 'cancelled') AND OLD.state <> NEW.state
    AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation_id = NEW.conversation_id AND id > NEW.id AND direction = 'out'
        AND state NOT IN ('failed', 'cancelled'))
BEGIN
    UPDATE chat_heads SET waiting_since = coalesce(waiting_since, (SELECT max(created_at) FROM messages
        WHERE conversation_id = NEW.conversation_id AND direction = 'in' AND kind <> 'reaction'))
    WHERE conversation_id = NEW.conversation_id;
END;
-- Two chats turned out to be one person's.
CREATE TRIGGER messages_moved AFTER UPDATE OF conversation_id ON messages WHEN OLD.conversation_id <> NEW.conversation_id BEGIN
    INSERT INTO chat_heads (conversation_id, last_message, last_at, waiting_since, name, digits)
    VALUES (NEW.conversation_id, NEW.id, NEW.created_at, (SELECT waiting_since FROM chat_heads WHERE conversation_id = OLD.conversation_id),
        coalesce((SELECT n.name FROM conversations c JOIN contact_names n ON n.id = c.contact_id WHERE c.id = NEW.conversation_id), ''),
        coalesce((SELECT n.digits FROM conversations c JOIN contact_names n ON n.id = c.contact_id WHERE c.id = NEW.conversation_id), ''))
    ON CONFLICT (conversation_id) DO UPDATE SET last_message = max(last_message, excluded.last_message),
        last_at = max(last_at, excluded.last_at),
        waiting_since = coalesce(min(waiting_since, excluded.waiting_since), waiting_since, excluded.waiting_since);
END;
-- What is personal waits for nobody, unless a person leads: then a person says so.
CREATE TRIGGER traces_head AFTER INSERT ON interaction_traces BEGIN
    UPDATE chat_heads SET personal = NEW.is_personal,
        waiting_since = CASE WHEN NEW.is_personal = 1 AND NEW.verdict IS NOT 'unsure' AND NEW.conversation_mode = 'AI_ACTIVE'
            AND waiting_since >= (SELECT created_at FROM messages WHERE message_id = NEW.message_id) THEN NULL ELSE waiting_since END
    WHERE conversation_id = NEW.conversation_id;
END;
CREATE TRIGGER contacts_renamed AFTER UPDATE OF wa_id, address_book_name, profile_name, username ON contacts BEGIN
    UPDATE chat_heads SET (name, digits) = (SELECT name, digits FROM contact_names WHERE id = NEW.id)
    WHERE conversation_id IN (SELECT id FROM conversations WHERE contact_id = NEW.id)
        AND (name, digits) IS NOT (SELECT name, digits FROM contact_names WHERE id = NEW.id);
END;

INSERT INTO chat_heads (conversation_id, last_message, last_at, waiting_since, name, digits)
SELECT c.id, m.id, m.created_at, CASE WHEN c.mode = 'HUMAN_ACTIVE' AND m.direction = 'in' THEN m.created_at END,
    coalesce(n.name, ''), coalesce(n.digits, '')
FROM conversations c JOIN messages m ON m.id = (SELECT max(id) FROM messages WHERE conversation_id = c.id)
LEFT JOIN contact_names n ON n.id = c.contact_id;

-- What pages show and what changed in it, with a growing number: a browser that was away asks for what came after the last it saw.
CREATE TABLE changes (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    what            TEXT NOT NULL,
    conversation_id TEXT
) STRICT;
CREATE INDEX changes_conversation ON changes (conversation_id) WHERE conversation_id IS NOT NULL;
-- The oldest go: who was away for longer loads its page anew.
CREATE TRIGGER changes_kept AFTER INSERT ON changes BEGIN DELETE FROM changes WHERE id <= NEW.id - 20000; END;
CREATE TRIGGER changes_message AFTER INSERT ON messages BEGIN
    INSERT INTO changes (what, conversation_id) VALUES (CASE NEW.direction WHEN 'in' THEN 'in' ELSE 'out' END, NEW.conversation_id);
END;
CREATE TRIGGER changes_state AFTER UPDATE OF state, text ON messages WHEN OLD.state <> NEW.state OR OLD.text IS NOT NEW.text BEGIN
    INSERT INTO changes (what, conversation_id) VALUES ('state', NEW.conversation_id);
END;
CREATE TRIGGER changes_mode AFTER UPDATE OF mode, human_by, human_until ON conversations
WHEN OLD.mode <> NEW.mode OR OLD.human_by IS NOT NEW.human_by OR OLD.human_until IS NOT NEW.human_until BEGIN
    INSERT INTO changes (what, conversation_id) VALUES ('mode', NEW.id);
END;
CREATE TRIGGER changes_handoff_opened AFTER INSERT ON handoffs BEGIN
    INSERT INTO changes (what, conversation_id) VALUES ('handoff', NEW.conversation_id);
END;
CREATE TRIGGER changes_handoff AFTER UPDATE ON handoffs BEGIN
    INSERT INTO changes (what, conversation_id) VALUES ('handoff', NEW.conversation_id);
END;
CREATE TRIGGER changes_shop AFTER UPDATE ON shop_revision BEGIN INSERT INTO changes (what) VALUES ('shop'); END;

-- The last message of a chat that a user has seen.
CREATE TABLE read_marks (
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    message         INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;

-- What a user has begun to write.
CREATE TABLE drafts (
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    text            TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;

-- What the team tells each other about a chat; the customer never sees it.
CREATE TABLE notes (
    id              INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    who             TEXT NOT NULL,
    text            TEXT NOT NULL,
    created_at      TEXT NOT NULL
) STRICT;
CREATE INDEX notes_conversation ON notes (conversation_id, id);
CREATE TRIGGER changes_note AFTER INSERT ON notes BEGIN
    INSERT INTO changes (what, conversation_id) VALUES ('note', NEW.conversation_id);
END;

-- Each press on "send" has an id that the browser made: the same press twice is one message.
CREATE TABLE console_sends (
    send_id         TEXT PRIMARY KEY NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    who             TEXT NOT NULL,
    message_row     INTEGER NOT NULL,
    created_at      TEXT NOT NULL
) STRICT;
CREATE INDEX console_sends_conversation ON console_sends (conversation_id);
CREATE INDEX console_sends_message ON console_sends (message_row);

-- How a handoff ended: vendido, perdido, resuelto; and for a lost sale, why.
ALTER TABLE handoffs ADD COLUMN outcome TEXT;
ALTER TABLE handoffs ADD COLUMN outcome_why TEXT;
ALTER TABLE handoffs ADD COLUMN closed_by TEXT;

-- Who has been told that nobody answers it: 0 nobody, 1 the team again, 2 the owner, 3 the customer; and when last.
ALTER TABLE handoffs ADD COLUMN ladder INTEGER NOT NULL DEFAULT 0;
ALTER TABLE handoffs ADD COLUMN ladder_at TEXT;
