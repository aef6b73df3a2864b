-- breaking

-- Accounts live on systems: on hosts, or in target domains (docs/adr/0042-accounts-of-two-kinds.md). An account belongs to
-- exactly one; its id, whichever it is, is the system's.
ALTER TABLE rotations DROP CONSTRAINT rotations_account_exists;

ALTER TABLE accounts DROP CONSTRAINT accounts_pkey;
ALTER TABLE accounts ALTER COLUMN host_id DROP NOT NULL;
ALTER TABLE accounts
  ADD COLUMN domain_id uuid,
  ADD CONSTRAINT accounts_one_system CHECK (num_nonnulls(host_id, domain_id) = 1);
ALTER TABLE accounts
  ADD COLUMN system_id uuid GENERATED ALWAYS AS (coalesce(host_id, domain_id)) STORED,
  ADD COLUMN system_kind text NOT NULL
    GENERATED ALWAYS AS (CASE WHEN host_id IS NULL THEN 'domain' ELSE 'host' END) STORED;
ALTER TABLE accounts ADD PRIMARY KEY (system_id, account);
CREATE INDEX accounts_host ON accounts (host_id) WHERE host_id IS NOT NULL;

-- Beside the id, which kind it is: names in vault, paths, events and records depend on it.
ALTER TABLE rotations RENAME COLUMN host_id TO system_id;
ALTER TABLE rotations
  ADD COLUMN system_kind text NOT NULL DEFAULT 'host' CHECK (system_kind IN ('host', 'domain')),
  ADD CONSTRAINT rotations_account_exists
    FOREIGN KEY (system_id, account) REFERENCES accounts (system_id, account) ON DELETE CASCADE;
ALTER TABLE rotations ALTER COLUMN system_kind DROP DEFAULT;

ALTER TABLE checkouts RENAME COLUMN host_id TO system_id;
ALTER TABLE checkouts
  ADD COLUMN system_kind text NOT NULL DEFAULT 'host' CHECK (system_kind IN ('host', 'domain'));
ALTER TABLE checkouts ALTER COLUMN system_kind DROP DEFAULT;

-- What holds for an account now: what its system is called, whether its password may be changed, and by which policy.
CREATE VIEW account_rules AS
SELECT accounts.system_id, accounts.account,
  coalesce(hosts.document->>'common_name', '') AS system_name,
  hosts.disabled = 'false' AS is_enabled,
  host_secrets.password_policy_id
FROM accounts
  JOIN host_secrets ON host_secrets.host_id = accounts.host_id
  JOIN hosts ON hosts.id = accounts.host_id;
