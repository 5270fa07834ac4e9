-- The same tables and views as in ../postgres, in SQLite's words. Times are milliseconds since 1970; the views show them as text.

-- +goose Up

-- What was asked for, with what it looks like to a policy. The digest is of all that follows but the latest, which is the
-- beginning of the hour in which its latest event happened first.
CREATE TABLE lookalike (
    number    INTEGER PRIMARY KEY,
    digest    BLOB    NOT NULL UNIQUE,
    name      TEXT    NOT NULL,
    policy    TEXT    NOT NULL,
    protected TEXT    NOT NULL,
    intended  TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    distance  INTEGER NOT NULL,
    latest    INTEGER NOT NULL
) STRICT;
CREATE INDEX lookalike_name ON lookalike (name);
CREATE INDEX lookalike_latest ON lookalike (latest);

-- Who asked; the address is '' if it is not known, and the latest as above.
CREATE TABLE client (
    number  INTEGER PRIMARY KEY,
    address TEXT    NOT NULL UNIQUE,
    latest  INTEGER NOT NULL
) STRICT;
CREATE INDEX client_latest ON client (latest);

-- What happened. Policy and kind are the lookalike's.
CREATE TABLE event (
    number        INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    host          TEXT    NOT NULL,
    first         INTEGER NOT NULL,
    last          INTEGER NOT NULL,
    count         INTEGER NOT NULL,
    lookalike     INTEGER NOT NULL REFERENCES lookalike,
    client        INTEGER NOT NULL REFERENCES client,
    policy        TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    action        TEXT    NOT NULL,
    mode          TEXT    NOT NULL,
    via           TEXT    NOT NULL,
    new_client    INTEGER NOT NULL,
    counterpart   TEXT    NOT NULL,
    question      TEXT    NOT NULL,
    record        TEXT    NOT NULL,
    types         TEXT    NOT NULL,
    response_code TEXT    NOT NULL,
    server        TEXT    NOT NULL,
    view          TEXT    NOT NULL,
    candidates    TEXT    NOT NULL,
    smtp          INTEGER NOT NULL,
    helo          TEXT    NOT NULL,
    sender        TEXT    NOT NULL,
    recipient     TEXT    NOT NULL,
    tls           INTEGER NOT NULL,
    state         TEXT    NOT NULL DEFAULT 'open',
    note          TEXT    NOT NULL DEFAULT '',
    reviewer      TEXT    NOT NULL DEFAULT '',
    reviewed      INTEGER NOT NULL DEFAULT 0
) STRICT;
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
    start   INTEGER NOT NULL,
    policy  TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    mode    TEXT    NOT NULL,
    events  INTEGER NOT NULL,
    queries INTEGER NOT NULL,
    PRIMARY KEY (start, policy, kind, action, mode)
) STRICT, WITHOUT ROWID;

-- The same by what was asked for, and by who asked, for spans of a day, and of an hour for the last two days.
CREATE TABLE lookalike_tally (
    span              INTEGER NOT NULL,
    start             INTEGER NOT NULL,
    number            INTEGER NOT NULL,
    enforced          INTEGER NOT NULL,
    enforced_queries  INTEGER NOT NULL,
    monitored         INTEGER NOT NULL,
    monitored_queries INTEGER NOT NULL,
    last              INTEGER NOT NULL,
    PRIMARY KEY (span, start, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE client_tally (
    span              INTEGER NOT NULL,
    start             INTEGER NOT NULL,
    number            INTEGER NOT NULL,
    enforced          INTEGER NOT NULL,
    enforced_queries  INTEGER NOT NULL,
    monitored         INTEGER NOT NULL,
    monitored_queries INTEGER NOT NULL,
    last              INTEGER NOT NULL,
    PRIMARY KEY (span, start, number)
) STRICT, WITHOUT ROWID;

-- For people.
CREATE VIEW events AS
SELECT event.id, strftime('%Y-%m-%dT%H:%M:%fZ', event.first / 1000.0, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%fZ', event.last / 1000.0, 'unixepoch') AS last, event.count,
       client.address AS client, lookalike.name AS lookalike, lookalike.intended, lookalike.protected, event.kind, lookalike.distance,
       event.policy, event.mode, event.action, event.types, event.response_code, event.question, event.record, event.counterpart,
       event.new_client, event.via, event.host, event.server, event.view, event.candidates, event.helo, event.sender, event.recipient,
       event.tls, event.state, event.note, event.reviewer,
       CASE WHEN event.reviewed > 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', event.reviewed / 1000.0, 'unixepoch') END AS reviewed
FROM event JOIN lookalike ON lookalike.number = event.lookalike JOIN client ON client.number = event.client;

CREATE VIEW lookalikes AS
SELECT lookalike.name AS lookalike, lookalike.intended, lookalike.policy, lookalike.kind, count(*) AS events, sum(event.count) AS queries,
       count(DISTINCT event.client) AS clients,
       sum(event.state = 'open') AS open, sum(event.state = 'confirmed') AS confirmed, sum(event.state = 'false_positive') AS false_positive,
       strftime('%Y-%m-%dT%H:%M:%fZ', min(event.first) / 1000.0, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%fZ', max(event.last) / 1000.0, 'unixepoch') AS last
FROM event JOIN lookalike ON lookalike.number = event.lookalike GROUP BY lookalike.number;

CREATE VIEW clients AS
SELECT client.address AS client, count(*) AS events, sum(event.count) AS queries, count(DISTINCT event.lookalike) AS lookalikes,
       strftime('%Y-%m-%dT%H:%M:%fZ', min(event.first) / 1000.0, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%fZ', max(event.last) / 1000.0, 'unixepoch') AS last
FROM event JOIN client ON client.number = event.client GROUP BY client.number;

CREATE VIEW hours AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', start / 1000.0, 'unixepoch') AS start, policy, kind, action, mode, events, queries FROM hour_tally;
