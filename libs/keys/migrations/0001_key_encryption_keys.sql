-- Key-encryption keys, wrapped by the root key. Exactly one is active: new values use it.
CREATE TABLE key_encryption_keys (
  id integer PRIMARY KEY CHECK (id > 0),
  wrapped bytea NOT NULL,
  root_key_fingerprint text NOT NULL,
  is_active boolean NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX key_encryption_keys_one_active ON key_encryption_keys (is_active) WHERE is_active;
