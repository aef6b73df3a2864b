-- The audit trail. Rows are only ever added, one statement for many, in the order in which their service made
-- them; `position` is that order. It is also what monthly partitions or a hash chain would be built on.
CREATE TABLE audit_events (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL CONSTRAINT audit_events_id_unique UNIQUE,
  created timestamptz NOT NULL,
  service_name text NOT NULL,
  event_id integer NOT NULL,
  event_name text NOT NULL,
  -- Flat, text to text.
  message jsonb NOT NULL,
  -- Name and values of the message in lower case, a line each: what searches for words read.
  words text NOT NULL
);
-- One column each: PostgreSQL keeps equal keys once, which makes them small and cheap to extend.
CREATE INDEX audit_events_created ON audit_events (created);
CREATE INDEX audit_events_user ON audit_events ((message ->> 'userID'));
CREATE INDEX audit_events_session ON audit_events ((message ->> 'sessionID'));

-- Events that cannot become rows of the trail, kept whole for an operator: nothing that a service told is lost.
CREATE TABLE rejected_events (
  -- SHA-256 of the event: a second delivery finds its row.
  digest bytea PRIMARY KEY,
  received_at timestamptz NOT NULL,
  reason text NOT NULL,
  event json NOT NULL
);
