-- Whether a message was surely the store's, surely personal or neither; and what was asked in it, of that what LUISA knew, what she did not,
-- and what her answer left out, as JSON lists. Their place, after all others, is part of the promise to operators' queries.
ALTER TABLE interaction_traces ADD COLUMN verdict TEXT;
ALTER TABLE interaction_traces ADD COLUMN asks TEXT;
ALTER TABLE interaction_traces ADD COLUMN known TEXT;
ALTER TABLE interaction_traces ADD COLUMN unknown TEXT;
ALTER TABLE interaction_traces ADD COLUMN missed TEXT;

CREATE INDEX interaction_traces_unsure ON interaction_traces (id) WHERE verdict = 'unsure';
