-- The same as in ../postgres.

-- +goose Up

-- The suffixes that policies of a name pass although they look like protected ones, until a time (0: for good), and at which event and
-- lookalike that was decided.
CREATE TABLE allowance (
    number    INTEGER PRIMARY KEY,
    policy    TEXT    NOT NULL,
    suffix    TEXT    NOT NULL,
    owner     TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    until     INTEGER NOT NULL,
    event     TEXT    NOT NULL,
    lookalike TEXT    NOT NULL,
    granter   TEXT    NOT NULL,
    granted   INTEGER NOT NULL,
    UNIQUE (policy, suffix)
) STRICT;

-- Whether anything was ever allowed.
CREATE INDEX journal_what ON journal (what);

-- For people.
CREATE VIEW allowances AS
SELECT policy, suffix, owner, reason, CASE WHEN until > 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', until / 1000.0, 'unixepoch') END AS until, event, lookalike,
       granter, strftime('%Y-%m-%dT%H:%M:%fZ', granted / 1000.0, 'unixepoch') AS granted
FROM allowance;
