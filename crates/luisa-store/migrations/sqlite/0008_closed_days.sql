-- Days on which the shop does not open, beside Sundays and public holidays. The serving process notices a change.
CREATE TABLE closed_days (
    day TEXT NOT NULL PRIMARY KEY, -- 2026-12-24, of the shop's calendar
    reason TEXT, -- as customers may read it
    created_at TEXT NOT NULL
) STRICT;

CREATE TRIGGER closed_days_added AFTER INSERT ON closed_days BEGIN UPDATE shop_revision SET number = number + 1; END;
CREATE TRIGGER closed_days_changed AFTER UPDATE ON closed_days BEGIN UPDATE shop_revision SET number = number + 1; END;
CREATE TRIGGER closed_days_removed AFTER DELETE ON closed_days BEGIN UPDATE shop_revision SET number = number + 1; END;

-- A chat that LUISA has again waits for nobody: handoffs that nothing ever closed end here.
UPDATE handoffs SET status = 'closed', closed_at = updated_at
    WHERE status <> 'closed'
        AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = handoffs.conversation_id AND c.mode = 'AI_ACTIVE');
