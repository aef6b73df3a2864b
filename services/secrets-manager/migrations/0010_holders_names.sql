-- What the holder was called then: reports name people, and whoever is gone is asked for nowhere.
ALTER TABLE checkouts ADD COLUMN user_name text NOT NULL DEFAULT '';
CREATE INDEX checkouts_by_time ON checkouts (created_at, id);
