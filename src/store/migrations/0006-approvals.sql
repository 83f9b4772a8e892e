-- What people and vendors say about updates, what holds a host, and how far a policy's rings have come.

CREATE TABLE verdict (
	id TEXT PRIMARY KEY,
	patch TEXT NOT NULL,
	group_name TEXT NOT NULL, -- '': everybody
	verdict TEXT NOT NULL CHECK (verdict IN ('approved', 'rejected', 'withdrawn')),
	by_user TEXT NOT NULL,
	reason TEXT NOT NULL,
	at INTEGER NOT NULL,
	undone_at INTEGER NOT NULL DEFAULT 0,
	undone_by TEXT
) STRICT;
CREATE INDEX verdict_by_patch ON verdict (patch, undone_at);

CREATE TABLE vendor (
	name TEXT PRIMARY KEY,
	contact TEXT NOT NULL,
	by_user TEXT NOT NULL,
	at INTEGER NOT NULL
) STRICT;
-- Which hosts depend on a vendor: one host, or a group.
CREATE TABLE vendor_scope (
	vendor TEXT NOT NULL REFERENCES vendor (name) ON DELETE CASCADE,
	kind TEXT NOT NULL CHECK (kind IN ('host', 'group')),
	target TEXT NOT NULL,
	PRIMARY KEY (vendor, kind, target)
) STRICT, WITHOUT ROWID;
CREATE TABLE vendor_answer (
	vendor TEXT NOT NULL REFERENCES vendor (name) ON DELETE CASCADE,
	patch TEXT NOT NULL,
	answer TEXT NOT NULL CHECK (answer IN ('validated', 'forbidden', 'unknown')),
	asked_at INTEGER NOT NULL,
	due INTEGER NOT NULL, -- the vendor's deadline, 0 none
	at INTEGER NOT NULL, -- answered, 0 not yet
	by_user TEXT NOT NULL,
	note TEXT NOT NULL,
	PRIMARY KEY (vendor, patch)
) STRICT, WITHOUT ROWID;
CREATE INDEX vendor_answer_by_patch ON vendor_answer (patch);
CREATE TABLE vendor_link (
	hash TEXT PRIMARY KEY, -- SHA-256 of the link's secret
	vendor TEXT NOT NULL REFERENCES vendor (name) ON DELETE CASCADE,
	by_user TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	used_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE mitigation (
	id TEXT PRIMARY KEY,
	subject TEXT NOT NULL, -- a vulnerability or a patch
	group_name TEXT NOT NULL, -- '': everybody
	workaround TEXT NOT NULL,
	owner TEXT NOT NULL,
	by_user TEXT NOT NULL,
	at INTEGER NOT NULL,
	ended_at INTEGER NOT NULL DEFAULT 0,
	ended_why TEXT
) STRICT;
CREATE INDEX mitigation_by_subject ON mitigation (subject, ended_at);

CREATE TABLE hold (
	id TEXT PRIMARY KEY,
	host TEXT REFERENCES host (id) ON DELETE CASCADE, -- NULL: a group's
	group_name TEXT,
	by_user TEXT NOT NULL,
	why TEXT NOT NULL,
	at INTEGER NOT NULL,
	until INTEGER NOT NULL, -- 0: until released
	released_at INTEGER NOT NULL DEFAULT 0,
	released_by TEXT,
	CHECK ((host IS NULL) <> (group_name IS NULL))
) STRICT;
CREATE INDEX hold_by_host ON hold (host, released_at);
CREATE INDEX hold_by_group ON hold (group_name, released_at);

CREATE TABLE lease (
	host TEXT PRIMARY KEY REFERENCES host (id) ON DELETE CASCADE,
	slot TEXT NOT NULL,
	policy TEXT NOT NULL,
	ring INTEGER NOT NULL,
	redundancy TEXT,
	starts INTEGER NOT NULL,
	until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lease_by_policy ON lease (policy, ring);
CREATE INDEX lease_by_redundancy ON lease (redundancy);

-- How far each update has come through the rings of a policy: computed when something changed, read by every host.
CREATE TABLE ring_stage (
	policy TEXT NOT NULL,
	patch TEXT NOT NULL,
	decisions TEXT NOT NULL DEFAULT '[]', -- JSON: [state, because, until] for each ring
	due INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (policy, patch)
) STRICT, WITHOUT ROWID;
CREATE INDEX ring_stage_by_patch ON ring_stage (patch);
CREATE INDEX ring_stage_by_due ON ring_stage (due);
CREATE TABLE ring_halt (
	id TEXT PRIMARY KEY,
	policy TEXT NOT NULL,
	patch TEXT NOT NULL,
	ring TEXT NOT NULL,
	why TEXT NOT NULL,
	at INTEGER NOT NULL,
	lifted_at INTEGER NOT NULL DEFAULT 0,
	lifted_by TEXT
) STRICT;
CREATE INDEX ring_halt_by_patch ON ring_halt (policy, patch, lifted_at);

CREATE TRIGGER ring_patch_added AFTER INSERT ON host_patch
BEGIN
	UPDATE ring_stage SET due = 0 WHERE patch = NEW.patch AND due <> 0;
END;
CREATE TRIGGER ring_patch_gone AFTER DELETE ON host_patch
BEGIN
	UPDATE ring_stage SET due = 0 WHERE patch = OLD.patch AND due <> 0;
END;
CREATE TRIGGER ring_patch_moved AFTER UPDATE OF state ON host_patch WHEN OLD.state <> NEW.state
BEGIN
	UPDATE ring_stage SET due = 0 WHERE patch = NEW.patch AND due <> 0;
END;
CREATE TRIGGER ring_member_moved AFTER UPDATE OF policy, ring ON host_directive
	WHEN OLD.policy <> NEW.policy OR OLD.ring <> NEW.ring
BEGIN
	UPDATE ring_stage SET due = 0 WHERE due <> 0 AND patch IN (SELECT x.patch FROM host_patch x WHERE x.host = NEW.host);
END;
CREATE TRIGGER ring_halt_added AFTER INSERT ON ring_halt
BEGIN
	UPDATE ring_stage SET due = 0 WHERE policy = NEW.policy AND patch = NEW.patch;
END;
CREATE TRIGGER ring_halt_lifted AFTER UPDATE OF lifted_at ON ring_halt
BEGIN
	UPDATE ring_stage SET due = 0 WHERE policy = NEW.policy AND patch = NEW.patch;
END;
CREATE TRIGGER ring_policy_changed AFTER UPDATE ON policy
BEGIN
	UPDATE ring_stage SET due = 0 WHERE policy = NEW.name;
END;
CREATE TRIGGER ring_policy_gone AFTER DELETE ON policy
BEGIN
	DELETE FROM ring_stage WHERE policy = OLD.name;
END;

CREATE TRIGGER directive_verdict_added AFTER INSERT ON verdict
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE NEW.verdict = 'withdrawn' OR host IN (SELECT x.host FROM host_patch x WHERE x.patch = NEW.patch);
END;
CREATE TRIGGER directive_verdict_undone AFTER UPDATE OF undone_at ON verdict
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE NEW.verdict = 'withdrawn' OR host IN (SELECT x.host FROM host_patch x WHERE x.patch = NEW.patch);
END;
CREATE TRIGGER directive_answer_added AFTER INSERT ON vendor_answer
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE host IN (SELECT x.host FROM host_patch x WHERE x.patch = NEW.patch);
END;
CREATE TRIGGER directive_answer_changed AFTER UPDATE ON vendor_answer
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE host IN (SELECT x.host FROM host_patch x WHERE x.patch = NEW.patch);
END;
CREATE TRIGGER directive_scope_added AFTER INSERT ON vendor_scope
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1;
END;
CREATE TRIGGER directive_scope_gone AFTER DELETE ON vendor_scope
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1;
END;
CREATE TRIGGER directive_mitigation_added AFTER INSERT ON mitigation
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1;
END;
CREATE TRIGGER directive_mitigation_ended AFTER UPDATE OF ended_at ON mitigation
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1;
END;
CREATE TRIGGER directive_hold_added AFTER INSERT ON hold
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE host = NEW.host OR host IN (SELECT h.id FROM host h WHERE h.group_name = NEW.group_name)
		OR host IN (SELECT m.host FROM fleet_member m WHERE m.name = NEW.group_name);
END;
CREATE TRIGGER directive_hold_changed AFTER UPDATE ON hold
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE host = NEW.host OR host IN (SELECT h.id FROM host h WHERE h.group_name = NEW.group_name)
		OR host IN (SELECT m.host FROM fleet_member m WHERE m.name = NEW.group_name);
END;
CREATE TRIGGER directive_lease_added AFTER INSERT ON lease
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = NEW.host;
END;
CREATE TRIGGER directive_lease_gone AFTER DELETE ON lease
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = OLD.host;
END;
