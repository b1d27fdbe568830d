INSERT INTO charges VALUES (1, '2026-11-20 15:02:01.000', 'wa_c1', 'transcription', 'gpt-transcribe', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 8.5, 637500);
