-- Bundles carried to closed sites and back: a number is used up when the export begins, whatever comes of it.
CREATE TABLE bundle (
	site TEXT NOT NULL,
	direction TEXT NOT NULL, -- down up
	counter INTEGER NOT NULL,
	id TEXT NOT NULL,
	relay TEXT NOT NULL DEFAULT '', -- up: who made it
	since INTEGER NOT NULL DEFAULT 0, -- down: builds on that one
	seen INTEGER NOT NULL DEFAULT 0, -- up: the last one taken in at the site
	made INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	at INTEGER NOT NULL DEFAULT 0, -- signed, or taken in; 0: not finished
	members INTEGER NOT NULL DEFAULT 0,
	bytes INTEGER NOT NULL DEFAULT 0,
	by_user TEXT NOT NULL,
	PRIMARY KEY (site, direction, relay, counter)
) STRICT, WITHOUT ROWID;
