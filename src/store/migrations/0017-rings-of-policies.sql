-- Rings are those of the policy that wrote them, which need not be the one that gives a host its hours; and a ring without
-- any machine proves nothing.
ALTER TABLE host_directive ADD COLUMN ring_policy TEXT NOT NULL DEFAULT '';
CREATE INDEX host_directive_by_rings ON host_directive (ring_policy, ring);
-- Everything is computed anew.
UPDATE host_directive SET due = 0, change = change + 1;
DROP TRIGGER ring_member_moved;
CREATE TRIGGER ring_member_moved AFTER UPDATE OF ring_policy, ring ON host_directive
	WHEN OLD.ring_policy <> NEW.ring_policy OR OLD.ring <> NEW.ring
BEGIN
	UPDATE ring_stage SET due = 0 WHERE due <> 0 AND patch IN (SELECT x.patch FROM host_patch x WHERE x.host = NEW.host);
END;
-- Its first member came, or its last one left.
CREATE TRIGGER ring_filled AFTER UPDATE OF ring_policy, ring ON host_directive
	WHEN (OLD.ring_policy <> NEW.ring_policy OR OLD.ring <> NEW.ring) AND NEW.ring_policy <> '' AND NOT EXISTS
		(SELECT 1 FROM host_directive o JOIN host h ON h.id = o.host AND h.state = 'active'
		 WHERE o.ring_policy = NEW.ring_policy AND o.ring = NEW.ring AND o.host <> NEW.host)
BEGIN
	UPDATE ring_stage SET due = 0 WHERE due <> 0 AND policy = NEW.ring_policy;
END;
CREATE TRIGGER ring_emptied AFTER UPDATE OF ring_policy, ring ON host_directive
	WHEN (OLD.ring_policy <> NEW.ring_policy OR OLD.ring <> NEW.ring) AND OLD.ring_policy <> '' AND NOT EXISTS
		(SELECT 1 FROM host_directive o JOIN host h ON h.id = o.host AND h.state = 'active'
		 WHERE o.ring_policy = OLD.ring_policy AND o.ring = OLD.ring)
BEGIN
	UPDATE ring_stage SET due = 0 WHERE due <> 0 AND policy = OLD.ring_policy;
END;
CREATE TRIGGER ring_member_retired AFTER UPDATE OF state ON host WHEN OLD.state <> NEW.state
BEGIN
	UPDATE ring_stage SET due = 0
		WHERE due <> 0 AND policy = (SELECT d.ring_policy FROM host_directive d WHERE d.host = NEW.id);
END;
CREATE TRIGGER ring_member_gone AFTER DELETE ON host_directive WHEN OLD.ring_policy <> ''
BEGIN
	UPDATE ring_stage SET due = 0 WHERE due <> 0 AND policy = OLD.ring_policy;
END;

-- What a machine looks like to which nobody gave a role: counts as one until somebody does.
ALTER TABLE host ADD COLUMN role_guess TEXT;
ALTER TABLE host ADD COLUMN role_guess_why TEXT NOT NULL DEFAULT '';
CREATE TRIGGER directive_role_guess AFTER UPDATE OF role_guess ON host WHEN OLD.role_guess IS NOT NEW.role_guess
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = NEW.id;
END;

-- Lists of machines that were not back when they should have been.
CREATE TABLE not_back_list (
	at INTEGER NOT NULL, -- the moment by which they should have been
	host TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
	state TEXT NOT NULL CHECK (state IN ('silent', 'unhealthy')),
	last_seen INTEGER NOT NULL,
	PRIMARY KEY (at, host)
) STRICT, WITHOUT ROWID;
