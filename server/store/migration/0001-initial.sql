-- Times are INTEGER milliseconds since the epoch, by the server's clock. JSON columns hold what a schema validated.

CREATE TABLE host (
  name TEXT PRIMARY KEY,
  created_at INTEGER NOT NULL,
  managed INTEGER NOT NULL,                    -- 1: a driver of ours makes its machines
  current INTEGER REFERENCES incarnation (id)  -- NULL until its first incarnation is in service
) STRICT;

-- One life of a host. candidate -> current -> gone; a candidate that fails goes straight to gone.
CREATE TABLE incarnation (
  id INTEGER PRIMARY KEY,
  host TEXT NOT NULL REFERENCES host (name) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  machine TEXT NOT NULL UNIQUE,                -- the driver's name for it, '<host>-<number>'
  state TEXT NOT NULL CHECK (state IN ('candidate', 'current', 'gone')),
  created_at INTEGER NOT NULL,
  address TEXT NOT NULL DEFAULT '',
  serial TEXT UNIQUE,                          -- of its newest certificate, lower-case hex; NULL until it enrolled
  fingerprint TEXT UNIQUE,                     -- of its newest certificate: SHA-256 (DER), hex
  enrolled_at INTEGER,
  revoked_at INTEGER,
  facts TEXT,
  facts_at INTEGER,
  catalog_hash TEXT,                           -- the catalog last handed to it
  catalog_role TEXT,
  catalog_revision TEXT,
  report_id TEXT,                              -- newest report that was no no-op
  report_at INTEGER,
  converged_at INTEGER,                        -- first report without failures
  proved_at INTEGER,                           -- a prove run changed nothing and the health checks passed
  proved_revision TEXT,
  UNIQUE (host, number)
) STRICT;

-- Every certificate that was issued. A renewed one replaces the older ones when it is first used, so that an answer that
-- got lost on its way locks nobody out.
CREATE TABLE certificate (
  fingerprint TEXT PRIMARY KEY,                -- SHA-256 of the certificate (DER), hex
  serial TEXT NOT NULL UNIQUE,                 -- lower-case hex
  incarnation INTEGER NOT NULL REFERENCES incarnation (id) ON DELETE CASCADE,
  public_key TEXT NOT NULL,                    -- SHA-256 of its key (SPKI), hex
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  first_used_at INTEGER,
  superseded_at INTEGER
) STRICT;
CREATE INDEX certificate_by_incarnation ON certificate (incarnation);

-- Join tokens and rebuild tickets: stored as SHA-256, used once.
CREATE TABLE token (
  hash TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('join', 'ticket')),
  incarnation INTEGER NOT NULL REFERENCES incarnation (id) ON DELETE CASCADE,
  rebuild TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;

CREATE TABLE blob (
  sha256 TEXT PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE catalog (
  hash TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  revision TEXT NOT NULL,
  envelope TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- Which blobs a catalog names: a host may fetch those of its own catalog and no others.
CREATE TABLE catalog_blob (
  catalog TEXT NOT NULL REFERENCES catalog (hash) ON DELETE CASCADE,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (catalog, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE report (
  id TEXT PRIMARY KEY,                         -- the agent's UUID: sent twice, stored once
  incarnation INTEGER NOT NULL REFERENCES incarnation (id) ON DELETE CASCADE,
  host TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  status TEXT NOT NULL,
  run_trigger TEXT NOT NULL,
  run_id TEXT,
  catalog_hash TEXT,
  revision TEXT,
  noop INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  body TEXT NOT NULL                           -- protocol/report
) STRICT;
CREATE INDEX report_by_host ON report (host, received_at DESC);
CREATE INDEX report_by_incarnation ON report (incarnation, received_at DESC);

-- One row for each stretch of time in which one resource of one incarnation was off.
CREATE TABLE drift (
  id INTEGER PRIMARY KEY,
  incarnation INTEGER NOT NULL REFERENCES incarnation (id) ON DELETE CASCADE,
  host TEXT NOT NULL,
  resource TEXT NOT NULL,
  declared_at TEXT NOT NULL,                   -- path:line
  changes TEXT NOT NULL,                       -- JSON list of protocol/report changes
  seen_at INTEGER NOT NULL,
  ended_at INTEGER,
  ended_by TEXT CHECK (ended_by IN ('corrected', 'rebuilt')),
  report TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX drift_open ON drift (incarnation, resource) WHERE ended_at IS NULL;
CREATE INDEX drift_by_host ON drift (host, seen_at DESC);

CREATE TABLE rebuild (
  id TEXT PRIMARY KEY,
  host TEXT NOT NULL REFERENCES host (name) ON DELETE CASCADE,
  order_ TEXT NOT NULL CHECK (order_ IN ('surge', 'in-place')),
  state TEXT NOT NULL,                         -- server/rebuild/state.ts
  held_from TEXT,                              -- the state in which it was held; NULL unless held
  reason TEXT NOT NULL,
  cause_key TEXT NOT NULL,                     -- the evidence it acts on; never acted on twice
  requested_by TEXT NOT NULL,
  requested_at INTEGER NOT NULL,
  ended_at INTEGER,
  from_incarnation INTEGER REFERENCES incarnation (id) ON DELETE SET NULL,
  to_incarnation INTEGER REFERENCES incarnation (id) ON DELETE SET NULL,
  revision TEXT,
  run_id TEXT,                                 -- of the prove run that it waits for
  waiting TEXT,                                -- why it does not go on
  evidence TEXT
) STRICT;
CREATE UNIQUE INDEX rebuild_one_at_a_time ON rebuild (host) WHERE ended_at IS NULL;
CREATE INDEX rebuild_by_cause ON rebuild (cause_key);

CREATE TABLE rebuild_step (
  rebuild TEXT NOT NULL REFERENCES rebuild (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  state TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  detail TEXT,
  PRIMARY KEY (rebuild, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE site (
  id INTEGER PRIMARY KEY,
  revision TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  activated_at INTEGER,                        -- NULL: refused
  problems TEXT NOT NULL                       -- JSON list; empty when good
) STRICT;

CREATE TABLE person (
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  password TEXT NOT NULL                       -- scrypt, with its salt and parameters
) STRICT;

-- Sessions (cookies) and API tokens, stored as SHA-256.
CREATE TABLE credential (
  hash TEXT PRIMARY KEY,
  person TEXT NOT NULL REFERENCES person (name) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('session', 'api-token')),
  expires_at INTEGER NOT NULL
) STRICT;

-- Append-only; each row's hash covers the one before it.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT,
  revision TEXT,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
