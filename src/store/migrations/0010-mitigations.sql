-- What an emergency's mitigations have done on a host, as it told last (doc/agent-protocol.md, "mitigations").
CREATE TABLE host_mitigation (
	host TEXT PRIMARY KEY REFERENCES host (id) ON DELETE CASCADE,
	report TEXT NOT NULL, -- JSON
	in_force INTEGER NOT NULL, -- updates that are mitigated there: its partners of a redundancy group get no lease then
	at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
