-- Keys by which programs sign in as an application account or an API client, from stated networks
-- (contract secrets-safe.md 2.2). With whom they are for they go.
CREATE TABLE api_keys (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  -- Hashed: it is random, so a plain digest holds.
  key_hash bytea NOT NULL CONSTRAINT api_keys_hash_unique UNIQUE,
  user_id uuid REFERENCES users (id) ON DELETE CASCADE,
  api_client_id uuid REFERENCES api_clients (id) ON DELETE CASCADE,
  -- Addresses and CIDR blocks; none: from anywhere.
  networks text[] NOT NULL,
  expires_at timestamptz,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL,
  CHECK (num_nonnulls(user_id, api_client_id) = 1)
);
CREATE INDEX api_keys_user ON api_keys (user_id);
CREATE INDEX api_keys_api_client ON api_keys (api_client_id);
