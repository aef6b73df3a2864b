-- How hosts are reached, whether stored passwords still open their accounts, and when they are changed
-- (docs/adr/0033-reach-and-schedule.md).

-- The hours in which scheduled rotations begin; null: all. Ours alone, so a client that does not know it leaves it.
ALTER TABLE password_policies ADD COLUMN rotation_window jsonb;

-- Databases have statements of their own for it, and need no script.
ALTER TABLE host_secrets DROP CONSTRAINT host_secrets_protocol_check;
ALTER TABLE host_secrets ADD CONSTRAINT host_secrets_protocol_check
  CHECK (protocol IN ('SSH', 'WINRM', 'POSTGRESQL', 'MYSQL'));
ALTER TABLE host_secrets ALTER COLUMN script_template_id DROP NOT NULL;
ALTER TABLE host_secrets ADD CONSTRAINT host_secrets_has_script
  CHECK (script_template_id IS NOT NULL OR protocol IN ('POSTGRESQL', 'MYSQL'));

-- The key that a host showed when nobody knew it, and that it must show from then on. Keys that clients gave are in the
-- host's document, and then count alone.
CREATE TABLE host_keys (
  host_id uuid PRIMARY KEY REFERENCES hosts ON DELETE CASCADE,
  algorithm text NOT NULL,
  fingerprint text NOT NULL,
  public_key text NOT NULL,
  trusted_at timestamptz NOT NULL
);

-- When it was last told that a host shows another key: once a day is enough.
CREATE TABLE host_key_alarms (
  host_id uuid PRIMARY KEY REFERENCES hosts ON DELETE CASCADE,
  raised_at timestamptz NOT NULL
);

ALTER TABLE accounts
  -- Null: not worked out yet, or no longer right.
  ADD COLUMN next_rotation timestamptz,
  -- While a heartbeat is under way nobody rotates the account; by the clock of the database.
  ADD COLUMN heartbeat_until timestamptz,
  -- Null: due.
  ADD COLUMN next_heartbeat timestamptz,
  ADD COLUMN heartbeat_at timestamptz,
  ADD COLUMN heartbeat_status text CHECK (heartbeat_status IN ('opens', 'refused', 'unreachable', 'unknown')),
  ADD COLUMN heartbeat_details text NOT NULL DEFAULT '';
CREATE INDEX accounts_next_rotation ON accounts (next_rotation NULLS FIRST) WHERE is_rotated;
CREATE INDEX accounts_next_heartbeat ON accounts (next_heartbeat NULLS FIRST) WHERE is_rotated;
