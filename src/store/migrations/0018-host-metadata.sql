-- What hosts trust of the update metadata, as they told last (doc/agent-protocol.md, "metadata").
CREATE TABLE host_metadata (
	host TEXT PRIMARY KEY REFERENCES host (id) ON DELETE CASCADE,
	timestamp INTEGER NOT NULL, -- version
	expires INTEGER NOT NULL, -- 0: not complete yet
	trouble TEXT NOT NULL, -- why what came was refused, in English; empty: it was not
	at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
