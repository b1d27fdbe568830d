-- Claiming costs the same however many wait: an index in the order in which chats get their turn. `pending_since`: when the first of the
-- messages that wait was written, by the provider's clock.
ALTER TABLE conversations ADD COLUMN pending_since TEXT;
UPDATE conversations SET pending_since = (SELECT min(provider_at) FROM inbox WHERE conversation_id = conversations.id)
    WHERE due_at IS NOT NULL OR claimed_until IS NOT NULL;
DROP INDEX conversations_due;
DROP INDEX conversations_claimed;
CREATE INDEX conversations_queue ON conversations (coalesce(claimed_until, due_at), pending_since)
    WHERE coalesce(claimed_until, due_at) IS NOT NULL;
CREATE INDEX outbox_unknown ON outbox (claimed_until) WHERE state = 'unknown';
