-- Versions of packages, shared by the hosts that have the same ones.
CREATE TABLE package_set (
  hash TEXT PRIMARY KEY,                       -- SHA-256 of `versions`
  versions TEXT NOT NULL                       -- canonical JSON: version by name
) STRICT;

ALTER TABLE incarnation ADD COLUMN packages_hash TEXT;                   -- NULL until it told; no reference: a set
CREATE INDEX incarnation_by_packages ON incarnation (packages_hash);     -- of an incarnation that is gone is pruned
ALTER TABLE incarnation ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}'; -- JSON: what the token or person gave it
