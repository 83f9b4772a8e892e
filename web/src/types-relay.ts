// Relays, sites and bundles, as in doc/api.md.
import type { Severity } from './types';

export interface Relay {
	id: string;
	name: string;
	/** null: it serves machines without a site. */
	site: string | null;
	state: 'active' | 'revoked';
	silent: boolean;
	/** It is heard of by what bundles bring back, not by its own word. */
	by_bundle: boolean;
	urls: string[];
	names: string[];
	version: string;
	enrolled_at: string;
	last_seen: string | null;
	peer: string;
	space: number;
	space_max: number;
	hits: number;
	misses: number;
	hit_rate: number | null;
	served: number;
	fetched: number;
	metadata_at: string | null;
	queue: number;
	/** Signed lists of its origins that are stale or expired. */
	lists_old: number;
	/** Requests for what is on no list, since it was started. */
	refused_total: number;
	trouble: string | null;
}

export type ListState = 'current' | 'unread' | 'unused' | 'stale' | 'expired';

/** A signed list of an origin. */
export interface RelayList {
	url: string;
	label: string;
	dated: string | null;
	/** null: it has no end of its own. */
	expires: string | null;
	/** When it was read, or the origin last said that it is current. */
	checked: string | null;
	state: ListState;
}

export interface RelayOrigin {
	url: string;
	/** It was started with it, or a bundle named it. */
	by: 'relay' | 'bundle';
	unverified: boolean;
	state: ListState;
	lists: RelayList[];
}

export interface Refusal {
	what: string;
	/** The address that asked last. */
	peer: string;
	count: number;
	last: string | null;
}

/** GET relays/ID. */
export interface RelayDetail extends Relay {
	origins: RelayOrigin[];
	refused: Refusal[];
}

export interface RelayDay {
	day: string;
	hits: number;
	misses: number;
	hit_rate: number | null;
	served: number;
	fetched: number;
	space: number;
	space_max: number;
}

/** GET relays/ID/trend. */
export interface RelayTrend {
	days: number;
	today: string;
	items: RelayDay[];
}

export interface SiteBundle {
	/** The newest made for it; 0: none. */
	counter: number;
	made: string | null;
	expires: string | null;
	/** The newest that it told to have taken in; 0: none yet. */
	seen: number;
	seen_made: string | null;
	/** The newest that came back; 0: none yet. */
	up: number;
	up_made: string | null;
	up_at: string | null;
}

export interface Site {
	/** null: relays without a site. */
	site: string | null;
	relay_only: boolean;
	fresh_h: number;
	note: string;
	hosts: number;
	relays: number;
	metadata_at: string | null;
	stale: boolean;
	last_seen: string | null;
	queue: number;
	bundle: SiteBundle | null;
}

export interface Bundle {
	site: string;
	direction: 'down' | 'up';
	counter: number;
	id: string;
	relay: string | null;
	since: number;
	seen: number;
	made: string;
	expires: string;
	/** Signed, or taken in; null: not finished. */
	at: string | null;
	members: number;
	bytes: number;
	by: string;
}

export interface BundleNeed {
	package: string;
	severity: Severity;
	kev: number;
	vulnerabilities: number;
	hosts: number;
}

export interface BundleNext {
	counter: number;
	since: number;
	hosts: number;
	heard_first: string | null;
	heard_last: string | null;
	updates: number;
	bytes: number;
	vulnerabilities: number;
	letters: number;
	total: number;
	items: BundleNeed[];
}
