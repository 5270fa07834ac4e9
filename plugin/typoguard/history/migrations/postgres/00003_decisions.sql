-- The same as in ../sqlite.

-- +goose Up

-- What people have decided about a lookalike for a policy, for clients in a network, or for all if that is ''. Until is when that ends; 0
-- is never. Events that came in as decided are counted, and those of the day on which the last one happened; that is compared with the
-- daily number at the time of the decision.
CREATE TABLE decision (
    number    BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    policy    TEXT    NOT NULL,
    lookalike TEXT    NOT NULL,
    network   TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    note      TEXT    NOT NULL,
    decider   TEXT    NOT NULL,
    decided   BIGINT  NOT NULL,
    until     BIGINT  NOT NULL,
    counted   BIGINT  NOT NULL,
    daily     BIGINT  NOT NULL,
    day       BIGINT  NOT NULL,
    today     BIGINT  NOT NULL,
    UNIQUE (lookalike, policy, network)
);
CREATE INDEX decision_decided ON decision (decided);

-- The networks of the clients that are not new to a decision for all clients; '' is that of unknown ones.
CREATE TABLE decided_network (
    decision BIGINT NOT NULL REFERENCES decision ON DELETE CASCADE,
    network  TEXT   NOT NULL,
    PRIMARY KEY (decision, network)
);

-- Who changed what, and what it was before, as JSON; '' if there was nothing, or is nothing any more.
CREATE TABLE journal (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     BIGINT NOT NULL,
    who    TEXT   NOT NULL,
    what   TEXT   NOT NULL,
    policy TEXT   NOT NULL,
    name   TEXT   NOT NULL,
    event  TEXT   NOT NULL,
    before TEXT   NOT NULL,
    after  TEXT   NOT NULL
);

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION keep_journal() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'the journal is never rewritten';
END;
$$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE TRIGGER journal_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON journal FOR EACH STATEMENT EXECUTE FUNCTION keep_journal();

-- For people.
DROP VIEW lookalikes;
CREATE VIEW lookalikes AS
SELECT lookalike.name AS lookalike, lookalike.intended, lookalike.policy, lookalike.kind, count(*) AS events, sum(event.count) AS queries,
       count(DISTINCT event.client) AS clients,
       count(*) FILTER (WHERE event.state = 'open') AS open, count(*) FILTER (WHERE event.state = 'confirmed') AS confirmed, count(*) FILTER (WHERE event.state = 'false_positive') AS false_positive,
       to_timestamp(min(event.first) / 1000.0) AS first,
       to_timestamp(max(event.last) / 1000.0) AS last,
       count(*) FILTER (WHERE event.state = 'ignored') AS ignored
FROM event JOIN lookalike ON lookalike.number = event.lookalike GROUP BY lookalike.number;

CREATE VIEW decisions AS
SELECT policy, lookalike, network, state, note, decider, to_timestamp(decided / 1000.0) AS decided,
       CASE WHEN until > 0 THEN to_timestamp(until / 1000.0) END AS until, counted
FROM decision;

CREATE VIEW changes AS
SELECT to_timestamp(at / 1000.0) AS at, who, what, policy, name, event, before, after FROM journal;
