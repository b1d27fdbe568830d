-- What was erased at a person's request: when and how much of it, never whose. `rows` is JSON, a number by table.
CREATE TABLE erasures (
    id        TEXT PRIMARY KEY NOT NULL,
    erased_at TEXT NOT NULL,
    rows      TEXT NOT NULL
) STRICT;
