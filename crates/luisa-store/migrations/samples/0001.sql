-- One row or more of everything, as it could be after migration 0001.
INSERT INTO contacts VALUES ('c1', '573005550001', NULL, NULL, 'Ana', NULL, NULL, 0, NULL, '2026-11-20 15:00:00.000', '2026-11-20 15:00:00.000');
INSERT INTO contacts VALUES ('c2', NULL, NULL, NULL, 'Ana', 'ana.cose', NULL, 0, 'c1', '2026-11-20 15:01:00.000', '2026-11-20 15:02:00.000');
INSERT INTO conversations (id, channel, contact_id, mode, human_until, human_since, human_by, memory, last_inbound_at, last_outbound_at, due_at,
    first_pending_at, claimed_until, claim_token, created_at, updated_at) VALUES ('wa_c1', 'whatsapp', 'c1', 'HUMAN_ACTIVE', '2026-11-21 03:00:00.000', '2026-11-20 15:03:00.000', 'phone', '{"v":1}', '2026-11-20 15:02:00.000', '2026-11-20 15:00:01.000', '2026-11-20 15:02:01.500', '2026-11-20 15:02:00.000', NULL, NULL, '2026-11-20 15:00:00.000', '2026-11-20 15:03:00.000');
INSERT INTO conversations (id, channel, created_at, updated_at) VALUES ('demo', 'api', '2026-11-20 15:00:00.000', '2026-11-20 15:00:00.000');
INSERT INTO messages (id, message_id, conversation_id, direction, sender, kind, text, payload, state, created_at) VALUES (1, 'wamid.in1', 'wa_c1', 'in', 'customer', 'text', 'Buenas, ¿qué precio?', '{}', 'received', '2026-11-20 15:00:00.000');
INSERT INTO messages (id, message_id, conversation_id, direction, sender, kind, text, state, state_rank, created_at) VALUES (2, 'wamid.out1', 'wa_c1', 'out', 'luisa', 'text', '¿Cuál máquina?', 'read', 4, '2026-11-20 15:00:01.000');
INSERT INTO messages (id, message_id, conversation_id, direction, sender, kind, text, payload, state, created_at) VALUES (3, 'wamid.in2', 'wa_c1', 'in', 'customer', 'text', 'la industrial', '{}', 'received', '2026-11-20 15:02:00.000');
INSERT INTO inbox VALUES (7, 'wa_c1', 'wamid.in2', '{}', 0, '2026-11-20 15:02:00.000', '2026-11-20 15:02:00.000', 1);
INSERT INTO parked_inbox VALUES (3, 'wa_c1', 'wamid.bad', '{}', 0, '2026-11-20 14:00:00.000', '2026-11-20 14:00:00.000', 5, 'boom', '2026-11-20 14:30:00.000');
INSERT INTO outbox (id, opaque, lane, conversation_id, request_id, purpose, recipient, payload, state, attempts, due_at, wamid, created_at, sent_at, message_row) VALUES (1, 'o1', 'wa_c1', 'wa_c1', 'r1', 'reply', '{"wa_id":"573005550001"}', '{}', 'sent', 1, '2026-11-20 15:00:01.000', 'wamid.out1', '2026-11-20 15:00:01.000', '2026-11-20 15:00:01.300', 2);
INSERT INTO handoffs (id, conversation_id, request_id, team, priority, reason, summary, created_at, updated_at) VALUES (1, 'wa_c1', 'r1', 'comercial', 'high', 'cierre', 'Quiere comprar', '2026-11-20 15:00:01.000', '2026-11-20 15:00:01.000');
INSERT INTO notifications (id, handoff_id, conversation_id, team, body, outbox_id, state, created_at) VALUES (1, 1, 'wa_c1', 'comercial', 'Ana quiere comprar', NULL, 'failed', '2026-11-20 15:00:01.000');
INSERT INTO catalog_items (item_id, brand, model, name, family, source, updated_at) VALUES ('I007', 'KINGTER', 'KT-D3', 'Industrial KT-D3', 'industrial', 'pack', '2026-11-20 15:00:00.000');
INSERT INTO interaction_traces (request_id, message_id, conversation_id, channel, classification, decision_path, conversation_mode, latency_ms, created_at) VALUES ('r1', 'wamid.in1', 'wa_c1', 'whatsapp', 'BUSINESS_CONSULT', 'rate_ok->sent', 'AI_ACTIVE', 0.4, '2026-11-20 15:00:01.000');
INSERT INTO webhook_unparsed VALUES (1, 'messages', '{"odd":true}', 'no sender', '2026-11-20 15:00:00.000');
INSERT INTO early_statuses VALUES ('wamid.later', 'delivered', 3, NULL, NULL, '2026-11-20 15:00:00.000');
INSERT INTO fact_edits VALUES ('hours', '"8 a 6"', '2026-11-20 15:00:00.000', 'carmen');
INSERT INTO kv VALUES ('sender.paused', 'no', '2026-11-20 15:00:00.000');
