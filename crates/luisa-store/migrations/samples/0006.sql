UPDATE conversations SET due_at = '2026-11-20 15:00:05.000', pending_since = '2026-11-20 15:00:01.000' WHERE id = 'wa_c1';
