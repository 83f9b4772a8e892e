-- Pages of a large fleet read sums, they do not count: triggers keep them, so that no writer can forget one.

ALTER TABLE host ADD COLUMN hardware_at INTEGER NOT NULL DEFAULT 0; -- its fingerprint changed, and it is still itself

-- Of a host's updates: pending is every state but installed.
ALTER TABLE host ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN security INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN running INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
UPDATE host SET (pending, security, running, failed, queued) = (
	SELECT count(*), coalesce(sum(y.security), 0), coalesce(sum(x.state = 'running'), 0),
		coalesce(sum(x.state = 'failed'), 0), coalesce(sum(x.state = 'queued'), 0)
	FROM host_patch x JOIN patch y ON y.id = x.patch
	WHERE x.host = host.id AND x.state IN ('missing', 'queued', 'running', 'failed', 'kept-back'));

-- Hosts by the state of an update.
ALTER TABLE patch ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE patch ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
ALTER TABLE patch ADD COLUMN running INTEGER NOT NULL DEFAULT 0;
ALTER TABLE patch ADD COLUMN installed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE patch ADD COLUMN rebooting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE patch ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE patch ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
UPDATE patch SET (missing, queued, running, installed, rebooting, failed, kept) = (
	SELECT coalesce(sum(state = 'missing'), 0), coalesce(sum(state = 'queued'), 0),
		coalesce(sum(state = 'running'), 0), coalesce(sum(state = 'installed'), 0),
		coalesce(sum(state = 'installed-pending-reboot'), 0), coalesce(sum(state = 'failed'), 0),
		coalesce(sum(state = 'kept-back'), 0)
	FROM host_patch WHERE patch = patch.id);

CREATE TRIGGER host_patch_added AFTER INSERT ON host_patch
BEGIN
	UPDATE host SET
		pending = pending + (NEW.state NOT IN ('installed', 'installed-pending-reboot')),
		security = security + (NEW.state NOT IN ('installed', 'installed-pending-reboot')
			AND (SELECT y.security FROM patch y WHERE y.id = NEW.patch)),
		running = running + (NEW.state = 'running'),
		failed = failed + (NEW.state = 'failed'),
		queued = queued + (NEW.state = 'queued')
		WHERE id = NEW.host;
	UPDATE patch SET
		missing = missing + (NEW.state = 'missing'),
		queued = queued + (NEW.state = 'queued'),
		running = running + (NEW.state = 'running'),
		installed = installed + (NEW.state = 'installed'),
		rebooting = rebooting + (NEW.state = 'installed-pending-reboot'),
		failed = failed + (NEW.state = 'failed'),
		kept = kept + (NEW.state = 'kept-back')
		WHERE id = NEW.patch;
END;
CREATE TRIGGER host_patch_gone AFTER DELETE ON host_patch
BEGIN
	UPDATE host SET
		pending = pending - (OLD.state NOT IN ('installed', 'installed-pending-reboot')),
		security = security - (OLD.state NOT IN ('installed', 'installed-pending-reboot')
			AND (SELECT y.security FROM patch y WHERE y.id = OLD.patch)),
		running = running - (OLD.state = 'running'),
		failed = failed - (OLD.state = 'failed'),
		queued = queued - (OLD.state = 'queued')
		WHERE id = OLD.host;
	UPDATE patch SET
		missing = missing - (OLD.state = 'missing'),
		queued = queued - (OLD.state = 'queued'),
		running = running - (OLD.state = 'running'),
		installed = installed - (OLD.state = 'installed'),
		rebooting = rebooting - (OLD.state = 'installed-pending-reboot'),
		failed = failed - (OLD.state = 'failed'),
		kept = kept - (OLD.state = 'kept-back')
		WHERE id = OLD.patch;
END;
CREATE TRIGGER host_patch_moved AFTER UPDATE OF state ON host_patch WHEN OLD.state <> NEW.state
BEGIN
	UPDATE host SET
		pending = pending + (NEW.state NOT IN ('installed', 'installed-pending-reboot'))
			- (OLD.state NOT IN ('installed', 'installed-pending-reboot')),
		security = security + ((NEW.state NOT IN ('installed', 'installed-pending-reboot'))
			- (OLD.state NOT IN ('installed', 'installed-pending-reboot')))
			* (SELECT y.security FROM patch y WHERE y.id = NEW.patch),
		running = running + (NEW.state = 'running') - (OLD.state = 'running'),
		failed = failed + (NEW.state = 'failed') - (OLD.state = 'failed'),
		queued = queued + (NEW.state = 'queued') - (OLD.state = 'queued')
		WHERE id = NEW.host;
	UPDATE patch SET
		missing = missing + (NEW.state = 'missing') - (OLD.state = 'missing'),
		queued = queued + (NEW.state = 'queued') - (OLD.state = 'queued'),
		running = running + (NEW.state = 'running') - (OLD.state = 'running'),
		installed = installed + (NEW.state = 'installed') - (OLD.state = 'installed'),
		rebooting = rebooting + (NEW.state = 'installed-pending-reboot') - (OLD.state = 'installed-pending-reboot'),
		failed = failed + (NEW.state = 'failed') - (OLD.state = 'failed'),
		kept = kept + (NEW.state = 'kept-back') - (OLD.state = 'kept-back')
		WHERE id = NEW.patch;
END;
-- Another host's archive told that an update is one of security after all.
CREATE TRIGGER patch_security AFTER UPDATE OF security ON patch WHEN OLD.security <> NEW.security
BEGIN
	UPDATE host SET security = security + NEW.security - OLD.security
		WHERE id IN (SELECT x.host FROM host_patch x WHERE x.patch = NEW.id
			AND x.state NOT IN ('installed', 'installed-pending-reboot'));
END;

-- Hosts that have a vulnerability, and those of them for which an update is pending; a host counts once, however
-- many of its packages have it.
ALTER TABLE vulnerability ADD COLUMN hosts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE vulnerability ADD COLUMN fixable INTEGER NOT NULL DEFAULT 0;
UPDATE vulnerability SET (hosts, fixable) = (
	SELECT count(DISTINCT host), count(DISTINCT CASE WHEN patch IS NOT NULL THEN host END)
	FROM finding WHERE vulnerability = vulnerability.id);

CREATE TRIGGER finding_added AFTER INSERT ON finding
BEGIN
	UPDATE vulnerability SET
		hosts = hosts + NOT EXISTS (SELECT 1 FROM finding f WHERE f.host = NEW.host
			AND f.vulnerability = NEW.vulnerability AND f.id <> NEW.id),
		fixable = fixable + (NEW.patch IS NOT NULL AND NOT EXISTS (SELECT 1 FROM finding f WHERE f.host = NEW.host
			AND f.vulnerability = NEW.vulnerability AND f.patch IS NOT NULL AND f.id <> NEW.id))
		WHERE id = NEW.vulnerability;
END;
CREATE TRIGGER finding_gone AFTER DELETE ON finding
BEGIN
	UPDATE vulnerability SET
		hosts = hosts - NOT EXISTS (SELECT 1 FROM finding f WHERE f.host = OLD.host
			AND f.vulnerability = OLD.vulnerability),
		fixable = fixable - (OLD.patch IS NOT NULL AND NOT EXISTS (SELECT 1 FROM finding f WHERE f.host = OLD.host
			AND f.vulnerability = OLD.vulnerability AND f.patch IS NOT NULL))
		WHERE id = OLD.vulnerability;
END;

-- The orders that pages ask for.
CREATE UNIQUE INDEX host_by_name ON host (name COLLATE NOCASE, id);
CREATE INDEX attempt_by_turn ON attempt (CASE state WHEN 'running' THEN 0 WHEN 'queued' THEN 1 ELSE 2 END, at DESC, id);
CREATE INDEX attempt_by_end ON attempt (finished, state);
DROP INDEX finding_by_host;
CREATE INDEX finding_by_host ON finding (host, vulnerability, patch);
DROP INDEX finding_by_vulnerability;
CREATE INDEX finding_by_vulnerability ON finding (vulnerability, package);
