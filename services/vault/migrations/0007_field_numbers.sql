-- Each field of a schema has a number of its own, for dialects that know fields by integers: kept for as long as the field
-- is there, and given to no other one after it. The highest that was given is the schema's.
ALTER TABLE schemas ADD highest_field integer NOT NULL DEFAULT 0;
UPDATE schemas SET
  highest_field = jsonb_array_length(properties),
  properties = (
    SELECT coalesce(jsonb_agg(jsonb_build_object('number', place) || field ORDER BY place), '[]')
    FROM jsonb_array_elements(properties) WITH ORDINALITY AS fields (field, place)
  );
