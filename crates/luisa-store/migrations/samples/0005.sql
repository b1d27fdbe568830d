INSERT INTO users VALUES (1, 'Carmen', 'carmen', 'duena', '$argon2id$v=19$m=19456,t=2,p=1$c2Fs$aGFzaA', '2026-11-20 15:00:00.000', NULL);
INSERT INTO sessions VALUES (1, 'aa', 1, 'Chrome en Android', '2026-11-20 15:00:00.000', '2026-11-20 15:00:00.000', '2027-02-18 15:00:00.000');
INSERT INTO invitations VALUES ('bb', 'Luisa', 'luisa', 'equipo', 'Carmen', '2026-11-20 15:00:00.000', '2026-11-23 15:00:00.000');
INSERT INTO audit_log VALUES (1, '2026-11-20 15:00:00.000', 'Carmen', 'login', NULL, NULL, NULL, NULL);
INSERT INTO audit_log VALUES (2, '2026-11-20 15:01:00.000', 'Carmen', 'take', 'wa_c1', NULL, NULL, NULL);
