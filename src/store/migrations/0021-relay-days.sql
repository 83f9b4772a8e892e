-- What relays tell of their lists of origins, and how they did from day to day.
ALTER TABLE relay ADD COLUMN origins TEXT NOT NULL DEFAULT '[]'; -- JSON: {url, by, unverified, lists: [{url, label, dated, expires, checked}]}
ALTER TABLE relay ADD COLUMN refused TEXT NOT NULL DEFAULT '[]'; -- JSON: {what, peer, count, last}, most asked first
ALTER TABLE relay ADD COLUMN refused_total INTEGER NOT NULL DEFAULT 0; -- since the relay was started

CREATE TABLE relay_day (
	relay TEXT NOT NULL REFERENCES relay (id) ON DELETE CASCADE,
	day INTEGER NOT NULL, -- since 1970, in the server's zone
	hits INTEGER NOT NULL, -- of that day
	misses INTEGER NOT NULL,
	served INTEGER NOT NULL, -- bytes
	fetched INTEGER NOT NULL,
	space INTEGER NOT NULL, -- at its end
	space_max INTEGER NOT NULL,
	PRIMARY KEY (relay, day)
) STRICT, WITHOUT ROWID;
