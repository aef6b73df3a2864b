-- breaking

-- Templates of secrets: which fields there are, which are masked, which are files (contract 2.5).
CREATE TABLE schemas (
  id uuid PRIMARY KEY,
  -- For dialects that know their objects by integers.
  number integer GENERATED ALWAYS AS IDENTITY CONSTRAINT schemas_number_unique UNIQUE,
  name text NOT NULL CONSTRAINT schemas_name_unique UNIQUE,
  title text NOT NULL,
  -- [{name, title, type, masked?, wide?, multiline?, required?}] in the order of a form.
  properties jsonb NOT NULL,
  -- Whether a secret may have fields beyond these.
  open boolean NOT NULL,
  built_in boolean NOT NULL DEFAULT false,
  -- Counts every change: what writers compare.
  revision bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

-- Every part of a shared secret's name that ends before a slash. They come with the secrets below them.
CREATE TABLE folders (
  id uuid PRIMARY KEY,
  number integer GENERATED ALWAYS AS IDENTITY CONSTRAINT folders_number_unique UNIQUE,
  -- None at the top.
  parent_id uuid REFERENCES folders (id),
  -- The whole of it, e.g. `prod/db`.
  path text NOT NULL CONSTRAINT folders_path_unique UNIQUE,
  read_roles uuid[] NOT NULL,
  write_roles uuid[] NOT NULL,
  -- Whether the roles of the folder above count here, too.
  inherits boolean NOT NULL DEFAULT true,
  -- What counts for the secrets in it: its own roles and those that it inherits. Kept by whoever changes either.
  effective_read_roles uuid[] NOT NULL,
  effective_write_roles uuid[] NOT NULL,
  revision bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX folders_parent ON folders (parent_id);
CREATE INDEX folders_readers ON folders USING gin (effective_read_roles);
CREATE INDEX folders_writers ON folders USING gin (effective_write_roles);

ALTER TABLE secrets
  ADD number integer GENERATED ALWAYS AS IDENTITY CONSTRAINT secrets_number_unique UNIQUE,
  -- The one person or program that a personal secret is of; none: a shared one.
  ADD owner_id text,
  -- None: at the top, or personal.
  ADD folder_id uuid CONSTRAINT secrets_folder_exists REFERENCES folders (id),
  ADD schema_id uuid CONSTRAINT secrets_schema_exists REFERENCES schemas (id),
  ADD tags text[] NOT NULL DEFAULT '{}',
  -- Counts every change, of content or of anything else: what writers compare.
  ADD revision bigint NOT NULL DEFAULT 1,
  -- 0: versions stay until they are dropped.
  ADD delete_version_after_seconds bigint NOT NULL DEFAULT 0 CHECK (delete_version_after_seconds >= 0),
  -- Writers must name the version that they replace.
  ADD cas_required boolean NOT NULL DEFAULT false,
  ADD expires_at timestamptz,
  -- The date of which the owner was warned.
  ADD expiry_warned_of timestamptz,
  DROP CONSTRAINT secrets_name_unique,
  -- Shared secrets share one space of names; each owner has one of his own.
  ADD CONSTRAINT secrets_name_unique UNIQUE NULLS NOT DISTINCT (owner_id, name);
CREATE INDEX secrets_folder ON secrets (folder_id);
CREATE INDEX secrets_schema ON secrets (schema_id);
CREATE INDEX secrets_tags ON secrets USING gin (tags);
CREATE INDEX secrets_expires ON secrets (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX secrets_to_warn_of ON secrets (expires_at) WHERE expiry_warned_of IS DISTINCT FROM expires_at;

ALTER TABLE secret_versions
  -- None: destroyed.
  ALTER key_id DROP NOT NULL,
  ALTER wrapped_key DROP NOT NULL,
  ALTER ciphertext DROP NOT NULL,
  -- From when on the version counts as deleted; it can be undeleted.
  ADD deletion_time timestamptz,
  ADD destroyed_at timestamptz,
  ADD CONSTRAINT secret_versions_destroyed CHECK
    ((destroyed_at IS NOT NULL) = (ciphertext IS NULL)
     AND (ciphertext IS NULL) = (key_id IS NULL) AND (ciphertext IS NULL) = (wrapped_key IS NULL));
CREATE INDEX secret_versions_key ON secret_versions (key_id);

-- Folders for the secrets that are there.
WITH RECURSIVE parts AS (
  SELECT string_to_array(name, '/') AS segments, 1 AS depth FROM secrets WHERE name LIKE '%/%'
  UNION ALL
  SELECT segments, depth + 1 FROM parts WHERE depth + 1 < cardinality(segments)
), paths AS (
  SELECT DISTINCT array_to_string(segments[:depth], '/') AS path FROM parts
)
INSERT INTO folders (id, path, read_roles, write_roles, effective_read_roles, effective_write_roles,
                     created_at, created_by, updated_at, updated_by)
SELECT gen_random_uuid(), path, '{}', '{}', '{}', '{}', now(), '', now(), '' FROM paths ORDER BY path;
UPDATE folders f SET parent_id = p.id FROM folders p
WHERE f.path LIKE '%/%' AND p.path = regexp_replace(f.path, '/[^/]+$', '');
UPDATE secrets s SET folder_id = f.id FROM folders f
WHERE s.name LIKE '%/%' AND f.path = regexp_replace(s.name, '/[^/]+$', '');

-- What a request with an Idempotency-Key was answered, written with the change that it made.
CREATE TABLE idempotency_keys (
  caller text NOT NULL,
  -- SHA-256: whoever reads this table must not learn the key, since it keys the fingerprint.
  key_hash text NOT NULL,
  -- HMAC of the request under the key: the same key for another request is a mistake.
  fingerprint text NOT NULL,
  answer json NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT idempotency_keys_used PRIMARY KEY (caller, key_hash)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

INSERT INTO schemas (id, name, title, properties, open, built_in, created_at, created_by, updated_at, updated_by)
SELECT gen_random_uuid(), name, title, properties::jsonb, open, true, now(), '', now(), ''
FROM (VALUES
  ('credentials', 'Credentials', true, '[
    {"name": "user", "title": "User name", "type": "text"},
    {"name": "pass", "title": "Password", "type": "text", "masked": true},
    {"name": "comment", "title": "Comment", "type": "text", "wide": true, "multiline": true}
  ]'),
  ('text', 'Text', true, '[
    {"name": "text", "title": "Text", "type": "text", "masked": true, "wide": true, "multiline": true, "required": true},
    {"name": "comment", "title": "Comment", "type": "text", "wide": true, "multiline": true}
  ]'),
  ('file', 'File', true, '[
    {"name": "file", "title": "File", "type": "file"},
    {"name": "comment", "title": "Comment", "type": "text", "wide": true, "multiline": true}
  ]'),
  ('ssh-key', 'SSH key', true, '[
    {"name": "user", "title": "User name", "type": "text"},
    {"name": "private_key", "title": "Private key", "type": "text", "masked": true, "wide": true, "multiline": true, "required": true},
    {"name": "public_key", "title": "Public key", "type": "text", "wide": true, "multiline": true},
    {"name": "passphrase", "title": "Passphrase", "type": "text", "masked": true},
    {"name": "comment", "title": "Comment", "type": "text", "wide": true, "multiline": true}
  ]'),
  ('certificate', 'Certificate', true, '[
    {"name": "certificate", "title": "Certificate", "type": "text", "wide": true, "multiline": true, "required": true},
    {"name": "private_key", "title": "Private key", "type": "text", "masked": true, "wide": true, "multiline": true},
    {"name": "chain", "title": "Chain", "type": "text", "wide": true, "multiline": true},
    {"name": "passphrase", "title": "Passphrase", "type": "text", "masked": true},
    {"name": "comment", "title": "Comment", "type": "text", "wide": true, "multiline": true}
  ]'),
  ('api-key', 'API key', true, '[
    {"name": "key", "title": "Key", "type": "text", "masked": true, "required": true},
    {"name": "key_id", "title": "Key id", "type": "text"},
    {"name": "url", "title": "URL", "type": "text", "wide": true},
    {"name": "comment", "title": "Comment", "type": "text", "wide": true, "multiline": true}
  ]'),
  ('database', 'Database', true, '[
    {"name": "host", "title": "Host", "type": "text", "required": true},
    {"name": "port", "title": "Port", "type": "text"},
    {"name": "database", "title": "Database", "type": "text"},
    {"name": "user", "title": "User name", "type": "text", "required": true},
    {"name": "pass", "title": "Password", "type": "text", "masked": true, "required": true},
    {"name": "comment", "title": "Comment", "type": "text", "wide": true, "multiline": true}
  ]')
) AS built_in (name, title, open, properties);
