INSERT INTO closed_days VALUES ('2026-12-24', 'inventario', '2026-11-20 15:00:00.000');
