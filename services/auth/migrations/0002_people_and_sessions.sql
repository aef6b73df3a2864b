-- breaking
-- Directories of people. `Local users` is the only one that signs people in; the others are kept whole, with
-- their connection sealed, since it holds passwords of other systems.
CREATE TABLE sources (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  canonical_name text NOT NULL CONSTRAINT sources_name_unique UNIQUE,
  is_local boolean NOT NULL DEFAULT false,
  is_enabled boolean NOT NULL DEFAULT true,
  document json NOT NULL,
  sealed_connection bytea,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE UNIQUE INDEX sources_one_local ON sources (is_local) WHERE is_local;

INSERT INTO sources (id, name, canonical_name, is_local, document, created_at, created_by, updated_at, updated_by)
VALUES (gen_random_uuid(), 'Local users', 'local users', true, '{}', now(), 'system', now(), 'system');

-- `document` holds what clients sent and want back as they sent it (contract 5.1).
ALTER TABLE users
  ALTER COLUMN password_hash DROP NOT NULL,
  ADD COLUMN source_id uuid REFERENCES sources (id),
  ADD COLUMN document json NOT NULL DEFAULT '{}',
  ADD COLUMN tags text[] NOT NULL DEFAULT '{}',
  ADD COLUMN settings json NOT NULL DEFAULT '{}',
  ADD COLUMN password_set_at timestamptz,
  ADD COLUMN password_change_required boolean NOT NULL DEFAULT false,
  ADD COLUMN is_disabled boolean NOT NULL DEFAULT false,
  ADD COLUMN mfa_required boolean NOT NULL DEFAULT false,
  ADD COLUMN sealed_totp_seed bytea,
  ADD COLUMN totp_confirmed_at timestamptz,
  -- The newest time step that was accepted: none at or below it is accepted again (RFC 6238, 5.2).
  ADD COLUMN totp_last_step bigint NOT NULL DEFAULT 0,
  ADD COLUMN created_by text NOT NULL DEFAULT 'system',
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN updated_by text NOT NULL DEFAULT 'system';
UPDATE users SET source_id = (SELECT id FROM sources WHERE is_local), password_set_at = created_at;
ALTER TABLE users ALTER COLUMN source_id SET NOT NULL;

-- Who holds which role, in the order given, and for how long.
ALTER TABLE user_roles
  ADD COLUMN position integer NOT NULL DEFAULT 0,
  ADD COLUMN grant_type text NOT NULL DEFAULT 'PERMANENT',
  ADD COLUMN grant_start timestamptz,
  ADD COLUMN grant_end timestamptz,
  -- [{grant_start, grant_end}], RFC 3339; any of them is enough.
  ADD COLUMN validity_periods json,
  ADD COLUMN floating_hours integer,
  -- When a floating grant was first used; it ends that many hours later.
  ADD COLUMN floating_started_at timestamptz;
CREATE INDEX user_roles_role ON user_roles (role_id);

CREATE TABLE webauthn_credentials (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  credential_id bytea NOT NULL CONSTRAINT webauthn_credentials_unique UNIQUE,
  public_key bytea NOT NULL,
  sign_count bigint NOT NULL,
  transports text[] NOT NULL DEFAULT '{}',
  name text NOT NULL,
  comment text NOT NULL DEFAULT '',
  last_used_at timestamptz,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX webauthn_credentials_user ON webauthn_credentials (user_id);

-- Each works once. Hashed: they are random, so a plain digest holds.
CREATE TABLE recovery_codes (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  code_hash bytea NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (user_id, code_hash)
);

-- A challenge that was handed out to a signed-in user who adds a passkey.
CREATE TABLE webauthn_registrations (
  user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  challenge text NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE password_resets (
  token_hash bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX password_resets_user ON password_resets (user_id);

-- Failed sign-ins by a digest of identity, of address, or of both.
CREATE TABLE sign_in_failures (
  key bytea PRIMARY KEY,
  failures integer NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  blocked_until timestamptz
);
CREATE INDEX sign_in_failures_last ON sign_in_failures (last_at);

-- Public keys by which people sign in to hosts (contract 4.2).
CREATE TABLE authorized_keys (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  public_key text NOT NULL,
  key_digest bytea NOT NULL,
  fingerprints text[] NOT NULL,
  not_before timestamptz,
  not_after timestamptz,
  source_address text[] NOT NULL DEFAULT '{}',
  document json NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL,
  CONSTRAINT authorized_keys_unique UNIQUE (user_id, key_digest)
);
CREATE INDEX authorized_keys_digest ON authorized_keys (key_digest);

-- Key pairs of roles: a role's members sign in to hosts by them (contract 4.1).
CREATE TABLE principal_keys (
  id uuid PRIMARY KEY,
  role_id uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  public_key text NOT NULL,
  sealed_private_key bytea NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL
);
CREATE INDEX principal_keys_role ON principal_keys (role_id);

-- Extenders, carriers and the like: kept for the clients that manage them (contract 5.2).
CREATE TABLE trusted_clients (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  canonical_name text NOT NULL,
  type text NOT NULL,
  document json NOT NULL,
  sealed_secret bytea NOT NULL,
  sealed_oauth_secret bytea NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL,
  CONSTRAINT trusted_clients_name_unique UNIQUE (type, canonical_name)
);

-- Applications that sign people in through us (OpenID Connect, contract 1.7).
CREATE TABLE idp_clients (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  canonical_name text NOT NULL CONSTRAINT idp_clients_name_unique UNIQUE,
  client_id text NOT NULL CONSTRAINT idp_clients_client_id_unique UNIQUE,
  sealed_secret bytea NOT NULL,
  is_enabled boolean NOT NULL,
  document json NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

-- Whose JWTs are exchanged for tokens of ours (contract 1.5, 4.6). All they hold is public.
CREATE TABLE identity_providers (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  canonical_name text NOT NULL CONSTRAINT identity_providers_name_unique UNIQUE,
  issuer text NOT NULL,
  is_enabled boolean NOT NULL,
  document json NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX identity_providers_issuer ON identity_providers (issuer);

-- One row per sign-in. An access token carries its id; the refresh tokens of a session are one family.
CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  subject_id uuid NOT NULL,
  source_id uuid,
  client_id text NOT NULL,
  username text NOT NULL,
  remote_address text NOT NULL,
  user_agent text NOT NULL,
  scope text NOT NULL,
  auth_time timestamptz NOT NULL,
  auth_methods text[] NOT NULL,
  -- Roles of the newest access token: whose rights a change of a role can reduce.
  role_ids uuid[] NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  token_expires_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX sessions_subject ON sessions (subject_id);
CREATE INDEX sessions_expires ON sessions (expires_at);
CREATE INDEX sessions_client ON sessions (client_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_roles ON sessions USING gin (role_ids);

CREATE TABLE refresh_tokens (
  token_hash bytea PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- What an application asked for at the authorization endpoint, while the person signs in.
CREATE TABLE authorization_requests (
  token_hash bytea PRIMARY KEY,
  client_id text NOT NULL,
  redirect_uri text NOT NULL,
  state text NOT NULL,
  scope text NOT NULL,
  nonce text NOT NULL,
  code_challenge text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  -- Set by the first factor; the second one completes it.
  user_id uuid REFERENCES users (id) ON DELETE CASCADE,
  auth_methods text[] NOT NULL DEFAULT '{}',
  webauthn_challenge text
);
CREATE INDEX authorization_requests_expires ON authorization_requests (expires_at);

CREATE TABLE authorization_codes (
  code_hash bytea PRIMARY KEY,
  session_id uuid NOT NULL,
  client_id text NOT NULL,
  redirect_uri text NOT NULL,
  code_challenge text NOT NULL,
  scope text NOT NULL,
  nonce text NOT NULL,
  subject_kind text NOT NULL,
  subject_id uuid NOT NULL,
  auth_time timestamptz NOT NULL,
  auth_methods text[] NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX authorization_codes_expires ON authorization_codes (expires_at);

-- Whose rights were reduced lately, for replicas that were not there to hear of it.
CREATE TABLE rights_changes (
  subject_id uuid PRIMARY KEY,
  kind text NOT NULL,
  changed_at timestamptz NOT NULL
);

-- A key is shown in the JWKS from its creation, signs from `active_from`, and is shown until `retired_at`.
ALTER TABLE signing_keys
  ADD COLUMN algorithm text NOT NULL DEFAULT 'EdDSA',
  ADD COLUMN active_from timestamptz,
  ADD COLUMN retired_at timestamptz;
UPDATE signing_keys SET active_from = created_at;
ALTER TABLE signing_keys ALTER COLUMN active_from SET NOT NULL;
DROP INDEX signing_keys_one_active;
ALTER TABLE signing_keys DROP COLUMN is_active;
CREATE UNIQUE INDEX signing_keys_active_from ON signing_keys (algorithm, active_from);

-- Roles whose rules can give them to somebody: asked for with every token, and few.
CREATE INDEX roles_with_rules ON roles (canonical_name)
  WHERE document #>> '{source_rules,type}' = 'RULE' OR document #>> '{source_rules,rules,0}' IS NOT NULL;
