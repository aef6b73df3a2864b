-- Keys that sign access tokens. The private half is sealed; the public half is what the JWKS shows.
CREATE TABLE signing_keys (
  id uuid PRIMARY KEY,
  public_key json NOT NULL,
  sealed_private_key bytea NOT NULL,
  is_active boolean NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (is_active) WHERE is_active;

-- Applications that may ask for tokens, such as `privx-external`.
CREATE TABLE oauth_clients (
  id text PRIMARY KEY,
  sealed_secret bytea NOT NULL,
  created_at timestamptz NOT NULL
);

-- `document` holds what clients send and want back as they sent it; the columns are what the platform reads.
-- `permissions` may be null: clients tell an absent list from an empty one.
CREATE TABLE roles (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  canonical_name text NOT NULL CONSTRAINT roles_name_unique UNIQUE,
  permissions text[],
  is_system boolean NOT NULL DEFAULT false,
  document json NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

-- Programs that sign in with an id and a secret. The secret is sealed, not hashed: it can be read again.
CREATE TABLE api_clients (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  canonical_name text NOT NULL CONSTRAINT api_clients_name_unique UNIQUE,
  sealed_secret bytea NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

CREATE TABLE api_client_roles (
  api_client_id uuid NOT NULL REFERENCES api_clients (id) ON DELETE CASCADE,
  role_id uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  position integer NOT NULL,
  PRIMARY KEY (api_client_id, role_id)
);
CREATE INDEX api_client_roles_role ON api_client_roles (role_id);

-- People. The first one is made at the first start.
CREATE TABLE users (
  id uuid PRIMARY KEY,
  username text NOT NULL,
  canonical_username text NOT NULL CONSTRAINT users_username_unique UNIQUE,
  password_hash text NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE user_roles (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role_id uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  PRIMARY KEY (user_id, role_id)
);
