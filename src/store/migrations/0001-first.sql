-- Instants are milliseconds since 1970 UTC, 0 = none. States are the words of doc/api.md.

CREATE TABLE setting (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE host (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	group_name TEXT,
	state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'revoked', 'cloned')),
	enrolled_at INTEGER NOT NULL,
	token TEXT NOT NULL,
	signing_key TEXT NOT NULL,
	agent TEXT NOT NULL DEFAULT '',
	-- identity: what tells a cloned disk from a reverted one; machine '' = taken over from the next check-in
	machine TEXT NOT NULL,
	boot TEXT NOT NULL DEFAULT '',
	lineage TEXT NOT NULL DEFAULT '',
	lineage_before TEXT NOT NULL DEFAULT '',
	cloned_at INTEGER NOT NULL DEFAULT 0,
	reverted_at INTEGER NOT NULL DEFAULT 0,
	last_seen INTEGER NOT NULL DEFAULT 0,
	peer TEXT NOT NULL DEFAULT '',
	-- from the sections, for lists and search; the rest is read from the section itself
	os_key TEXT NOT NULL DEFAULT '',
	os_name TEXT NOT NULL DEFAULT '',
	serial TEXT NOT NULL DEFAULT '',
	addresses TEXT NOT NULL DEFAULT '[]',
	reboot INTEGER NOT NULL DEFAULT 0,
	planned_at INTEGER NOT NULL DEFAULT 0,
	plan_error TEXT,
	lists_at INTEGER NOT NULL DEFAULT 0,
	updates_at INTEGER NOT NULL DEFAULT 0,
	package_count INTEGER NOT NULL DEFAULT 0,
	-- from matching
	matched_at INTEGER NOT NULL DEFAULT 0,
	matched_generation INTEGER NOT NULL DEFAULT 0,
	eol_at INTEGER NOT NULL DEFAULT 0,
	eol_ended INTEGER NOT NULL DEFAULT 0,
	critical INTEGER NOT NULL DEFAULT 0,
	high INTEGER NOT NULL DEFAULT 0,
	medium INTEGER NOT NULL DEFAULT 0,
	low INTEGER NOT NULL DEFAULT 0,
	unknown INTEGER NOT NULL DEFAULT 0,
	kev INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX host_by_group ON host (group_name);

CREATE TABLE certificate (
	serial TEXT PRIMARY KEY,
	host TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
	key_digest TEXT NOT NULL,
	not_after INTEGER NOT NULL,
	issued_at INTEGER NOT NULL,
	revoked_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX certificate_by_host ON certificate (host);

-- Bodies are stored once by their hash; host_section says who announced and who really sent which one.
CREATE TABLE section (
	hash TEXT PRIMARY KEY,
	body BLOB NOT NULL
) STRICT;

CREATE TABLE host_section (
	host TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	announced TEXT NOT NULL,
	hash TEXT REFERENCES section (hash),
	received_at INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (host, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX host_section_by_hash ON host_section (hash);

CREATE TABLE token (
	id TEXT PRIMARY KEY,
	secret_hash TEXT NOT NULL,
	role TEXT NOT NULL CHECK (role IN ('host', 'relay')),
	group_name TEXT,
	approve INTEGER NOT NULL, -- its hosts wait for approval
	uses INTEGER NOT NULL,
	used INTEGER NOT NULL DEFAULT 0,
	created_at INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	revoked_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE signin (
	hash TEXT PRIMARY KEY,
	user TEXT NOT NULL,
	role TEXT NOT NULL,
	expires INTEGER NOT NULL,
	used_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
	hash TEXT PRIMARY KEY,
	user TEXT NOT NULL,
	role TEXT NOT NULL,
	csrf TEXT NOT NULL,
	seen_at INTEGER NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What an update is, whoever misses it; severity, kev and vulnerabilities are sums over patch_fix.
CREATE TABLE patch (
	id TEXT PRIMARY KEY,
	title TEXT NOT NULL,
	source TEXT NOT NULL,
	version TEXT NOT NULL,
	security INTEGER NOT NULL,
	size INTEGER NOT NULL,
	origins TEXT NOT NULL,
	first_seen INTEGER NOT NULL,
	severity INTEGER NOT NULL DEFAULT 0,
	kev INTEGER NOT NULL DEFAULT 0,
	vulnerabilities INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE host_patch (
	host TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
	patch TEXT NOT NULL REFERENCES patch (id),
	state TEXT NOT NULL CHECK (state IN ('missing', 'queued', 'running', 'installed',
		'installed-pending-reboot', 'failed', 'kept-back')),
	listed INTEGER NOT NULL, -- in the host's newest plan
	title TEXT NOT NULL,
	from_version TEXT NOT NULL,
	to_version TEXT NOT NULL,
	packages TEXT NOT NULL, -- JSON, as the section has it
	kept_back TEXT,
	staged INTEGER NOT NULL,
	at INTEGER NOT NULL,
	attempt TEXT,
	PRIMARY KEY (host, patch)
) STRICT, WITHOUT ROWID;
CREATE INDEX host_patch_by_patch ON host_patch (patch, state);
CREATE INDEX host_patch_by_state ON host_patch (state, host);

CREATE TABLE vulnerability (
	id TEXT PRIMARY KEY,
	title TEXT,
	severity INTEGER NOT NULL,
	cvss REAL,
	kev INTEGER NOT NULL,
	kev_due INTEGER NOT NULL,
	epss REAL
) STRICT;

CREATE TABLE patch_fix (
	patch TEXT NOT NULL REFERENCES patch (id) ON DELETE CASCADE,
	vulnerability TEXT NOT NULL REFERENCES vulnerability (id),
	source TEXT NOT NULL CHECK (source IN ('advisory', 'changelog')),
	advisories TEXT NOT NULL, -- JSON array
	PRIMARY KEY (patch, vulnerability)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding (
	id INTEGER PRIMARY KEY,
	host TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
	package TEXT NOT NULL,
	source TEXT NOT NULL,
	installed TEXT NOT NULL,
	fixed TEXT,
	vulnerability TEXT NOT NULL REFERENCES vulnerability (id),
	aliases TEXT NOT NULL, -- JSON array
	advisories TEXT NOT NULL, -- JSON array
	running INTEGER,
	why TEXT NOT NULL,
	patch TEXT
) STRICT;
CREATE INDEX finding_by_host ON finding (host);
CREATE INDEX finding_by_vulnerability ON finding (vulnerability, host, patch);

CREATE TABLE patch_order (
	id TEXT PRIMARY KEY,
	host TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
	kind TEXT NOT NULL CHECK (kind IN ('apply', 'stage', 'refresh')),
	state TEXT NOT NULL CHECK (state IN ('queued', 'fetched', 'done', 'withdrawn', 'expired')),
	issued INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	by_user TEXT NOT NULL,
	signed TEXT NOT NULL, -- the signed document as JSON, sent as it is
	fetched_at INTEGER NOT NULL DEFAULT 0,
	lineage TEXT NOT NULL DEFAULT '' -- of the answer that carried it: seen again, it has arrived
) STRICT;
CREATE INDEX patch_order_by_host ON patch_order (host, state);
CREATE INDEX patch_order_by_state ON patch_order (state, expires);

CREATE TABLE attempt (
	id TEXT PRIMARY KEY,
	order_id TEXT NOT NULL REFERENCES patch_order (id) ON DELETE CASCADE,
	host TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
	patch TEXT NOT NULL REFERENCES patch (id),
	title TEXT NOT NULL,
	from_version TEXT NOT NULL,
	to_version TEXT NOT NULL,
	packages TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'installed', 'installed-pending-reboot', 'failed')),
	at INTEGER NOT NULL, -- ordered, then started
	finished INTEGER NOT NULL DEFAULT 0,
	cause TEXT NOT NULL,
	by_user TEXT NOT NULL,
	why TEXT,
	words TEXT,
	signed TEXT -- the host's signed result, kept as evidence
) STRICT;
CREATE INDEX attempt_by_host ON attempt (host, at);
CREATE INDEX attempt_by_order ON attempt (order_id);
CREATE INDEX attempt_by_at ON attempt (at);
CREATE INDEX attempt_by_state ON attempt (state, at);

-- Append-only; each hash covers the row and the hash before it.
CREATE TABLE audit (
	seq INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	who TEXT NOT NULL,
	what TEXT NOT NULL,
	object TEXT NOT NULL,
	detail TEXT NOT NULL,
	hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
	SELECT raise(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
	SELECT raise(ABORT, 'the audit log is append-only');
END;
