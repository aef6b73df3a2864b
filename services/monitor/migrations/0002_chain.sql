-- breaking
-- The trail proves itself (docs/adr/0019-audit-chain.md): rows are chained in batches under a key that the database
-- does not hold, in partitions by the month in which monitor recorded them.

-- The rows from before wait here until monitor, which has the key, takes them into the chain in their order.
ALTER TABLE audit_events RENAME TO audit_events_unchained;
ALTER TABLE audit_events_unchained DROP CONSTRAINT audit_events_id_unique;
ALTER INDEX audit_events_pkey RENAME TO audit_events_unchained_pkey;
DROP INDEX audit_events_created, audit_events_user, audit_events_session;

CREATE TABLE audit_events (
  -- Given out under the lock of the head, without gaps: one that is missing was removed.
  position bigint NOT NULL,
  -- monitor's clock, the same for a batch; it never goes back along the chain.
  recorded_at timestamptz NOT NULL,
  id uuid NOT NULL,
  -- The clock of the service that made the record.
  created timestamptz NOT NULL,
  service_name text NOT NULL,
  event_id integer NOT NULL,
  event_name text NOT NULL,
  -- Flat, text to text.
  message jsonb NOT NULL,
  -- Name and values of the message in lower case, a line each: what searches for words read.
  words text NOT NULL,
  -- Over all columns above.
  mac bytea NOT NULL,
  PRIMARY KEY (position, recorded_at)
) PARTITION BY RANGE (recorded_at);
-- One column each: PostgreSQL keeps equal keys once, which makes them small and cheap to extend.
CREATE INDEX audit_events_id ON audit_events (id);
CREATE INDEX audit_events_created ON audit_events (created);
CREATE INDEX audit_events_user ON audit_events ((message ->> 'userID'));
CREATE INDEX audit_events_session ON audit_events ((message ->> 'sessionID'));

-- Takes what no month's partition is there for, so that a record never waits for one.
CREATE TABLE audit_events_other PARTITION OF audit_events DEFAULT;

-- Each names the one before by its MAC, and its rows by a digest of theirs. Rows are only added, also when the
-- records themselves are dropped by age.
CREATE TABLE audit_batches (
  number bigint PRIMARY KEY,
  first_position bigint NOT NULL UNIQUE,
  record_count integer NOT NULL,
  recorded_at timestamptz NOT NULL,
  key_id text NOT NULL,
  previous_mac bytea NOT NULL,
  rows_digest bytea NOT NULL,
  mac bytea NOT NULL
);
CREATE INDEX audit_batches_recorded_at ON audit_batches (recorded_at);

-- The end of the chain, one row. Whoever extends the trail locks it.
CREATE TABLE audit_head (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  number bigint NOT NULL,
  position bigint NOT NULL,
  recorded_at timestamptz NOT NULL,
  batch_mac bytea NOT NULL,
  mac bytea NOT NULL
);

-- The key of the chain by a name that is derived from it.
CREATE TABLE chain_keys (
  id text PRIMARY KEY,
  created_at timestamptz NOT NULL
);

-- Signed statements of where the chain stood (compact JWS).
CREATE TABLE audit_checkpoints (
  number bigint PRIMARY KEY,
  position bigint NOT NULL,
  signed_at timestamptz NOT NULL,
  statement text NOT NULL
);

-- Signed statements of which batches' records were dropped by age (compact JWS).
CREATE TABLE audit_prunings (
  first_number bigint PRIMARY KEY,
  last_number bigint NOT NULL,
  first_position bigint NOT NULL,
  last_position bigint NOT NULL,
  pruned_at timestamptz NOT NULL,
  statement text NOT NULL
);

-- Names of partitions are no parameters of a statement, hence functions. Months are those of UTC.
CREATE FUNCTION audit_month_start(instant timestamptz, months integer) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('month', instant AT TIME ZONE 'UTC') + make_interval(months => months)) AT TIME ZONE 'UTC'
$$;

CREATE FUNCTION audit_partition_name(instant timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT to_char(instant AT TIME ZONE 'UTC', '"audit_events_"YYYY_MM')
$$;

-- Makes the partition of the month in which the instant lies, if it is missing.
CREATE FUNCTION make_audit_partition(instant timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF audit_events FOR VALUES FROM (%L) TO (%L)',
    audit_partition_name(instant), audit_month_start(instant, 0), audit_month_start(instant, 1));
END
$$;

CREATE FUNCTION drop_audit_partition(instant timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('DROP TABLE %I', audit_partition_name(instant));
END
$$;
