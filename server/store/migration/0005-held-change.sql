-- Changes of a catalog that wait for a person: the newest of each incarnation.
CREATE TABLE held_change (
  incarnation INTEGER PRIMARY KEY REFERENCES incarnation (id) ON DELETE CASCADE,
  evidence TEXT NOT NULL,                      -- SHA-256 of the catalog it has and of what the new one leaves out
  revision TEXT NOT NULL,                      -- of the site that leaves it out
  dropped TEXT NOT NULL,                       -- JSON: ids of resources
  resources INTEGER NOT NULL,                  -- how many the catalog has that it is compared with
  held_at INTEGER NOT NULL,
  approved_at INTEGER                          -- NULL until a person signed it off
) STRICT;
