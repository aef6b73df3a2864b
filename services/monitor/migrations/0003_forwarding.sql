-- How far each receiver outside of the platform has taken the trail (docs/adr/0020-forwarding.md).
CREATE TABLE trail_sinks (
  name text PRIMARY KEY,
  -- Of the last record that it has taken.
  position bigint NOT NULL,
  updated_at timestamptz NOT NULL
);
