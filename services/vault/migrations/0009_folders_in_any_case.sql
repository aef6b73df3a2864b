-- Clients of Secrets Safe name folders in any case.
CREATE INDEX folders_path_in_any_case ON folders (lower(path));
