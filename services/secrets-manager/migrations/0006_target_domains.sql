-- Directories whose accounts are looked for and whose passwords may be changed (docs/adr/0041-target-domains.md).
CREATE TABLE target_domains (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  canonical_name text NOT NULL CONSTRAINT target_domains_name_unique UNIQUE,
  domain_name text NOT NULL,
  enabled boolean NOT NULL,
  periodic_scan boolean NOT NULL,
  -- In seconds.
  periodic_scan_interval integer NOT NULL CHECK (periodic_scan_interval > 0),
  auto_onboarding boolean NOT NULL,
  auto_onboarding_policy_id uuid CONSTRAINT target_domains_policy_exists REFERENCES password_policies,
  -- How the directory is reached, as clients send it and want it back; a secret stands there as its mask.
  endpoints jsonb NOT NULL,
  -- The secrets of all endpoints, in their order, sealed as one value. Null: none has one.
  sealed_endpoint_secrets bytea,
  comment text NOT NULL,
  -- Name, domain name, comment and addresses in lower case.
  search_text text NOT NULL,
  -- Empty: there was none yet.
  scan_status text NOT NULL DEFAULT '' CHECK (scan_status IN ('', 'PENDING', 'RUNNING', 'OK', 'ERROR')),
  scan_message text NOT NULL DEFAULT '',
  -- When the last scan ended that went through the whole directory.
  last_scanned timestamptz,
  -- Who asked for the scan that waits or is under way. Null: its time had come.
  scan_requested_by text,
  -- From when on whoever has room may carry a scan out; the end of the lease while somebody does. Null: nothing to do.
  -- By the clock of the database: those of replicas differ.
  scan_claimable_at timestamptz,
  -- Somebody asked for a scan while one was under way: one more follows.
  scan_again boolean NOT NULL DEFAULT false,
  -- Counts scans that were begun. Only the newest may write.
  scan_fence integer NOT NULL DEFAULT 0,
  -- When the next one is due that nobody asks for. Null: never, or it is to be worked out.
  next_scan timestamptz,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX target_domains_policy ON target_domains (auto_onboarding_policy_id)
  WHERE auto_onboarding_policy_id IS NOT NULL;
CREATE INDEX target_domains_claimable ON target_domains (scan_claimable_at) WHERE scan_claimable_at IS NOT NULL;
CREATE INDEX target_domains_due ON target_domains (next_scan NULLS FIRST) WHERE enabled AND periodic_scan;

-- What scans found. Whether an account is managed is not kept here.
CREATE TABLE scanned_accounts (
  id uuid PRIMARY KEY,
  domain_id uuid NOT NULL REFERENCES target_domains ON DELETE CASCADE,
  -- By which the directory knows it, whatever it is called: objectGUID or entryUUID.
  source_id text NOT NULL,
  -- objectSid; empty where there are none.
  security_id text NOT NULL,
  distinguished_name text NOT NULL,
  username text NOT NULL,
  sam_account_name text NOT NULL,
  email text NOT NULL,
  full_name text NOT NULL,
  -- {name: text}
  additional_data jsonb NOT NULL,
  -- The texts above in lower case.
  search_text text NOT NULL,
  -- The last scan was the first that found it.
  is_new boolean NOT NULL DEFAULT true,
  -- The last scan found it no longer.
  is_removed boolean NOT NULL DEFAULT false,
  -- The number of the last scan that found it.
  found_by_scan integer NOT NULL,
  -- What people say of it; scans leave that as it is.
  ignored boolean NOT NULL DEFAULT false,
  comment text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL,
  CONSTRAINT scanned_accounts_source_unique UNIQUE (domain_id, source_id)
);
CREATE INDEX scanned_accounts_in_order ON scanned_accounts (domain_id, id);
CREATE INDEX scanned_accounts_username ON scanned_accounts (domain_id, lower(username), id);

-- Sealed values under keys that were retired are refused, as those of hosts are.
CREATE TRIGGER sealed_endpoint_secrets_inserted BEFORE INSERT ON target_domains
  FOR EACH ROW EXECUTE FUNCTION require_active_key_packed('sealed_endpoint_secrets');
CREATE TRIGGER sealed_endpoint_secrets_updated BEFORE UPDATE OF sealed_endpoint_secrets ON target_domains
  FOR EACH ROW WHEN (OLD.sealed_endpoint_secrets IS DISTINCT FROM NEW.sealed_endpoint_secrets)
  EXECUTE FUNCTION require_active_key_packed('sealed_endpoint_secrets');
