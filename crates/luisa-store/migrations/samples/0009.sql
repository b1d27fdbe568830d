INSERT INTO early_changes VALUES ('wamid.later2', '573005550001', 'in', '573005550001', NULL, 'la otra', '{"text":"la otra"}', '2026-11-20 15:00:00.000');
INSERT INTO opt_outs (contact_id, what, source, stopped_at) VALUES ('c1', 'marketing', 'whatsapp', '2026-11-20 15:00:00.000');
