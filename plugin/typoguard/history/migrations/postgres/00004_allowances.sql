-- The same as in ../sqlite, where nobody is notified.

-- +goose Up

-- The suffixes that policies of a name pass although they look like protected ones, until a time (0: for good), and at which event and
-- lookalike that was decided.
CREATE TABLE allowance (
    number    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    policy    TEXT   NOT NULL,
    suffix    TEXT   NOT NULL,
    owner     TEXT   NOT NULL,
    reason    TEXT   NOT NULL,
    until     BIGINT NOT NULL,
    event     TEXT   NOT NULL,
    lookalike TEXT   NOT NULL,
    granter   TEXT   NOT NULL,
    granted   BIGINT NOT NULL,
    UNIQUE (policy, suffix)
);

-- Every change is told to the resolvers that listen, whoever makes it.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION notify_allowance() RETURNS trigger AS $$
BEGIN
    PERFORM pg_notify('typoguard_allowance', '');
    RETURN NULL;
END;
$$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE TRIGGER allowance_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON allowance FOR EACH STATEMENT EXECUTE FUNCTION notify_allowance();

-- Whether anything was ever allowed.
CREATE INDEX journal_what ON journal (what);

-- For people.
CREATE VIEW allowances AS
SELECT policy, suffix, owner, reason, CASE WHEN until > 0 THEN to_timestamp(until / 1000.0) END AS until, event, lookalike,
       granter, to_timestamp(granted / 1000.0) AS granted
FROM allowance;
