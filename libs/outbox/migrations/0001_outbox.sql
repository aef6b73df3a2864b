-- Facts that committed with the change that made them and wait for the relay. A published row is deleted.
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event json NOT NULL
);

-- Events that a consumer of this service has dealt with; a second delivery finds its row and does nothing.
CREATE TABLE inbox (
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_received_at ON inbox (received_at);
