-- By which clients of Secrets Safe name the policy that a password is to be made by: their rules have numbers.
ALTER TABLE password_policies
  ADD COLUMN number integer GENERATED ALWAYS AS IDENTITY CONSTRAINT password_policies_number_unique UNIQUE;
