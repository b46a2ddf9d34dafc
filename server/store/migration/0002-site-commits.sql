-- Commits of the site's repository that were seen. What was made at a revision finds its commit through the site's rows.
CREATE TABLE git_commit (
  hash TEXT PRIMARY KEY,
  author TEXT NOT NULL,                        -- 'Ann <ann@example.org>'
  committed_at INTEGER NOT NULL,
  subject TEXT NOT NULL
) STRICT;

ALTER TABLE site ADD COLUMN environment TEXT NOT NULL DEFAULT '';  -- '': the one of hosts that are in no other
ALTER TABLE site ADD COLUMN commit_hash TEXT REFERENCES git_commit (hash);
CREATE INDEX site_by_environment ON site (environment, id);
CREATE INDEX site_by_revision ON site (revision, id);

ALTER TABLE incarnation ADD COLUMN catalog_environment TEXT;

-- How the repository answered last.
CREATE TABLE site_remote (
  url TEXT PRIMARY KEY,
  fetched_at INTEGER,                          -- NULL: never
  failing_since INTEGER,                       -- NULL: it answered when it was last asked
  problem TEXT
) STRICT;
