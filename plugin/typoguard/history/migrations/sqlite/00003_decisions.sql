-- The same as in ../postgres.

-- +goose Up

-- What people have decided about a lookalike for a policy, for clients in a network, or for all if that is ''. Until is when that ends; 0
-- is never. Events that came in as decided are counted, and those of the day on which the last one happened; that is compared with the
-- daily number at the time of the decision.
CREATE TABLE decision (
    number    INTEGER PRIMARY KEY,
    policy    TEXT    NOT NULL,
    lookalike TEXT    NOT NULL,
    network   TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    note      TEXT    NOT NULL,
    decider   TEXT    NOT NULL,
    decided   INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    counted   INTEGER NOT NULL,
    daily     INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    today     INTEGER NOT NULL,
    UNIQUE (lookalike, policy, network)
) STRICT;
CREATE INDEX decision_decided ON decision (decided);

-- The networks of the clients that are not new to a decision for all clients; '' is that of unknown ones.
CREATE TABLE decided_network (
    decision INTEGER NOT NULL REFERENCES decision ON DELETE CASCADE,
    network  TEXT    NOT NULL,
    PRIMARY KEY (decision, network)
) STRICT, WITHOUT ROWID;

-- Who changed what, and what it was before, as JSON; '' if there was nothing, or is nothing any more.
CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    who    TEXT    NOT NULL,
    what   TEXT    NOT NULL,
    policy TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    event  TEXT    NOT NULL,
    before TEXT    NOT NULL,
    after  TEXT    NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER journal_update BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is never rewritten');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_delete BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is never rewritten');
END;
-- +goose StatementEnd

-- For people.
DROP VIEW lookalikes;
CREATE VIEW lookalikes AS
SELECT lookalike.name AS lookalike, lookalike.intended, lookalike.policy, lookalike.kind, count(*) AS events, sum(event.count) AS queries,
       count(DISTINCT event.client) AS clients,
       sum(event.state = 'open') AS open, sum(event.state = 'confirmed') AS confirmed, sum(event.state = 'false_positive') AS false_positive,
       strftime('%Y-%m-%dT%H:%M:%fZ', min(event.first) / 1000.0, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%fZ', max(event.last) / 1000.0, 'unixepoch') AS last,
       sum(event.state = 'ignored') AS ignored
FROM event JOIN lookalike ON lookalike.number = event.lookalike GROUP BY lookalike.number;

CREATE VIEW decisions AS
SELECT policy, lookalike, network, state, note, decider, strftime('%Y-%m-%dT%H:%M:%fZ', decided / 1000.0, 'unixepoch') AS decided,
       CASE WHEN until > 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', until / 1000.0, 'unixepoch') END AS until, counted
FROM decision;

CREATE VIEW changes AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at, who, what, policy, name, event, before, after FROM journal;
