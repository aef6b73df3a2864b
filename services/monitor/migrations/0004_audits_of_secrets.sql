-- The records of one secret in the order of time (docs/adr/0040-audits-of-a-secret.md).
CREATE INDEX audit_events_secret ON audit_events ((message ->> 'secretID'), created)
  WHERE message ->> 'secretID' IS NOT NULL;
