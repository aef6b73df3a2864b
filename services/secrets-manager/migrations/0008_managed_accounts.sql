-- Accounts in target domains whose passwords are changed and given out (docs/adr/0042-accounts-of-two-kinds.md).
ALTER TABLE accounts ADD CONSTRAINT accounts_domain_exists
  FOREIGN KEY (domain_id) REFERENCES target_domains ON DELETE CASCADE;

-- What people say of such an account, and what the directory said when it was taken up. What happens to its password
-- stands in `accounts`, which it comes and goes with.
CREATE TABLE managed_accounts (
  id uuid PRIMARY KEY,
  domain_id uuid NOT NULL,
  account text NOT NULL,
  -- By which the directory knows it, whatever it is called; empty: it is looked up by its name.
  source_id text NOT NULL,
  security_id text NOT NULL,
  sam_account_name text NOT NULL,
  email text NOT NULL,
  full_name text NOT NULL,
  -- {name: text}
  additional_data jsonb NOT NULL,
  password_policy_id uuid NOT NULL CONSTRAINT managed_accounts_policy_exists REFERENCES password_policies,
  enabled boolean NOT NULL,
  explicit_checkout boolean NOT NULL,
  disable_rdp_cert_auth boolean NOT NULL,
  -- Who may check it out: ids of roles.
  roles text[] NOT NULL,
  comment text NOT NULL,
  -- The texts above in lower case.
  search_text text NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL,
  CONSTRAINT managed_accounts_account_exists
    FOREIGN KEY (domain_id, account) REFERENCES accounts (system_id, account) ON DELETE CASCADE
);
-- Directories do not tell names by case. Two of one account would change its password one past the other.
CREATE UNIQUE INDEX managed_accounts_name_unique ON managed_accounts (domain_id, lower(account));
CREATE UNIQUE INDEX managed_accounts_source_unique ON managed_accounts (domain_id, source_id) WHERE source_id <> '';
CREATE INDEX managed_accounts_key ON managed_accounts (domain_id, account);
CREATE INDEX managed_accounts_policy ON managed_accounts (password_policy_id);
CREATE INDEX managed_accounts_roles ON managed_accounts USING gin (roles);

CREATE OR REPLACE VIEW account_rules AS
SELECT accounts.system_id, accounts.account,
  coalesce(hosts.document->>'common_name', target_domains.name, '') AS system_name,
  coalesce(hosts.disabled = 'false', target_domains.enabled AND managed_accounts.enabled) AS is_enabled,
  coalesce(host_secrets.password_policy_id, managed_accounts.password_policy_id) AS password_policy_id
FROM accounts
  LEFT JOIN host_secrets ON host_secrets.host_id = accounts.host_id
  LEFT JOIN hosts ON hosts.id = accounts.host_id
  LEFT JOIN target_domains ON target_domains.id = accounts.domain_id
  LEFT JOIN managed_accounts
    ON managed_accounts.domain_id = accounts.domain_id AND managed_accounts.account = accounts.account;

-- Which version of the account's secret a rotation has made.
ALTER TABLE rotations ADD COLUMN version integer;
