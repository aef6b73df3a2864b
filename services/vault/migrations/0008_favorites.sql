-- Which secrets somebody wants to find again at once. Says nothing of rights: what he may no longer know of is not shown.
CREATE TABLE favorites (
  user_id text NOT NULL,
  secret_id uuid NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
  PRIMARY KEY (user_id, secret_id)
);
CREATE INDEX favorites_secret ON favorites (secret_id);
