INSERT INTO erasures VALUES ('e1', '2026-11-20 15:00:00.000', '{"messages":3}');
