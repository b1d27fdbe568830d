INSERT INTO read_marks VALUES ('wa_c1', 1, 2);
INSERT INTO drafts VALUES ('wa_c1', 1, 'Doña Ana, le cuento que', '2026-11-20 15:04:00.000');
INSERT INTO notes VALUES (1, 'wa_c1', 'Carmen', 'Pasa el sábado', '2026-11-20 15:04:00.000');
INSERT INTO console_sends VALUES ('s1', 'wa_c1', 'Carmen', 2, '2026-11-20 15:04:00.000');
UPDATE handoffs SET outcome = 'vendido', closed_by = 'Carmen', status = 'closed' WHERE id = 1;
UPDATE handoffs SET outcome = NULL, closed_by = NULL, status = 'open' WHERE id = 1;
