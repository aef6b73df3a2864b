-- A file of a secret, under a data key of its own, which key `key_id` wraps. It never changes. What it is called, its
-- type, its length and its hash are sealed, too: of a short file, a plain hash tells the content.
CREATE TABLE files (
  id uuid PRIMARY KEY,
  -- For dialects that know their objects by integers.
  number integer GENERATED ALWAYS AS IDENTITY CONSTRAINT files_number_unique UNIQUE,
  secret_id uuid NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
  key_id integer NOT NULL,
  wrapped_key bytea NOT NULL,
  -- None: an upload under way, or what is left of one. Written together with the first version that has the file.
  description bytea,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  -- What version_files refers to.
  CONSTRAINT files_of_secret UNIQUE (secret_id, id)
);
CREATE INDEX files_key ON files (key_id);
CREATE INDEX files_uploading ON files (created_at) WHERE description IS NULL;

-- Each at most 64 KiB of content, sealed for its place.
CREATE TABLE file_chunks (
  file_id uuid NOT NULL REFERENCES files (id) ON DELETE CASCADE,
  position integer NOT NULL,
  ciphertext bytea NOT NULL,
  PRIMARY KEY (file_id, position)
);
-- Ciphertext does not compress.
ALTER TABLE file_chunks ALTER COLUMN ciphertext SET STORAGE EXTERNAL;

-- Which versions have which files of their secret in their content. Under which field is sealed there.
CREATE TABLE version_files (
  secret_id uuid NOT NULL,
  version integer NOT NULL,
  file_id uuid NOT NULL,
  PRIMARY KEY (secret_id, version, file_id),
  FOREIGN KEY (secret_id, version) REFERENCES secret_versions (secret_id, version) ON DELETE CASCADE,
  -- Deferred, since the end of a secret takes both, in whichever order.
  FOREIGN KEY (secret_id, file_id) REFERENCES files (secret_id, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX version_files_file ON version_files (file_id);

-- A file goes with the last version that has it, in the same transaction, whichever statement takes that away: a newer
-- version that pushes it out, a deletion, a destruction.
CREATE FUNCTION remove_unused_file() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM files f
  WHERE f.id = OLD.file_id AND NOT EXISTS (SELECT FROM version_files v WHERE v.file_id = f.id);
  RETURN NULL;
END $$;
CREATE TRIGGER version_files_deleted AFTER DELETE ON version_files
  FOR EACH ROW EXECUTE FUNCTION remove_unused_file();

CREATE FUNCTION remove_files_of_destroyed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM version_files v WHERE v.secret_id = NEW.secret_id AND v.version = NEW.version;
  RETURN NULL;
END $$;
CREATE TRIGGER secret_versions_destroyed AFTER UPDATE ON secret_versions
  FOR EACH ROW WHEN (OLD.destroyed_at IS NULL AND NEW.destroyed_at IS NOT NULL)
  EXECUTE FUNCTION remove_files_of_destroyed();
