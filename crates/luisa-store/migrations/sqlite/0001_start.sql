-- Times are UTC text `YYYY-MM-DD HH:MM:SS.SSS`; JSON is text; booleans are 0 or 1.

-- A person with one or both of WhatsApp's ids. `merged_into` names the row that survived when two turned out to be one person.
CREATE TABLE contacts (
    id                TEXT PRIMARY KEY NOT NULL,
    wa_id             TEXT UNIQUE,
    user_id           TEXT UNIQUE,
    parent_user_id    TEXT,
    profile_name      TEXT,
    username          TEXT,
    address_book_name TEXT,
    in_address_book   INTEGER NOT NULL DEFAULT 0,
    merged_into       TEXT REFERENCES contacts (id),
    created_at        TEXT NOT NULL,
    updated_at        TEXT NOT NULL
) STRICT;
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into IS NOT NULL;

-- `due_at`: when the pending messages may be answered. `claim_token`: who answers them now, until `claimed_until`.
-- `human_since`: the last time a PERSON took over (phone or console), never a handoff by LUISA.
CREATE TABLE conversations (
    id               TEXT PRIMARY KEY NOT NULL,
    channel          TEXT NOT NULL,
    contact_id       TEXT REFERENCES contacts (id),
    mode             TEXT NOT NULL DEFAULT 'AI_ACTIVE',
    human_until      TEXT,
    human_since      TEXT,
    human_by         TEXT,
    memory           TEXT NOT NULL DEFAULT '{}',
    last_inbound_at  TEXT,
    last_outbound_at TEXT,
    due_at           TEXT,
    first_pending_at TEXT,
    claimed_until    TEXT,
    claim_token      TEXT,
    created_at       TEXT NOT NULL,
    updated_at       TEXT NOT NULL
) STRICT;
CREATE INDEX conversations_due ON conversations (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX conversations_claimed ON conversations (claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX conversations_human ON conversations (human_until) WHERE human_until IS NOT NULL;
CREATE INDEX conversations_contact ON conversations (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX conversations_updated ON conversations (updated_at);

-- `message_id` is the provider's; its uniqueness is what makes a redelivered webhook harmless.
CREATE TABLE messages (
    id                INTEGER PRIMARY KEY,
    message_id        TEXT UNIQUE,
    conversation_id   TEXT NOT NULL REFERENCES conversations (id),
    direction         TEXT NOT NULL,
    sender            TEXT NOT NULL,
    kind              TEXT NOT NULL,
    text              TEXT,
    payload           TEXT,
    quoted_message_id TEXT,
    state             TEXT NOT NULL,
    state_rank        INTEGER NOT NULL DEFAULT 0,
    error_code        TEXT,
    pricing           TEXT,
    provider_at       TEXT,
    created_at        TEXT NOT NULL
) STRICT;
CREATE INDEX messages_conversation ON messages (conversation_id, id);
CREATE INDEX messages_created ON messages (created_at);

-- Messages that still wait for their turn; `messages` keeps the record after it.
CREATE TABLE inbox (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    message_id      TEXT NOT NULL UNIQUE,
    payload         TEXT NOT NULL,
    stale           INTEGER NOT NULL DEFAULT 0,
    provider_at     TEXT NOT NULL,
    received_at     TEXT NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX inbox_conversation ON inbox (conversation_id, provider_at, seq);

-- Messages whose turn failed too often: out of the way, visible, never lost.
CREATE TABLE parked_inbox (
    seq             INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    message_id      TEXT NOT NULL UNIQUE,
    payload         TEXT NOT NULL,
    stale           INTEGER NOT NULL DEFAULT 0,
    provider_at     TEXT NOT NULL,
    received_at     TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    error           TEXT NOT NULL,
    parked_at       TEXT NOT NULL
) STRICT;
CREATE INDEX parked_inbox_conversation ON parked_inbox (conversation_id);

-- What is to be sent. `lane` is the conversation, or the recipient of a notice: within it order is kept and one row is in flight.
-- `claimed_until` of an 'unknown' row is the moment until which it still holds its lane back.
CREATE TABLE outbox (
    id              INTEGER PRIMARY KEY,
    opaque          TEXT NOT NULL UNIQUE,
    lane            TEXT NOT NULL,
    conversation_id TEXT REFERENCES conversations (id),
    request_id      TEXT,
    purpose         TEXT NOT NULL,
    recipient       TEXT NOT NULL,
    payload         TEXT NOT NULL,
    reply_to        TEXT,
    state           TEXT NOT NULL,
    status_rank     INTEGER NOT NULL DEFAULT 0,
    attempts        INTEGER NOT NULL DEFAULT 0,
    due_at          TEXT NOT NULL,
    claimed_until   TEXT,
    claim_token     TEXT,
    wamid           TEXT,
    error_code      TEXT,
    error_text      TEXT,
    created_at      TEXT NOT NULL,
    sent_at         TEXT,
    message_row     INTEGER REFERENCES messages (id)
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state = 'due';
CREATE INDEX outbox_lane ON outbox (lane, id) WHERE state IN ('due', 'claimed', 'unknown');
CREATE INDEX outbox_claimed ON outbox (claimed_until) WHERE state = 'claimed';
CREATE INDEX outbox_wamid ON outbox (wamid) WHERE wamid IS NOT NULL;
CREATE INDEX outbox_conversation ON outbox (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX outbox_stuck ON outbox (state) WHERE state IN ('unknown', 'held', 'dead');
CREATE INDEX outbox_message ON outbox (message_row) WHERE message_row IS NOT NULL;

CREATE TABLE handoffs (
    id                INTEGER PRIMARY KEY,
    conversation_id   TEXT NOT NULL REFERENCES conversations (id),
    request_id        TEXT,
    team              TEXT NOT NULL,
    priority          TEXT NOT NULL,
    reason            TEXT NOT NULL,
    summary           TEXT NOT NULL,
    next_step         TEXT,
    suggested_message TEXT,
    lead              TEXT NOT NULL DEFAULT '{}',
    status            TEXT NOT NULL DEFAULT 'open',
    taken_by          TEXT,
    raised            INTEGER NOT NULL DEFAULT 0,
    created_at        TEXT NOT NULL,
    updated_at        TEXT NOT NULL,
    taken_at          TEXT,
    closed_at         TEXT
) STRICT;
CREATE INDEX handoffs_conversation ON handoffs (conversation_id, id);
CREATE INDEX handoffs_status ON handoffs (status, id);

CREATE TABLE notifications (
    id              INTEGER PRIMARY KEY,
    handoff_id      INTEGER REFERENCES handoffs (id),
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    team            TEXT NOT NULL,
    body            TEXT NOT NULL,
    outbox_id       INTEGER REFERENCES outbox (id),
    state           TEXT NOT NULL,
    error_code      TEXT,
    created_at      TEXT NOT NULL,
    sent_at         TEXT
) STRICT;
CREATE INDEX notifications_conversation ON notifications (conversation_id, id);
CREATE INDEX notifications_outbox ON notifications (outbox_id) WHERE outbox_id IS NOT NULL;
CREATE INDEX notifications_created ON notifications (created_at);

CREATE TABLE catalog_items (
    item_id    TEXT PRIMARY KEY NOT NULL,
    brand      TEXT NOT NULL,
    model      TEXT NOT NULL,
    name       TEXT NOT NULL,
    family     TEXT NOT NULL,
    features   TEXT NOT NULL DEFAULT '[]',
    uses       TEXT NOT NULL DEFAULT '[]',
    price_cop  INTEGER,
    stock      INTEGER,
    active     INTEGER NOT NULL DEFAULT 1,
    image_id   TEXT,
    priority   INTEGER NOT NULL DEFAULT 0,
    notes      TEXT,
    source     TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- One row per inbound message. Columns and their order are a promise to operators: add nothing here.
CREATE TABLE interaction_traces (
    id                        INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id                TEXT NOT NULL,
    message_id                TEXT,
    conversation_id           TEXT NOT NULL,
    channel                   TEXT NOT NULL,
    customer_phone_hash       TEXT,
    raw_text                  TEXT,
    normalized_text           TEXT,
    classification            TEXT NOT NULL,
    classification_score      REAL,
    classification_reasons    TEXT NOT NULL DEFAULT '[]',
    classifier_version        TEXT,
    is_personal               INTEGER NOT NULL DEFAULT 0,
    intent                    TEXT,
    intent_score              REAL,
    slots                     TEXT NOT NULL DEFAULT '{}',
    routed_team               TEXT,
    handoff_reason            TEXT,
    handoff_priority          TEXT,
    selected_asset_id         TEXT,
    cache_hit                 INTEGER NOT NULL DEFAULT 0,
    openai_called             INTEGER NOT NULL DEFAULT 0,
    openai_model              TEXT,
    openai_input_tokens       INTEGER,
    openai_output_tokens      INTEGER,
    openai_cost_usd           REAL,
    openai_latency_ms         REAL,
    openai_error              TEXT,
    openai_fallback_used      INTEGER NOT NULL DEFAULT 0,
    openai_canary_allowed     INTEGER NOT NULL DEFAULT 0,
    prompt_version            TEXT,
    response_text             TEXT,
    response_len_chars        INTEGER,
    decision_path             TEXT NOT NULL,
    conversation_mode         TEXT NOT NULL,
    latency_ms                REAL,
    latency_us                INTEGER,
    whatsapp_send_success     INTEGER,
    whatsapp_send_latency_ms  REAL,
    whatsapp_send_error_code  TEXT,
    error_message             TEXT,
    created_at                TEXT NOT NULL
) STRICT;
CREATE INDEX interaction_traces_created ON interaction_traces (created_at);
CREATE INDEX interaction_traces_request ON interaction_traces (request_id);
CREATE INDEX interaction_traces_message ON interaction_traces (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX interaction_traces_conversation ON interaction_traces (conversation_id, id);
-- Words of personal messages that are kept for a while only.
CREATE INDEX interaction_traces_personal ON interaction_traces (created_at) WHERE is_personal = 1 AND raw_text IS NOT NULL;

-- Parts of webhooks that could not be understood or applied, kept whole.
CREATE TABLE webhook_unparsed (
    id          INTEGER PRIMARY KEY,
    field       TEXT NOT NULL,
    raw         TEXT NOT NULL,
    reason      TEXT NOT NULL,
    received_at TEXT NOT NULL
) STRICT;

-- News about a message that has not arrived yet (Meta keeps no order): its best status, or that it was revoked.
CREATE TABLE early_statuses (
    message_id  TEXT PRIMARY KEY NOT NULL,
    state       TEXT NOT NULL,
    state_rank  INTEGER NOT NULL,
    error_code  TEXT,
    pricing     TEXT,
    received_at TEXT NOT NULL
) STRICT;

CREATE TABLE fact_edits (
    key        TEXT PRIMARY KEY NOT NULL,
    value      TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by TEXT NOT NULL
) STRICT;

CREATE TABLE kv (
    key        TEXT PRIMARY KEY NOT NULL,
    value      TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
