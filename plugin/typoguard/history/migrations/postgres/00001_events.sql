-- The same tables and views as in ../sqlite, in PostgreSQL's words. Times are milliseconds since 1970; the views show them as such.

-- +goose Up

-- What was asked for, with what it looks like to a policy. The digest is of all that follows but the latest, which is the
-- beginning of the hour in which its latest event happened first.
CREATE TABLE lookalike (
    number    BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest    BYTEA   NOT NULL UNIQUE,
    name      TEXT    NOT NULL,
    policy    TEXT    NOT NULL,
    protected TEXT    NOT NULL,
    intended  TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    distance  INTEGER NOT NULL,
    latest    BIGINT  NOT NULL
);
CREATE INDEX lookalike_name ON lookalike (name);
CREATE INDEX lookalike_latest ON lookalike (latest);

-- Who asked; the address is '' if it is not known, and the latest as above.
CREATE TABLE client (
    number  BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address TEXT    NOT NULL UNIQUE,
    latest  BIGINT  NOT NULL
);
CREATE INDEX client_latest ON client (latest);

-- What happened. Policy and kind are the lookalike's.
CREATE TABLE event (
    number        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    host          TEXT    NOT NULL,
    first         BIGINT  NOT NULL,
    last          BIGINT  NOT NULL,
    count         BIGINT  NOT NULL,
    lookalike     BIGINT  NOT NULL REFERENCES lookalike,
    client        BIGINT  NOT NULL REFERENCES client,
    policy        TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    action        TEXT    NOT NULL,
    mode          TEXT    NOT NULL,
    via           TEXT    NOT NULL,
    new_client    BOOLEAN NOT NULL,
    counterpart   TEXT    NOT NULL,
    question      TEXT    NOT NULL,
    record        TEXT    NOT NULL,
    types         TEXT    NOT NULL,
    response_code TEXT    NOT NULL,
    server        TEXT    NOT NULL,
    view          TEXT    NOT NULL,
    candidates    TEXT    NOT NULL,
    smtp          BOOLEAN NOT NULL,
    helo          TEXT    NOT NULL,
    sender        TEXT    NOT NULL,
    recipient     TEXT    NOT NULL,
    tls           BOOLEAN NOT NULL,
    state         TEXT    NOT NULL DEFAULT 'open',
    note          TEXT    NOT NULL DEFAULT '',
    reviewer      TEXT    NOT NULL DEFAULT '',
    reviewed      BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX event_first ON event (first);
CREATE INDEX event_count ON event (count, first);
CREATE INDEX event_lookalike ON event (lookalike, first);
CREATE INDEX event_lookalike_state ON event (lookalike, state);
CREATE INDEX event_client ON event (client, first, lookalike);
CREATE INDEX event_policy ON event (policy, first);
CREATE INDEX event_kind ON event (kind, first);
CREATE INDEX event_action ON event (action, first);
CREATE INDEX event_mode ON event (mode, first);
CREATE INDEX event_host ON event (host, first);
CREATE INDEX event_state ON event (state, first);

-- Sums of the events above, by the hour in which they happened first. They change with the events, in the same transaction.
CREATE TABLE hour_tally (
    start   BIGINT  NOT NULL,
    policy  TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    mode    TEXT    NOT NULL,
    events  BIGINT  NOT NULL,
    queries BIGINT  NOT NULL,
    PRIMARY KEY (start, policy, kind, action, mode)
);

-- The same by what was asked for, and by who asked, for spans of a day, and of an hour for the last two days.
CREATE TABLE lookalike_tally (
    span              BIGINT  NOT NULL,
    start             BIGINT  NOT NULL,
    number            BIGINT  NOT NULL,
    enforced          BIGINT  NOT NULL,
    enforced_queries  BIGINT  NOT NULL,
    monitored         BIGINT  NOT NULL,
    monitored_queries BIGINT  NOT NULL,
    last              BIGINT  NOT NULL,
    PRIMARY KEY (span, start, number)
);
CREATE TABLE client_tally (
    span              BIGINT  NOT NULL,
    start             BIGINT  NOT NULL,
    number            BIGINT  NOT NULL,
    enforced          BIGINT  NOT NULL,
    enforced_queries  BIGINT  NOT NULL,
    monitored         BIGINT  NOT NULL,
    monitored_queries BIGINT  NOT NULL,
    last              BIGINT  NOT NULL,
    PRIMARY KEY (span, start, number)
);

-- For people.
CREATE VIEW events AS
SELECT event.id, to_timestamp(event.first / 1000.0) AS first,
       to_timestamp(event.last / 1000.0) AS last, event.count,
       client.address AS client, lookalike.name AS lookalike, lookalike.intended, lookalike.protected, event.kind, lookalike.distance,
       event.policy, event.mode, event.action, event.types, event.response_code, event.question, event.record, event.counterpart,
       event.new_client, event.via, event.host, event.server, event.view, event.candidates, event.helo, event.sender, event.recipient,
       event.tls, event.state, event.note, event.reviewer,
       CASE WHEN event.reviewed > 0 THEN to_timestamp(event.reviewed / 1000.0) END AS reviewed
FROM event JOIN lookalike ON lookalike.number = event.lookalike JOIN client ON client.number = event.client;

CREATE VIEW lookalikes AS
SELECT lookalike.name AS lookalike, lookalike.intended, lookalike.policy, lookalike.kind, count(*) AS events, sum(event.count) AS queries,
       count(DISTINCT event.client) AS clients,
       count(*) FILTER (WHERE event.state = 'open') AS open, count(*) FILTER (WHERE event.state = 'confirmed') AS confirmed, count(*) FILTER (WHERE event.state = 'false_positive') AS false_positive,
       to_timestamp(min(event.first) / 1000.0) AS first,
       to_timestamp(max(event.last) / 1000.0) AS last
FROM event JOIN lookalike ON lookalike.number = event.lookalike GROUP BY lookalike.number;

CREATE VIEW clients AS
SELECT client.address AS client, count(*) AS events, sum(event.count) AS queries, count(DISTINCT event.lookalike) AS lookalikes,
       to_timestamp(min(event.first) / 1000.0) AS first,
       to_timestamp(max(event.last) / 1000.0) AS last
FROM event JOIN client ON client.number = event.client GROUP BY client.number;

CREATE VIEW hours AS
SELECT to_timestamp(start / 1000.0) AS start, policy, kind, action, mode, events, queries FROM hour_tally;
