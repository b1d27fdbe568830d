INSERT INTO catalog_items (item_id, brand, model, name, family, source, updated_at, kind, good_for, volume, promo, aliases)
    VALUES ('S900', 'Kingter', 'KT-D9', 'Kingter KT-D9', 'industrial', 'store', '2026-11-20 15:00:00.000', 'de costura recta', 'gorras', 'alto', 1,
    '["d9"]');
