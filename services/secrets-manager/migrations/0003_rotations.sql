-- Changes of passwords, one row each (docs/adr/0032-rotation.md). All times in here are the database's own: the clocks of
-- replicas differ.
CREATE TABLE rotations (
  id uuid PRIMARY KEY,
  host_id uuid NOT NULL,
  account text NOT NULL,
  trigger text NOT NULL CHECK (trigger IN ('schedule', 'request', 'release')),
  requested_by text NOT NULL,
  step text NOT NULL CHECK (step IN ('waiting', 'preparing', 'setting', 'proving', 'settling', 'promoting')),
  -- Attempts that ended with the old password, and times that the next step was put off.
  failures integer NOT NULL DEFAULT 0,
  postponements integer NOT NULL DEFAULT 0,
  -- When whoever has room may take it: its time has come, a lease has run out, and what was begun on the host has ended.
  claimable_at timestamptz NOT NULL,
  -- Nobody has it, and nothing that was begun is awaited: whoever asks for it may have it taken earlier.
  waits boolean NOT NULL DEFAULT true,
  -- Counts claims. Only the newest may write.
  fence integer NOT NULL DEFAULT 0,
  -- Which version of the secret for candidates in vault may have become the password.
  candidate_version integer,
  alarm_raised boolean NOT NULL DEFAULT false,
  -- Somebody wants one more that begins after this one.
  next_id uuid,
  next_trigger text,
  next_requested_by text,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz,
  outcome text CHECK (outcome IN ('succeeded', 'failed', 'cancelled')),
  CHECK ((finished_at IS NULL) = (outcome IS NULL)),
  CONSTRAINT rotations_account_exists FOREIGN KEY (host_id, account) REFERENCES accounts ON DELETE CASCADE
);
CREATE UNIQUE INDEX rotations_one_unfinished ON rotations (host_id, account) WHERE finished_at IS NULL;
CREATE INDEX rotations_claimable ON rotations (claimable_at) WHERE finished_at IS NULL;
CREATE INDEX rotations_ended ON rotations (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX rotations_account ON rotations (host_id, account);

-- What a rotation did, in order. Never a password.
CREATE TABLE rotation_steps (
  rotation_id uuid NOT NULL REFERENCES rotations ON DELETE CASCADE,
  position bigint GENERATED ALWAYS AS IDENTITY,
  fence integer NOT NULL,
  step text NOT NULL,
  details text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (rotation_id, position)
);
