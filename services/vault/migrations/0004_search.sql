-- What a word can be found by: every piece of a name of one, two and three characters, in lower case. PostgreSQL's own
-- trigrams know neither shorter words nor, in a database that sorts by code points, letters beyond ASCII.
-- Its cost tells the planner to look into the index rather than call it for each row.
CREATE FUNCTION name_pieces(name text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN (
  SELECT array_remove(array_agg(a) || array_agg(a || b) || array_agg(a || b || c), NULL)
  FROM (SELECT string_to_array(lower(name), NULL) AS characters) AS split,
    unnest(characters, characters[2:], characters[3:]) AS piece (a, b, c)
);

-- The pieces that a name must have to contain each of these words, which stand apart by one blank.
CREATE FUNCTION word_pieces(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ARRAY(
  SELECT substr(word, start, 3)
  FROM unnest(string_to_array(lower(words), ' ')) AS word,
    generate_series(1, greatest(length(word) - 2, 1)) AS start
);

-- A small list of what waits to be merged: neither a search nor the writer whose turn it is has long to go through it.
CREATE INDEX secrets_pieces ON secrets USING gin ((name_pieces(name)) COLLATE "C")
  WITH (gin_pending_list_limit = 256);
-- It is asked only where it is the one that helps, and to take its statistics would take long.
ALTER INDEX secrets_pieces ALTER COLUMN 1 SET STATISTICS 0;

-- The order of lists: by code point, whatever the database sorts by.
CREATE INDEX secrets_names ON secrets ((name COLLATE "C"), id) WHERE owner_id IS NULL;
CREATE INDEX secrets_created ON secrets (created_at, id) WHERE owner_id IS NULL;

-- Room for the next version of a row beside the last one: a write then touches no index. That is also why there is none
-- on updated_at.
ALTER TABLE secrets SET (fillfactor = 85);
