-- By when to act on each finding, and how all of them went from day to day. Days are UTC: day = instant / 86400000.

-- What a machine is, for the decision tree: importance 0 low, 1 normal, 2 high.
ALTER TABLE host ADD COLUMN exposed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN importance INTEGER NOT NULL DEFAULT 1;
ALTER TABLE host ADD COLUMN not_matched TEXT; -- why its findings are not of its newest packages and feeds; NULL: they are
-- Sums over its vulnerabilities, like critical … kev; overdue and due_next are as of the last day that was seen to.
ALTER TABLE host ADD COLUMN act_now INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN within_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN next_window INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN watch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN overdue INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN overdue_now INTEGER NOT NULL DEFAULT 0; -- those of them to act on now
ALTER TABLE host ADD COLUMN due_next INTEGER NOT NULL DEFAULT 0; -- the first due date that has not passed
CREATE INDEX host_by_due ON host (due_next) WHERE due_next > 0;
CREATE INDEX host_by_os ON host (os_key);

-- Facts that decide: bit 0 ransomware, then CISA's exploitation, automatable and impact, two bits each.
ALTER TABLE vulnerability ADD COLUMN kev_added INTEGER NOT NULL DEFAULT 0;
ALTER TABLE vulnerability ADD COLUMN facts INTEGER NOT NULL DEFAULT 0;

-- The few sentences that explain a decision, each stored once.
CREATE TABLE reason (
	id INTEGER PRIMARY KEY,
	en TEXT NOT NULL,
	ja TEXT NOT NULL,
	UNIQUE (en, ja)
) STRICT;

ALTER TABLE finding ADD COLUMN published INTEGER NOT NULL DEFAULT 0; -- the advisory that decided
ALTER TABLE finding ADD COLUMN first_seen INTEGER NOT NULL DEFAULT 0; -- on this host, kept while it stays
ALTER TABLE finding ADD COLUMN action INTEGER NOT NULL DEFAULT 0; -- 0 watch, 1 next-window, 2 within-days, 3 act-now
ALTER TABLE finding ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE finding ADD COLUMN reason INTEGER REFERENCES reason (id);
UPDATE finding SET first_seen = (SELECT matched_at FROM host WHERE host.id = finding.host);
CREATE INDEX finding_by_due ON finding (due) WHERE due > 0;
CREATE INDEX finding_by_action ON finding (vulnerability, action, due);
CREATE INDEX finding_by_patch ON finding (patch, vulnerability) WHERE patch IS NOT NULL;
CREATE INDEX patch_fix_by_vulnerability ON patch_fix (vulnerability);
-- Matched again after this change, so that every finding gets its date.
UPDATE host SET matched_generation = -1;

-- Which packages a host has, as sorted hashes of the names that advisories use: a changed feed asks all hosts at once.
CREATE TABLE host_source (
	host TEXT PRIMARY KEY REFERENCES host (id) ON DELETE CASCADE,
	names BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Sums over the active hosts of a group ('' = without one), kept by triggers, so that no writer can forget one; added
-- and fixed wait there until the day's row takes them.
CREATE TABLE group_sum (
	group_name TEXT PRIMARY KEY,
	dirty INTEGER NOT NULL DEFAULT 1,
	hosts INTEGER NOT NULL DEFAULT 0,
	clean INTEGER NOT NULL DEFAULT 0, -- matched, and nothing found
	critical INTEGER NOT NULL DEFAULT 0,
	high INTEGER NOT NULL DEFAULT 0,
	medium INTEGER NOT NULL DEFAULT 0,
	low INTEGER NOT NULL DEFAULT 0,
	unknown INTEGER NOT NULL DEFAULT 0,
	kev INTEGER NOT NULL DEFAULT 0,
	overdue INTEGER NOT NULL DEFAULT 0,
	added INTEGER NOT NULL DEFAULT 0,
	fixed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO group_sum (group_name, hosts, clean, critical, high, medium, low, unknown, kev)
	SELECT coalesce(group_name, ''), count(*),
		sum(matched_at > 0 AND critical + high + medium + low + unknown = 0),
		sum(critical), sum(high), sum(medium), sum(low), sum(unknown), sum(kev)
	FROM host WHERE state = 'active' GROUP BY 1;

-- One row per day and group; a day without a row is like the last one that has one.
CREATE TABLE trend (
	group_name TEXT NOT NULL,
	day INTEGER NOT NULL,
	hosts INTEGER NOT NULL,
	clean INTEGER NOT NULL,
	critical INTEGER NOT NULL,
	high INTEGER NOT NULL,
	medium INTEGER NOT NULL,
	low INTEGER NOT NULL,
	unknown INTEGER NOT NULL,
	kev INTEGER NOT NULL,
	overdue INTEGER NOT NULL,
	added INTEGER NOT NULL,
	fixed INTEGER NOT NULL,
	PRIMARY KEY (group_name, day)
) STRICT, WITHOUT ROWID;

-- Fixed vulnerabilities of hosts by severity, and how long they had been there, in milliseconds.
CREATE TABLE trend_fix (
	group_name TEXT NOT NULL,
	day INTEGER NOT NULL,
	severity INTEGER NOT NULL,
	fixed INTEGER NOT NULL,
	waited INTEGER NOT NULL,
	PRIMARY KEY (group_name, day, severity)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER host_sum_added AFTER INSERT ON host WHEN NEW.state = 'active'
BEGIN
	INSERT INTO group_sum (group_name) VALUES (coalesce(NEW.group_name, '')) ON CONFLICT DO NOTHING;
	UPDATE group_sum SET dirty = 1, hosts = hosts + 1 WHERE group_name = coalesce(NEW.group_name, '');
END;
CREATE TRIGGER host_sum_gone AFTER DELETE ON host WHEN OLD.state = 'active'
BEGIN
	UPDATE group_sum SET dirty = 1, hosts = hosts - 1,
		clean = clean - (OLD.matched_at > 0
			AND OLD.critical + OLD.high + OLD.medium + OLD.low + OLD.unknown = 0),
		critical = critical - OLD.critical, high = high - OLD.high, medium = medium - OLD.medium,
		low = low - OLD.low, unknown = unknown - OLD.unknown, kev = kev - OLD.kev,
		overdue = overdue - OLD.overdue
		WHERE group_name = coalesce(OLD.group_name, '');
END;
CREATE TRIGGER host_sum_moved AFTER UPDATE OF state, group_name, matched_at, critical, high, medium, low, unknown, kev,
	overdue ON host
WHEN OLD.state <> NEW.state OR OLD.group_name IS NOT NEW.group_name OR (OLD.matched_at > 0) <> (NEW.matched_at > 0)
	OR OLD.critical <> NEW.critical OR OLD.high <> NEW.high OR OLD.medium <> NEW.medium OR OLD.low <> NEW.low
	OR OLD.unknown <> NEW.unknown OR OLD.kev <> NEW.kev OR OLD.overdue <> NEW.overdue
BEGIN
	UPDATE group_sum SET dirty = 1, hosts = hosts - 1,
		clean = clean - (OLD.matched_at > 0
			AND OLD.critical + OLD.high + OLD.medium + OLD.low + OLD.unknown = 0),
		critical = critical - OLD.critical, high = high - OLD.high, medium = medium - OLD.medium,
		low = low - OLD.low, unknown = unknown - OLD.unknown, kev = kev - OLD.kev,
		overdue = overdue - OLD.overdue
		WHERE group_name = coalesce(OLD.group_name, '') AND OLD.state = 'active';
	INSERT INTO group_sum (group_name) VALUES (coalesce(NEW.group_name, '')) ON CONFLICT DO NOTHING;
	UPDATE group_sum SET dirty = 1, hosts = hosts + 1,
		clean = clean + (NEW.matched_at > 0
			AND NEW.critical + NEW.high + NEW.medium + NEW.low + NEW.unknown = 0),
		critical = critical + NEW.critical, high = high + NEW.high, medium = medium + NEW.medium,
		low = low + NEW.low, unknown = unknown + NEW.unknown, kev = kev + NEW.kev,
		overdue = overdue + NEW.overdue
		WHERE group_name = coalesce(NEW.group_name, '') AND NEW.state = 'active';
END;

-- What is known of a vulnerability changes for everybody at once.
CREATE TRIGGER vulnerability_rated AFTER UPDATE OF severity, kev ON vulnerability
WHEN OLD.severity <> NEW.severity OR OLD.kev <> NEW.kev
BEGIN
	UPDATE host SET
		critical = critical + (NEW.severity = 4) - (OLD.severity = 4),
		high = high + (NEW.severity = 3) - (OLD.severity = 3),
		medium = medium + (NEW.severity = 2) - (OLD.severity = 2),
		low = low + (NEW.severity = 1) - (OLD.severity = 1),
		unknown = unknown + (NEW.severity = 0) - (OLD.severity = 0),
		kev = kev + NEW.kev - OLD.kev
		WHERE id IN (SELECT f.host FROM finding f WHERE f.vulnerability = NEW.id);
	UPDATE patch SET (severity, kev, vulnerabilities) = (SELECT coalesce(max(v.severity), 0), coalesce(sum(v.kev), 0),
		count(*) FROM patch_fix x JOIN vulnerability v ON v.id = x.vulnerability WHERE x.patch = patch.id)
		WHERE id IN (SELECT x.patch FROM patch_fix x WHERE x.vulnerability = NEW.id);
END;
