UPDATE catalog_items SET traits = 'peso=12 kg' WHERE item_id = 'S900';
INSERT INTO queries (conversation_id, request_id, team, topic, item_id, name, words, created_at)
    SELECT id, 'r900', 'tecnica', 'peso', 'S900', 'el peso', 'cuánto pesa', '2026-11-29 15:00:00.000' FROM conversations LIMIT 1;
