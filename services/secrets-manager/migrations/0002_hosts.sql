-- Command lists that accounts on hosts may be held to.
CREATE TABLE whitelists (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  canonical_name text NOT NULL CONSTRAINT whitelists_name_unique UNIQUE,
  comment text NOT NULL,
  type text NOT NULL CHECK (type IN ('glob', 'regex')),
  patterns text[] NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

-- What clients sent and want back whole is in `document`; a passphrase stands there as its mask. The columns from
-- `common_name` to `search_text` repeat parts of it in the form in which they are searched: lower case, ids as text.
CREATE TABLE hosts (
  id uuid PRIMARY KEY,
  document jsonb NOT NULL,
  -- The passphrases of all principals, in their order, sealed as one value. Null: none has one.
  sealed_passphrases bytea,
  -- 'false', or who disabled it.
  disabled text NOT NULL,
  deployable boolean NOT NULL,
  common_name text NOT NULL,
  addresses text[] NOT NULL,
  services text[] NOT NULL,
  ports integer[] NOT NULL,
  roles text[] NOT NULL,
  whitelists text[] NOT NULL,
  tags text[] NOT NULL,
  search_text text NOT NULL,
  -- Null when it was not given.
  external_id text CONSTRAINT hosts_external_id_unique UNIQUE,
  instance_id text,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX hosts_common_name ON hosts (common_name, id);
CREATE INDEX hosts_instance_id ON hosts (instance_id) WHERE instance_id IS NOT NULL;
CREATE INDEX hosts_addresses ON hosts USING gin (addresses);
CREATE INDEX hosts_roles ON hosts USING gin (roles);
CREATE INDEX hosts_tags ON hosts USING gin (tags);
CREATE INDEX hosts_whitelists ON hosts USING gin (whitelists);

-- How passwords on a host are changed. There is one for each host whose rotation is enabled.
CREATE TABLE host_secrets (
  host_id uuid PRIMARY KEY REFERENCES hosts ON DELETE CASCADE,
  access_group_id text NOT NULL,
  address text NOT NULL,
  port integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
  operating_system text NOT NULL CHECK (operating_system IN ('LINUX', 'WINDOWS')),
  protocol text NOT NULL CHECK (protocol IN ('SSH', 'WINRM')),
  certificate_validation_options text NOT NULL CHECK (certificate_validation_options IN ('DISABLED', 'ENABLED')),
  trust_anchors text NOT NULL,
  use_main_account boolean NOT NULL,
  main_account text NOT NULL,
  sealed_main_password bytea,
  password_policy_id uuid NOT NULL CONSTRAINT host_secrets_policy_exists REFERENCES password_policies,
  script_template_id uuid NOT NULL CONSTRAINT host_secrets_template_exists REFERENCES script_templates,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX host_secrets_policy ON host_secrets (password_policy_id);
CREATE INDEX host_secrets_template ON host_secrets (script_template_id);

-- The accounts whose passwords are changed, and how the last change went.
CREATE TABLE accounts (
  host_id uuid NOT NULL REFERENCES host_secrets ON DELETE CASCADE,
  account text NOT NULL,
  -- False: its password is changed no longer; the row stays because something was stored for it.
  is_rotated boolean NOT NULL,
  sealed_initial_password bytea,
  rotation_initiated timestamptz,
  last_rotated timestamptz,
  last_error timestamptz,
  last_error_details text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  PRIMARY KEY (host_id, account)
);

-- Sealed values under keys that were retired are refused (docs/adr/0024-key-rotation.md). Two triggers for a column,
-- since what an update leaves as it was may be under the old key until rotation comes to it.
DO $$
DECLARE
  c record;
BEGIN
  FOR c IN SELECT * FROM (VALUES
    ('hosts', 'sealed_passphrases'),
    ('host_secrets', 'sealed_main_password'),
    ('accounts', 'sealed_initial_password')
  ) AS columns (of_table, named) LOOP
    EXECUTE format(
      'CREATE TRIGGER %1$I BEFORE INSERT ON %2$I
       FOR EACH ROW EXECUTE FUNCTION require_active_key_packed(%3$L)',
      c.named || '_inserted', c.of_table, c.named);
    EXECUTE format(
      'CREATE TRIGGER %1$I BEFORE UPDATE OF %3$I ON %2$I
       FOR EACH ROW WHEN (OLD.%3$I IS DISTINCT FROM NEW.%3$I) EXECUTE FUNCTION require_active_key_packed(%3$L)',
      c.named || '_updated', c.of_table, c.named);
  END LOOP;
END $$;
