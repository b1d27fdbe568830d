INSERT INTO shop_edits VALUES (1, '2026-11-20 15:00:00.000', 'Carmen', 'fact', 'horario', 'null', '9 a 18', '8 a 18', NULL);
INSERT INTO corrections VALUES (1, '2026-11-20 15:05:00.000', 'Carmen', 'wa_c1', 'la industrial', '¿Cuál máquina?', 'BUSINESS_CONSULT', 'precio', NULL);
