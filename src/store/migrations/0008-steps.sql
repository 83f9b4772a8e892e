-- Steps of server systems: what the hosts of one must know of each other. How long updates take by model of machine.

ALTER TABLE host ADD COLUMN model TEXT NOT NULL DEFAULT '';
CREATE INDEX host_by_model ON host (model) WHERE model <> '';

ALTER TABLE host_directive ADD COLUMN steps INTEGER; -- bits of store/step.h; NULL: in no server system
CREATE INDEX host_directive_in_steps ON host_directive (host) WHERE steps IS NOT NULL;
CREATE TRIGGER directive_steps AFTER UPDATE OF steps ON host_directive WHEN OLD.steps IS NOT NEW.steps
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE steps IS NOT NULL AND host <> NEW.host;
END;
CREATE TRIGGER directive_backup AFTER UPDATE OF backup_at ON host WHEN OLD.backup_at <> NEW.backup_at
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE steps IS NOT NULL;
END;

CREATE TABLE model_time (
	model TEXT PRIMARY KEY,
	install_ms INTEGER NOT NULL,
	reboot_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER directive_model AFTER UPDATE OF model ON host WHEN OLD.model <> NEW.model
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1 WHERE host = NEW.id;
END;
CREATE TRIGGER directive_model_time_added AFTER INSERT ON model_time
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE host IN (SELECT h.id FROM host h WHERE h.model = NEW.model AND h.model <> '');
END;
CREATE TRIGGER directive_model_time_changed AFTER UPDATE ON model_time
BEGIN
	UPDATE host_directive SET due = 0, change = change + 1
		WHERE host IN (SELECT h.id FROM host h WHERE h.model = NEW.model AND h.model <> '');
END;
