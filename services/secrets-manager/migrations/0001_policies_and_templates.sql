-- How passwords of accounts are made and how often they are rotated. Durations are kept as the client wrote
-- them, ISO 8601 or Go: clients compare them as text.
CREATE TABLE password_policies (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  canonical_name text NOT NULL CONSTRAINT password_policies_name_unique UNIQUE,
  rotation_interval text NOT NULL,
  password_min_length integer NOT NULL CHECK (password_min_length BETWEEN 1 AND 1024),
  password_max_length integer NOT NULL CHECK (password_max_length BETWEEN password_min_length AND 1024),
  use_special_characters boolean NOT NULL,
  use_lower_case boolean NOT NULL,
  use_upper_case boolean NOT NULL,
  use_numbers boolean NOT NULL,
  max_versions integer NOT NULL CHECK (max_versions > 0),
  number_of_retries integer NOT NULL CHECK (number_of_retries >= 0),
  retry_interval text NOT NULL,
  max_concurrent_checkouts integer NOT NULL CHECK (max_concurrent_checkouts > 0),
  max_checkout_duration text NOT NULL,
  rotate_on_release boolean NOT NULL,
  verify_after_rotation boolean NOT NULL,
  -- Members of older clients, kept for them: null when they were not given.
  delete_version_after text,
  fallback_to_previous boolean,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL,
  CHECK (use_special_characters OR use_lower_case OR use_upper_case OR use_numbers)
);

-- Scripts that change a password on a host. They hold placeholders, never a password.
CREATE TABLE script_templates (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  canonical_name text NOT NULL CONSTRAINT script_templates_name_unique UNIQUE,
  operating_system text NOT NULL CHECK (operating_system IN ('LINUX', 'WINDOWS')),
  script text NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

-- The two objects that clients look up by name. They come with the tables, not with a start of the service, so
-- that one which somebody deleted stays deleted.
INSERT INTO password_policies VALUES (
  gen_random_uuid(), 'PrivX default password policy', 'privx default password policy',
  'P30D', 16, 32, true, true, true, true, 10, 3, 'PT5M', 1, 'PT1H', false, true, NULL, NULL,
  now(), 'system', now(), 'system'
);

INSERT INTO script_templates VALUES (
  gen_random_uuid(), 'Linux per account command template', 'linux per account command template', 'LINUX',
  $script$#!/bin/sh
# Changes the password of one account; needs root. The new password comes as one line on standard input, and
# printf is part of the shell: the password is on no command line.
set -eu
account={{username}}
case $account in
  '' | *:*) echo 'this account name cannot be used with chpasswd' >&2; exit 2 ;;
esac
IFS= read -r password || [ -n "$password" ]
printf '%s:%s\n' "$account" "$password" | chpasswd
$script$,
  now(), 'system', now(), 'system'
);
