-- The same as in ../sqlite.

-- +goose Up

-- The mails that sum up a period, by the name of the digest and the end of the period: when a resolver last took it on, and when it was
-- sent; 0 is never.
CREATE TABLE digest (
    name    TEXT   NOT NULL,
    until   BIGINT NOT NULL,
    host    TEXT   NOT NULL,
    claimed BIGINT NOT NULL,
    sent    BIGINT NOT NULL,
    PRIMARY KEY (name, until)
);
