-- All that a product of a pack says, so that the staff can change any of it; and a number that every change of the catalog or
-- of a fact raises, by whatever program it is made: the serving process notices it.
ALTER TABLE catalog_items ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE catalog_items ADD COLUMN good_for TEXT NOT NULL DEFAULT '';
ALTER TABLE catalog_items ADD COLUMN volume TEXT NOT NULL DEFAULT '';
ALTER TABLE catalog_items ADD COLUMN promo INTEGER NOT NULL DEFAULT 0;
ALTER TABLE catalog_items ADD COLUMN aliases TEXT NOT NULL DEFAULT '[]';

CREATE TABLE shop_revision (
    number INTEGER NOT NULL
) STRICT;
INSERT INTO shop_revision VALUES (1);

CREATE TRIGGER catalog_items_added AFTER INSERT ON catalog_items BEGIN UPDATE shop_revision SET number = number + 1; END;
CREATE TRIGGER catalog_items_changed AFTER UPDATE ON catalog_items BEGIN UPDATE shop_revision SET number = number + 1; END;
CREATE TRIGGER catalog_items_removed AFTER DELETE ON catalog_items BEGIN UPDATE shop_revision SET number = number + 1; END;
CREATE TRIGGER fact_edits_added AFTER INSERT ON fact_edits BEGIN UPDATE shop_revision SET number = number + 1; END;
CREATE TRIGGER fact_edits_changed AFTER UPDATE ON fact_edits BEGIN UPDATE shop_revision SET number = number + 1; END;
CREATE TRIGGER fact_edits_removed AFTER DELETE ON fact_edits BEGIN UPDATE shop_revision SET number = number + 1; END;
