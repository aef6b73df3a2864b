-- Sealed values under keys that were retired are refused (docs/adr/0024-key-rotation.md). Two triggers for a column,
-- since what an update leaves as it was may be under the old key until rotation comes to it.
DO $$
DECLARE
  c record;
BEGIN
  FOR c IN SELECT * FROM (VALUES
    ('signing_keys', 'sealed_private_key'),
    ('oauth_clients', 'sealed_secret'),
    ('api_clients', 'sealed_secret'),
    ('sources', 'sealed_connection'),
    ('users', 'sealed_totp_seed'),
    ('principal_keys', 'sealed_private_key'),
    ('trusted_clients', 'sealed_secret'),
    ('trusted_clients', 'sealed_oauth_secret'),
    ('idp_clients', 'sealed_secret')
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
