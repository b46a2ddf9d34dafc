-- What the classifier said last of a host. Also of one that is about to be made, so it refers to no row.
CREATE TABLE classification (
  host TEXT PRIMARY KEY,
  attributes TEXT NOT NULL                     -- canonical JSON: text by name; each goes before the join token's
) STRICT;
