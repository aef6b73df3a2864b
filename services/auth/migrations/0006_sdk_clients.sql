-- Which machines may register themselves, from where, and as whom they act (contract secret-server.md 9).
CREATE TABLE sdk_client_rules (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  canonical_name text NOT NULL CONSTRAINT sdk_client_rules_name_unique UNIQUE,
  -- Addresses and CIDR blocks, as they were written.
  details text NOT NULL,
  -- An application account; without one the rule admits nobody.
  user_id uuid REFERENCES users (id) ON DELETE SET NULL,
  requires_key boolean NOT NULL,
  -- Hashed: it is random, so a plain digest holds. Null: there is none yet.
  key_hash bytea,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX sdk_client_rules_user ON sdk_client_rules (user_id);

CREATE TABLE sdk_clients (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Made by the machine itself.
  client_id uuid NOT NULL CONSTRAINT sdk_clients_client_id_unique UNIQUE,
  rule_id integer NOT NULL REFERENCES sdk_client_rules (id) ON DELETE CASCADE,
  secret_hash bytea NOT NULL,
  name text NOT NULL,
  description text NOT NULL,
  -- From where it registered.
  ip_address text NOT NULL,
  registered_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX sdk_clients_rule ON sdk_clients (rule_id);

-- One row: whether machines may register and sign in at all.
CREATE TABLE sdk_client_switch (
  is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
  is_enabled boolean NOT NULL
);
INSERT INTO sdk_client_switch (is_enabled) VALUES (false);
