-- The same as in ../sqlite.

-- +goose Up

-- The events of one decision have the same time, by which it is taken back. Few events have a note, and a search must not look at all
-- the others.
CREATE INDEX event_reviewed ON event (reviewed) WHERE reviewed > 0;
CREATE INDEX event_note ON event (number) WHERE note <> '';
