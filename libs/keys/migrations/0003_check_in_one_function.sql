-- The check of 0002 runs with every write of a sealed value. One function that names its table in full costs half of
-- two functions of which each sets the search path for itself.
DO $do$
BEGIN
  EXECUTE format($sql$
    CREATE OR REPLACE FUNCTION require_active_key() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
      IF current_setting('transaction_isolation') <> 'read committed'
         OR NOT EXISTS (SELECT FROM %I.key_encryption_keys k WHERE k.id = NEW.key_id AND k.is_active) THEN
        RAISE EXCEPTION 'the key is not the active one'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'sealed_by_active_key';
      END IF;
      RETURN NEW;
    END $body$
  $sql$, current_schema());
END $do$;
