-- One row for each change of the active key: how far it has come, and when it was proved complete. The old key is
-- deleted together with the proof; its row here stays.
CREATE TABLE key_rotations (
  id uuid PRIMARY KEY,
  from_key integer NOT NULL,
  to_key integer NOT NULL CHECK (to_key > from_key),
  started_at timestamptz NOT NULL,
  started_by text NOT NULL,
  -- Values under the old key at the start.
  total integer NOT NULL,
  rewrapped integer NOT NULL DEFAULT 0,
  -- Values that did not open in the last pass: they hold the end up until somebody mends or deletes them.
  unreadable integer NOT NULL DEFAULT 0,
  -- No value needed the old key any more, and none could come.
  finished_at timestamptz
);
CREATE UNIQUE INDEX key_rotations_one_running ON key_rotations ((true)) WHERE finished_at IS NULL;

-- For a trigger on every table with sealed values: only the active key may wrap new ones. A volatile function sees what
-- is committed now, and not what was when its statement began; that holds only in READ COMMITTED, hence the check
-- (docs/adr/0024-key-rotation.md).
CREATE FUNCTION refuse_retired_key(key_id integer) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed'
     OR NOT EXISTS (SELECT FROM key_encryption_keys k WHERE k.id = key_id AND k.is_active) THEN
    RAISE EXCEPTION 'the key is not the active one'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'sealed_by_active_key';
  END IF;
END $$;

-- For tables with a column `key_id`; NULL seals nothing.
CREATE FUNCTION require_active_key() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM refuse_retired_key(NEW.key_id);
  RETURN NEW;
END $$;

-- For packed envelopes (libs/crypto/src/envelope.ts): format (1 byte) | key id (4 bytes, big-endian) | …
CREATE FUNCTION packed_key_id(packed bytea) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE WHEN length(packed) > 5 THEN
    get_byte(packed, 1) << 24 | get_byte(packed, 2) << 16 | get_byte(packed, 3) << 8 | get_byte(packed, 4) END
$$;

-- For one column of a table with packed envelopes, which the trigger names. NULL and an empty one seal nothing.
CREATE FUNCTION require_active_key_packed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  key_id integer;
BEGIN
  EXECUTE format('SELECT packed_key_id(($1).%I)', TG_ARGV[0]) INTO key_id USING NEW;
  IF key_id IS NOT NULL THEN
    PERFORM refuse_retired_key(key_id);
  END IF;
  RETURN NEW;
END $$;
