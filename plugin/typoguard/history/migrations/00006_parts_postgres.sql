-- The same as in 00006_parts_sqlite.sql. See joinRefusals for what follows.

-- Which store has written an event, and what the event consists of, as JSON, with times in milliseconds after the event's first; '' if
-- that is one thing only. Events of the same mistake that different stores write are one, with further ids.
ALTER TABLE event ADD COLUMN writer TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN parts TEXT NOT NULL DEFAULT '';
CREATE TABLE event_id (
    id    TEXT   NOT NULL PRIMARY KEY,
    event BIGINT NOT NULL REFERENCES event ON DELETE CASCADE
);
CREATE INDEX event_id_event ON event_id (event);

-- Who looks into an event; '' for nobody.
ALTER TABLE event ADD COLUMN assignee TEXT NOT NULL DEFAULT '';
CREATE INDEX event_assignee ON event (assignee, first) WHERE assignee <> '';

-- For people.
CREATE OR REPLACE VIEW events AS
SELECT event.id, to_timestamp(event.first / 1000.0) AS first,
       to_timestamp(event.last / 1000.0) AS last, event.count,
       client.address AS client, lookalike.name AS lookalike, lookalike.intended, lookalike.protected, event.kind, lookalike.distance,
       event.policy, event.mode, event.action, event.types, event.response_code, event.question, event.record, event.counterpart,
       event.new_client, event.via, event.host, event.server, event.view, event.candidates, event.helo, event.sender, event.recipient,
       event.tls, event.state, event.note, event.reviewer,
       CASE WHEN event.reviewed > 0 THEN to_timestamp(event.reviewed / 1000.0) END AS reviewed, event.parts,
       event.assignee
FROM event JOIN lookalike ON lookalike.number = event.lookalike JOIN client ON client.number = event.client;

CREATE VIEW ids AS
SELECT event_id.id, event.id AS event FROM event_id JOIN event ON event.number = event_id.event UNION ALL SELECT id, id FROM event;
