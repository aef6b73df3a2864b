-- Who has the password of which account, and until when (docs/adr/0034-checkouts.md). Whoever gives one out holds the lock
-- of the account's checkouts, so that two replicas never give out more than the policy allows. There is no reference to
-- the account: that a host is deleted must not make anybody forget who knows its passwords.
CREATE TABLE checkouts (
  id uuid PRIMARY KEY,
  host_id uuid NOT NULL,
  account text NOT NULL,
  -- The holder.
  user_id text NOT NULL,
  -- releasing: the holder is done, and the password that he knows is still in force.
  state text NOT NULL CHECK (state IN ('held', 'releasing', 'released')),
  -- Of the password that the holder was shown first, in vault. Null: none was shown yet.
  version integer,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  -- When the holder was done: given back, taken away or run out.
  ended_at timestamptz,
  -- The rotation that is waited for: one that began later, since the holder may know what an earlier one sets. Null while
  -- releasing: that one failed, and whichever succeeds next will do.
  rotation_id uuid,
  failed_rotations integer NOT NULL DEFAULT 0,
  last_failed_at timestamptz,
  -- When to look after a release that is not through.
  look_at timestamptz,
  CHECK ((state = 'held') = (ended_at IS NULL)),
  CHECK ((state = 'releasing') = (look_at IS NOT NULL))
);

-- Nobody has an account twice.
CREATE UNIQUE INDEX checkouts_one_per_holder ON checkouts (host_id, account, user_id) WHERE state <> 'released';
CREATE INDEX checkouts_by_holder ON checkouts (user_id, created_at) WHERE state <> 'released';
CREATE INDEX checkouts_expiring ON checkouts (expires_at) WHERE state = 'held';
CREATE INDEX checkouts_to_look_at ON checkouts (look_at) WHERE state = 'releasing';
CREATE INDEX checkouts_done ON checkouts (ended_at) WHERE state = 'released';
