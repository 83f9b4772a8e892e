-- What policies ask of a host, policies with all their versions, and the directive that follows for each host.

ALTER TABLE host ADD COLUMN role TEXT;
ALTER TABLE host ADD COLUMN site TEXT;
ALTER TABLE host ADD COLUMN redundancy TEXT; -- members of one redundancy group are never down together
ALTER TABLE host ADD COLUMN timezone TEXT NOT NULL DEFAULT '';

CREATE TABLE host_tag (
	host TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
	tag TEXT NOT NULL,
	PRIMARY KEY (host, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX host_tag_by_tag ON host_tag (tag);
CREATE INDEX host_by_redundancy ON host (redundancy) WHERE redundancy IS NOT NULL;

-- Groups beside the department (host.group_name): by hand or by rule.
CREATE TABLE fleet_group (
	name TEXT PRIMARY KEY,
	rule TEXT, -- JSON; NULL: by hand
	by_user TEXT NOT NULL,
	at INTEGER NOT NULL
) STRICT;
CREATE TABLE fleet_member (
	name TEXT NOT NULL REFERENCES fleet_group (name) ON DELETE CASCADE,
	host TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
	by_rule INTEGER NOT NULL,
	PRIMARY KEY (name, host)
) STRICT, WITHOUT ROWID;
CREATE INDEX fleet_member_by_host ON fleet_member (host);

CREATE TABLE policy_version (
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	what TEXT NOT NULL CHECK (what IN ('put', 'revert', 'delete')),
	yaml TEXT NOT NULL, -- as written
	json TEXT NOT NULL, -- as hosts get it
	by_user TEXT NOT NULL,
	at INTEGER NOT NULL,
	note TEXT NOT NULL,
	PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE policy ( -- those in force
	name TEXT PRIMARY KEY,
	version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE day_list (
	name TEXT PRIMARY KEY,
	days TEXT NOT NULL, -- CSV as given
	by_user TEXT NOT NULL,
	at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE host_directive (
	host TEXT PRIMARY KEY REFERENCES host (id) ON DELETE CASCADE,
	serial INTEGER NOT NULL DEFAULT 0, -- 0: the host never got one
	digest TEXT NOT NULL DEFAULT '', -- of what it says, without serial and times
	issued INTEGER NOT NULL DEFAULT 0,
	expires INTEGER NOT NULL DEFAULT 0,
	policy TEXT NOT NULL DEFAULT '', -- the effective one's name and the host's ring in it, for sums over hosts
	ring INTEGER NOT NULL DEFAULT 0,
	due INTEGER NOT NULL DEFAULT 0, -- to be computed anew from then on; 0: something changed
	change INTEGER NOT NULL DEFAULT 0 -- raised by every change: what was computed before it is not the last word
) STRICT, WITHOUT ROWID;
-- Apart: a mark on the row above must not write this again.
CREATE TABLE directive_text (
	host TEXT PRIMARY KEY REFERENCES host (id) ON DELETE CASCADE,
	signed TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX host_directive_by_due ON host_directive (due);
CREATE INDEX host_directive_by_policy ON host_directive (policy, ring);
INSERT INTO host_directive (host) SELECT id FROM host;
CREATE TRIGGER host_directive_new AFTER INSERT ON host
BEGIN
	INSERT INTO host_directive (host) VALUES (NEW.id);
END;

-- What the slot machine of a host decided last, as the host told it.
CREATE TABLE slot_report (
	host TEXT PRIMARY KEY REFERENCES host (id) ON DELETE CASCADE,
	slot TEXT NOT NULL,
	starts INTEGER NOT NULL,
	ends INTEGER NOT NULL,
	act TEXT NOT NULL,
	reason TEXT NOT NULL,
	why TEXT NOT NULL,
	until INTEGER NOT NULL,
	pass INTEGER NOT NULL,
	install_ms INTEGER NOT NULL,
	reboot_ms INTEGER NOT NULL,
	unhealthy_since INTEGER NOT NULL, -- start of the slot after which its health check failed; 0: healthy
	at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE slot_done (
	slot TEXT NOT NULL,
	host TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
	at INTEGER NOT NULL,
	how TEXT NOT NULL,
	PRIMARY KEY (host, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX slot_done_by_at ON slot_done (at);

-- An update that another one of the same source replaced while it waited: its age counts for the newer one.
CREATE TABLE host_patch_earlier (
	host TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
	source TEXT NOT NULL,
	patch TEXT NOT NULL REFERENCES patch (id),
	PRIMARY KEY (host, source, patch)
) STRICT, WITHOUT ROWID;

-- Results of slots have no order.
CREATE TABLE attempt_new (
	id TEXT PRIMARY KEY,
	order_id TEXT NOT NULL, -- of patch_order, or "slot:…"
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
INSERT INTO attempt_new SELECT id, order_id, host, patch, title, from_version, to_version, packages, state, at, finished,
	cause, by_user, why, words, signed FROM attempt;
DROP TABLE attempt;
ALTER TABLE attempt_new RENAME TO attempt;
CREATE INDEX attempt_by_host ON attempt (host, at);
CREATE INDEX attempt_by_order ON attempt (order_id);
CREATE INDEX attempt_by_at ON attempt (at);
CREATE INDEX attempt_by_state ON attempt (state, at);
CREATE INDEX attempt_by_turn ON attempt (CASE state WHEN 'running' THEN 0 WHEN 'queued' THEN 1 ELSE 2 END, at DESC, id);
CREATE INDEX attempt_by_end ON attempt (finished, state);

-- Whatever a directive depends on marks it, so that no writer can forget to.
CREATE TRIGGER directive_patch_added AFTER INSERT ON host_patch
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = NEW.host;
END;
CREATE TRIGGER directive_patch_gone AFTER DELETE ON host_patch
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = OLD.host;
END;
CREATE TRIGGER directive_patch_moved AFTER UPDATE OF state ON host_patch WHEN OLD.state <> NEW.state
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = NEW.host;
END;
CREATE TRIGGER directive_patch_facts AFTER UPDATE OF severity, kev, security ON patch
	WHEN OLD.severity <> NEW.severity OR OLD.kev <> NEW.kev OR OLD.security <> NEW.security
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE host IN (SELECT x.host FROM host_patch x WHERE x.patch = NEW.id);
END;
CREATE TRIGGER directive_host AFTER UPDATE OF name, group_name, role, site, redundancy, timezone, os_key, state ON host
	WHEN OLD.name <> NEW.name OR OLD.group_name IS NOT NEW.group_name OR OLD.role IS NOT NEW.role
		OR OLD.site IS NOT NEW.site OR OLD.redundancy IS NOT NEW.redundancy OR OLD.timezone <> NEW.timezone
		OR OLD.os_key <> NEW.os_key OR OLD.state <> NEW.state
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = NEW.id;
END;
CREATE TRIGGER directive_tag_added AFTER INSERT ON host_tag
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = NEW.host;
END;
CREATE TRIGGER directive_tag_gone AFTER DELETE ON host_tag
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = OLD.host;
END;
CREATE TRIGGER directive_member_added AFTER INSERT ON fleet_member
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = NEW.host;
END;
CREATE TRIGGER directive_member_gone AFTER DELETE ON fleet_member
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = OLD.host;
END;
CREATE TRIGGER directive_policy_added AFTER INSERT ON policy
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1;
END;
CREATE TRIGGER directive_policy_changed AFTER UPDATE ON policy
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1;
END;
CREATE TRIGGER directive_policy_gone AFTER DELETE ON policy
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1;
END;
CREATE TRIGGER directive_days_added AFTER INSERT ON day_list
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1;
END;
CREATE TRIGGER directive_days_changed AFTER UPDATE ON day_list
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1;
END;
CREATE TRIGGER directive_days_gone AFTER DELETE ON day_list
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1;
END;
