-- A secret: what is known of it in clear. Its content lives in versions, sealed.
CREATE TABLE secrets (
  id uuid PRIMARY KEY,
  name text NOT NULL CONSTRAINT secrets_name_unique UNIQUE,
  -- Role ids in the order that the caller gave: clients compare them as lists.
  read_roles uuid[] NOT NULL,
  write_roles uuid[] NOT NULL,
  current_version integer NOT NULL,
  max_versions integer NOT NULL DEFAULT 10 CHECK (max_versions > 0),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX secrets_read_roles ON secrets USING gin (read_roles);
CREATE INDEX secrets_write_roles ON secrets USING gin (write_roles);

-- One row per write of the content: a value sealed by a data key of its own, which key `key_id` wraps.
CREATE TABLE secret_versions (
  secret_id uuid NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
  version integer NOT NULL,
  key_id integer NOT NULL,
  wrapped_key bytea NOT NULL,
  ciphertext bytea NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  PRIMARY KEY (secret_id, version)
);
-- Ciphertext does not compress.
ALTER TABLE secret_versions ALTER COLUMN ciphertext SET STORAGE EXTERNAL;
