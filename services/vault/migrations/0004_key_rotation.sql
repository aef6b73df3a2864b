-- For rotation: the values of one key in order, and a refusal of keys that were retired.
DROP INDEX secret_versions_key;
CREATE INDEX secret_versions_key ON secret_versions (key_id, secret_id, version);
CREATE TRIGGER secret_versions_sealed BEFORE INSERT OR UPDATE OF key_id ON secret_versions
  FOR EACH ROW WHEN (NEW.key_id IS NOT NULL) EXECUTE FUNCTION require_active_key();

DROP INDEX files_key;
CREATE INDEX files_key ON files (key_id, id);
CREATE TRIGGER files_sealed BEFORE INSERT OR UPDATE OF key_id ON files
  FOR EACH ROW EXECUTE FUNCTION require_active_key();
