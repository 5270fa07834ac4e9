-- The same as in ../postgres.

-- +goose Up

-- The mails that sum up a period, by the name of the digest and the end of the period: when a resolver last took it on, and when it was
-- sent; 0 is never.
CREATE TABLE digest (
    name    TEXT    NOT NULL,
    until   INTEGER NOT NULL,
    host    TEXT    NOT NULL,
    claimed INTEGER NOT NULL,
    sent    INTEGER NOT NULL,
    PRIMARY KEY (name, until)
) STRICT;
