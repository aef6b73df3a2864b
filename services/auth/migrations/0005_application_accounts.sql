-- Accounts by which programs sign in with name and password, and nobody else does: they never come to the sign-in page.
ALTER TABLE users ADD COLUMN is_application boolean NOT NULL DEFAULT false;

-- Integer ids, for dialects that know no other. One sequence for people and programs: whoever acts has a number, and
-- no two have the same.
CREATE SEQUENCE subject_numbers AS integer;
ALTER TABLE users
  ADD COLUMN number integer NOT NULL DEFAULT nextval('subject_numbers') CONSTRAINT users_number_unique UNIQUE;
ALTER TABLE api_clients
  ADD COLUMN number integer NOT NULL DEFAULT nextval('subject_numbers') CONSTRAINT api_clients_number_unique UNIQUE;
