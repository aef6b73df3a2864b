-- A file may come before the secret that is made with it, as the first of its content. Until then it lies under the id that
-- the secret will have, and refers to none. Replicas that do not know of this go on as before: their files refer at once.
ALTER TABLE files
  ADD awaits_secret boolean NOT NULL DEFAULT false,
  ADD present_secret_id uuid GENERATED ALWAYS AS (CASE WHEN NOT awaits_secret THEN secret_id END) STORED
    CONSTRAINT files_secret_exists REFERENCES secrets (id) ON DELETE CASCADE,
  -- What has been described is some version's, and so some secret's.
  ADD CONSTRAINT files_awaiting_is_upload CHECK (NOT awaits_secret OR description IS NULL),
  DROP CONSTRAINT files_secret_id_fkey;
CREATE INDEX files_present_secret ON files (present_secret_id);
