-- The same as in ../sqlite.

-- +goose Up

-- How many events there are of a lookalike, at the most: events that have just been removed may still be counted. The most frequent of a
-- span are among those with the most.
ALTER TABLE lookalike ADD COLUMN events BIGINT NOT NULL DEFAULT 0;
UPDATE lookalike SET events = counted.events FROM (SELECT lookalike, count(*) AS events FROM event GROUP BY lookalike) AS counted
    WHERE counted.lookalike = lookalike.number;
CREATE INDEX lookalike_events ON lookalike (events DESC, number, latest);
