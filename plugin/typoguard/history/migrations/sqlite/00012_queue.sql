-- The same as in ../postgres.

-- +goose Up

-- Events that were reviewed at once have the same time, by which that is taken back. Few events have a note, and a search must not look
-- at all the others.
CREATE INDEX event_reviewed ON event (reviewed) WHERE reviewed > 0;
CREATE INDEX event_note ON event (number) WHERE note <> '';
