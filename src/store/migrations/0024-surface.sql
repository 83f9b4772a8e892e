-- What people decide about the attack surface (doc/surface.md): whose things are, what becomes of risks, which gateways there are.
CREATE TABLE surface_verdict (
	kind TEXT NOT NULL, -- domain, host, address, network, as, certificate, organisation
	name TEXT NOT NULL,
	ownership TEXT NOT NULL, -- approved, dependency, monitor, excluded
	reason TEXT NOT NULL,
	by_user TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
-- Each risk that a run ever told, by its rule, its asset and its detail.
CREATE TABLE surface_risk (
	risk TEXT NOT NULL,
	asset TEXT NOT NULL,
	detail TEXT NOT NULL,
	severity TEXT NOT NULL,
	source TEXT NOT NULL, -- who saw it last; empty: nobody in particular
	status TEXT NOT NULL, -- open, in-progress, accepted, done
	assignee TEXT NOT NULL,
	accepted_until INTEGER NOT NULL, -- 0: not accepted
	note TEXT NOT NULL,
	by_user TEXT NOT NULL, -- empty: nobody has decided anything yet
	changed_at INTEGER NOT NULL,
	first_run INTEGER NOT NULL,
	first_seen INTEGER NOT NULL,
	last_run INTEGER NOT NULL, -- the newest run that tells it
	last_seen INTEGER NOT NULL, -- when its source saw it
	gone_run INTEGER NOT NULL, -- the first later run that could have seen it and did not; 0: none
	PRIMARY KEY (risk, asset, detail)
) STRICT, WITHOUT ROWID;
CREATE TABLE surface_risk_event (
	id INTEGER PRIMARY KEY,
	risk TEXT NOT NULL,
	asset TEXT NOT NULL,
	detail TEXT NOT NULL,
	at INTEGER NOT NULL,
	by_user TEXT NOT NULL, -- empty: by itself
	status TEXT NOT NULL,
	assignee TEXT NOT NULL,
	note TEXT NOT NULL
) STRICT;
CREATE INDEX surface_risk_event_of ON surface_risk_event (risk, asset, detail, id);
-- The ledger of remote gateways, as it was imported last.
CREATE TABLE surface_gateway (
	name TEXT PRIMARY KEY,
	address TEXT NOT NULL, -- host name or address; empty: not told
	maker TEXT NOT NULL,
	model TEXT NOT NULL,
	firmware TEXT NOT NULL,
	holder TEXT NOT NULL, -- of the contract
	telephone TEXT NOT NULL,
	patched_at INTEGER NOT NULL, -- 0: not told
	by_user TEXT NOT NULL,
	at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
