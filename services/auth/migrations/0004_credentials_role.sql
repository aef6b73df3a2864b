-- The role under which secrets-manager keeps passwords of accounts in vault (docs/adr/0032-rotation.md). Its id is the
-- same everywhere, since secrets of another service name it.
INSERT INTO roles (id, name, canonical_name, permissions, is_system, document, created_at, created_by, updated_at, updated_by)
VALUES (
  '5f0c1d1e-6a7b-4c55-9d0e-2b7a54c0ffd1', 'strongroom-credentials', 'strongroom-credentials', '{}', true,
  '{"comment": "Reads the passwords of accounts on hosts; of the platform itself", "explicit": true}',
  now(), 'system', now(), 'system'
);
