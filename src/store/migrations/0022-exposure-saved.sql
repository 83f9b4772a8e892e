-- Questions about exposure data that people keep, and what is new among their answers (doc/exposure-page.md).
CREATE TABLE exposure_saved (
	name TEXT PRIMARY KEY,
	query TEXT NOT NULL,
	notice INTEGER NOT NULL, -- 1: tell when services match that did not before
	by_user TEXT NOT NULL,
	at INTEGER NOT NULL,
	counted_at INTEGER NOT NULL, -- 0: never yet
	banners INTEGER NOT NULL,
	services INTEGER NOT NULL, -- different (address, port, transport)
	banners_before INTEGER NOT NULL, -- when somebody looked last
	trouble TEXT NOT NULL, -- why it could not be counted, in English; empty: it was
	-- What somebody has seen, and what is new since: 19 bytes for each service, sorted.
	seen BLOB NOT NULL,
	fresh BLOB NOT NULL,
	fresh_since INTEGER NOT NULL, -- 0: nothing is new
	seen_by TEXT NOT NULL,
	seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
