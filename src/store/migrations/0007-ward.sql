-- Emergencies and the consent to them; wards that act without an account; backups that steps ask for.

CREATE TABLE emergency (
	patch TEXT PRIMARY KEY,
	since INTEGER NOT NULL, -- first seen to be one on a host whose policy has the rule
	ended_at INTEGER NOT NULL DEFAULT 0 -- nobody is in need of it any more
) STRICT, WITHOUT ROWID;
CREATE TABLE emergency_consent (
	patch TEXT NOT NULL REFERENCES emergency (patch) ON DELETE CASCADE,
	by_user TEXT NOT NULL,
	at INTEGER NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (patch, by_user)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER directive_emergency_added AFTER INSERT ON emergency
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE host IN (SELECT x.host FROM host_patch x WHERE x.patch = NEW.patch);
END;
CREATE TRIGGER directive_emergency_moved AFTER UPDATE ON emergency
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE host IN (SELECT x.host FROM host_patch x WHERE x.patch = NEW.patch);
END;
CREATE TRIGGER directive_consent_added AFTER INSERT ON emergency_consent
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE host IN (SELECT x.host FROM host_patch x WHERE x.patch = NEW.patch);
END;

CREATE TABLE ward (
	group_name TEXT PRIMARY KEY,
	salt BLOB NOT NULL,
	pin BLOB NOT NULL, -- PBKDF2-HMAC-SHA256
	rounds INTEGER NOT NULL,
	by_user TEXT NOT NULL,
	at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE ward_session (
	hash TEXT PRIMARY KEY,
	group_name TEXT NOT NULL REFERENCES ward (group_name) ON DELETE CASCADE,
	csrf TEXT NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE host ADD COLUMN backup_at INTEGER NOT NULL DEFAULT 0; -- its newest backup, as a backup program told

ALTER TABLE slot_report ADD COLUMN serial INTEGER NOT NULL DEFAULT 0; -- of the directive that the host obeyed then
ALTER TABLE host_directive ADD COLUMN goes INTEGER NOT NULL DEFAULT 0; -- updates in it
ALTER TABLE host_directive ADD COLUMN lease_needed INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER directive_exposed AFTER UPDATE OF exposed ON host WHEN OLD.exposed <> NEW.exposed
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = NEW.id;
END;
