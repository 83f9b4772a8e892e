-- Relays of closed networks, the sites they serve, and the counters of letters that travel through them.

CREATE TABLE site (
	name TEXT PRIMARY KEY,
	relay_only INTEGER NOT NULL DEFAULT 0, -- its hosts never try anything but their relays
	fresh_ms INTEGER NOT NULL DEFAULT 259200000, -- repository metadata older than this is an alarm
	note TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE relay (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	site TEXT, -- NULL: serves hosts without a site
	state TEXT NOT NULL, -- active revoked
	names TEXT NOT NULL, -- JSON: names and addresses of its certificate
	urls TEXT NOT NULL DEFAULT '[]', -- JSON: where hosts reach it, as it says itself
	enrolled_at INTEGER NOT NULL,
	token TEXT NOT NULL,
	status_key TEXT NOT NULL, -- public, PEM: what it signs itself
	version TEXT NOT NULL DEFAULT '',
	last_seen INTEGER NOT NULL DEFAULT 0,
	peer TEXT NOT NULL DEFAULT '',
	space INTEGER NOT NULL DEFAULT 0, -- bytes of its cache
	space_max INTEGER NOT NULL DEFAULT 0,
	hits INTEGER NOT NULL DEFAULT 0, -- requests answered from the cache
	misses INTEGER NOT NULL DEFAULT 0,
	served INTEGER NOT NULL DEFAULT 0, -- bytes to hosts
	fetched INTEGER NOT NULL DEFAULT 0, -- bytes from origins
	metadata_at INTEGER NOT NULL DEFAULT 0, -- the oldest of its origins was made or found current then; 0: none yet
	queue INTEGER NOT NULL DEFAULT 0, -- letters of hosts that wait to go out
	trouble TEXT -- its own sentence; NULL: none
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_by_site ON relay (site);

CREATE TABLE relay_certificate (
	serial TEXT PRIMARY KEY,
	relay TEXT NOT NULL REFERENCES relay (id) ON DELETE CASCADE,
	key_digest TEXT NOT NULL,
	not_after INTEGER NOT NULL,
	issued_at INTEGER NOT NULL,
	revoked_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_certificate_by_relay ON relay_certificate (relay);

CREATE TABLE host_letter (
	host TEXT PRIMARY KEY REFERENCES host (id) ON DELETE CASCADE,
	received INTEGER NOT NULL DEFAULT 0, -- serial number of the newest letter that was taken
	sent INTEGER NOT NULL DEFAULT 0, -- of the newest answer
	at INTEGER NOT NULL DEFAULT 0,
	relay TEXT, -- that brought it; NULL: a bundle
	answer BLOB -- the newest answer, as it was signed: asked for again when it was lost on its way
) STRICT, WITHOUT ROWID;
