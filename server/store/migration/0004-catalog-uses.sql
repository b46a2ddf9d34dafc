-- What catalogs depend on, shared by the hosts whose roles read the same.
CREATE TABLE catalog_uses (
  hash TEXT PRIMARY KEY,                       -- SHA-256 of `uses`
  uses TEXT NOT NULL                           -- canonical JSON: server/store/uses.ts
) STRICT;

ALTER TABLE incarnation ADD COLUMN uses_hash TEXT;               -- of the catalog last handed to it; NULL before that
CREATE INDEX incarnation_by_uses ON incarnation (uses_hash);     -- no reference: what none names is pruned
