-- Where discovery of the attack surface begins when the server does it by itself (doc/surface.md).
CREATE TABLE surface_seed (
	seed TEXT PRIMARY KEY, -- "domain:example.co.jp", as surface/seed.h writes it
	owner TEXT NOT NULL, -- self, group, contractor
	company TEXT NOT NULL,
	site TEXT NOT NULL,
	country TEXT NOT NULL,
	consent_by TEXT NOT NULL,
	consent_at INTEGER NOT NULL, -- 0: nobody agreed
	note TEXT NOT NULL,
	large INTEGER NOT NULL, -- taken although it is very large, or a provider's
	by_user TEXT NOT NULL,
	at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- What a change found before it, so that it can be undone.
CREATE TABLE surface_seed_change (
	id INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	by_user TEXT NOT NULL,
	was TEXT NOT NULL -- JSON: [{"seed", "row": {…} or null where it was not there, "now": the same afterwards}]
) STRICT;
