INSERT INTO interaction_traces (request_id, message_id, conversation_id, channel, classification, decision_path, conversation_mode, verdict,
    asks, known, unknown, missed, created_at)
    SELECT 'r-unsure', NULL, id, 'whatsapp', 'NON_BUSINESS', 'silent:unsure', 'AI_ACTIVE', 'unsure', '["precio"]', '[]', '[]', '[]',
    '2026-11-20 15:00:00.000' FROM conversations LIMIT 1;
