-- Good revisions of the site whose change waits for a person: the newest of each environment.
CREATE TABLE held_revision (
  environment TEXT PRIMARY KEY,                -- empty: the main one
  evidence TEXT NOT NULL,                      -- SHA-256 of both revisions and of the policies that want approval
  revision TEXT NOT NULL,
  held_at INTEGER NOT NULL,
  approved_at INTEGER                          -- NULL until a person signed it off
) STRICT;
