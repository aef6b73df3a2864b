-- Schemas that clients of Secret Server know by these titles and fields: names of fields are the slugs of its templates.
INSERT INTO schemas (id, name, title, properties, open, built_in, created_at, created_by, updated_at, updated_by)
SELECT gen_random_uuid(), name, title, properties::jsonb, true, true, now(), '', now(), ''
FROM (VALUES
  ('password', 'Password', '[
    {"name": "resource", "title": "Resource", "type": "text"},
    {"name": "username", "title": "Username", "type": "text"},
    {"name": "password", "title": "Password", "type": "text", "masked": true},
    {"name": "notes", "title": "Notes", "type": "text", "wide": true, "multiline": true}
  ]'),
  ('web-password', 'Web Password', '[
    {"name": "url", "title": "URL", "type": "text", "wide": true},
    {"name": "username", "title": "Username", "type": "text"},
    {"name": "password", "title": "Password", "type": "text", "masked": true},
    {"name": "notes", "title": "Notes", "type": "text", "wide": true, "multiline": true}
  ]'),
  ('windows-account', 'Windows Account', '[
    {"name": "machine", "title": "Machine", "type": "text"},
    {"name": "username", "title": "Username", "type": "text"},
    {"name": "password", "title": "Password", "type": "text", "masked": true},
    {"name": "notes", "title": "Notes", "type": "text", "wide": true, "multiline": true}
  ]'),
  ('unix-account-ssh', 'Unix Account (SSH)', '[
    {"name": "machine", "title": "Machine", "type": "text"},
    {"name": "username", "title": "Username", "type": "text"},
    {"name": "password", "title": "Password", "type": "text", "masked": true},
    {"name": "notes", "title": "Notes", "type": "text", "wide": true, "multiline": true},
    {"name": "private-key", "title": "Private Key", "type": "file"},
    {"name": "private-key-passphrase", "title": "Private Key Passphrase", "type": "text", "masked": true}
  ]'),
  ('unix-account-ssh-key-rotation', 'Unix Account (SSH Key Rotation)', '[
    {"name": "machine", "title": "Machine", "type": "text"},
    {"name": "username", "title": "Username", "type": "text"},
    {"name": "password", "title": "Password", "type": "text", "masked": true},
    {"name": "notes", "title": "Notes", "type": "text", "wide": true, "multiline": true},
    {"name": "private-key", "title": "Private Key", "type": "file"},
    {"name": "private-key-passphrase", "title": "Private Key Passphrase", "type": "text", "masked": true},
    {"name": "public-key", "title": "Public Key", "type": "file"}
  ]')
) AS built_in (name, title, properties)
-- Somebody may have made one of the name already; it stays his.
ON CONFLICT ON CONSTRAINT schemas_name_unique DO NOTHING;
