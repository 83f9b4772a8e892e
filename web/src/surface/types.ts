// What the API's rows about the attack surface answer (doc/api.md).
import type { Severity } from '../types';

export type Kind = 'domain' | 'host' | 'address' | 'network' | 'as' | 'certificate' | 'organisation';
export type Ownership = 'approved' | 'candidate' | 'dependency' | 'monitor' | 'excluded';
export type Owner = 'self' | 'group' | 'contractor';
export type Status = 'open' | 'in-progress' | 'accepted' | 'done';

export interface Coverage {
	source: string;
	questions: number;
	stored: number;
	asked: number;
	answered: number;
	nothing: number;
	failed: number;
	not_asked: number;
	last_failure: string | null;
}

export interface Run {
	run: number;
	began: string | null;
	ended: string | null;
	assets: Partial<Record<Ownership, number>> | null;
	rounds: number | null;
	guessed: number | null;
	limited: boolean | null;
	coverage: Coverage[] | null;
	resolvers_left_out: unknown[] | null;
}

/** A line of the list. */
export interface Asset {
	kind: Kind;
	name: string;
	unicode: string | null;
	ownership: Ownership;
	confidence: number | null;
	owner: Owner;
	company: string | null;
	site: string | null;
	country: string | null;
	rule: string | null;
	from: string | null;
	from_kind: string | null;
}

export interface Step {
	from: string | null;
	from_kind?: string | null;
	rule: string;
	source: string;
	asked: string | null;
	seen: string | null;
	evidence: string | null;
}

export interface Service {
	service: string;
	product?: string | null;
	title?: string | null;
	source?: string | null;
	seen?: string | null;
}

/** All that a run has of it; which fields there are depends on the kind. */
export interface WholeAsset extends Omit<Asset, 'from' | 'rule'> {
	run?: number;
	path: Step[];
	evidence?: Step[];
	neighbours?: Asset[];
	addresses?: string[];
	alias?: string | null;
	network?: string | null;
	as?: string | null;
	lies_in?: string | null;
	holder?: string | null;
	services?: Service[];
	registrant?: string | null;
	registrar?: string | null;
	created?: string | null;
	expires?: string | null;
	name_servers?: string[];
	mail?: string[];
	spf?: string | null;
	dmarc?: string | null;
	dkim?: string[] | string | null;
	issuer?: string | null;
	organisation?: string | null;
	from?: string | null;
	until?: string | null;
	names?: string[];
	shown_at?: string[];
	[field: string]: unknown;
}

export interface RiskState {
	status: Status;
	expired: boolean;
	assignee: string | null;
	accepted_until: string | null;
	note: string | null;
	by: string | null;
	changed_at: string | null;
	first_run: number;
	first_seen: string | null;
	last_run: number;
	last_seen: string | null;
	gone_run: number;
}

export interface Risk {
	risk: string;
	severity: Severity | 'info';
	asset: string;
	detail: string | null;
	source: string | null;
	/** Not of what the run shows no more. */
	kind?: string;
	owner?: Owner;
	company?: string | null;
	site?: string | null;
	country?: string | null;
	asked?: string | null;
	seen?: string | null;
	evidence?: string | null;
	says?: string;
	advice?: string;
	/** The machine that mamori manages there: where patching is done. */
	host?: { id: string; name: string } | null;
	act?: string;
	state: RiskState | null;
}

export interface RiskEvent {
	at: string;
	by: string | null;
	status: Status;
	assignee: string | null;
	note: string | null;
}

export interface Verdict {
	kind: Kind;
	name: string;
	ownership: Ownership;
	reason: string | null;
	by: string;
	at: string;
}

export interface Change {
	change: 'new' | 'gone' | 'changed' | 'unchecked';
	kind: Kind;
	name: string;
	before: Ownership | null;
	now: Ownership | null;
}

export interface Gateway {
	name: string | null;
	address: string | null;
	maker: string | null;
	model: string | null;
	firmware: string | null;
	holder: string | null;
	telephone: string | null;
	patched_at: string | null;
	state: 'seen' | 'not-seen' | 'differs' | 'not-declared' | 'unknown';
	why: string | null;
	seen_as: string | null;
	seen: { asset: string; detail: string | null; source: string | null; seen: string | null }[];
}

export interface Seed {
	seed: string;
	owner: Owner;
	company: string | null;
	site: string | null;
	country: string | null;
	'consent-by': string | null;
	'consent-at': string | null;
}

export interface Report {
	id: string;
	format: string;
	state: 'waiting' | 'running' | 'done' | 'failed';
	run: number;
	before: number | null;
	owner: string | null;
	lang: string;
	by: string;
	at: string;
	ended_at: string | null;
	bytes: number;
	sha256: string | null;
	error: string | null;
}

export interface KeptSeed {
	seed: string;
	kind: string;
	value: string;
	owner: Owner;
	company: string | null;
	site: string | null;
	country: string | null;
	consent_by: string | null;
	consent_at: string | null;
	note: string | null;
	large: boolean;
	expands: boolean;
	why: string | null;
	by: string;
	at: string;
}

export interface Schedule {
	every: 'off' | 'daily' | 'weekly' | 'monthly';
	day: string | number | null;
	from: string;
	until: string;
	zone: string;
	next: string | null;
	seeds: number;
	state: 'idle' | 'running' | 'resting';
	since: string | null;
	cause: 'schedule' | 'hand' | null;
	by: string | null;
	progress: { at: string | null; began: string | null; answered: number | null; waiting: number | null; round: number | null; domains: number | null; hosts: number | null } | null;
	last: { state: 'done' | 'failed' | 'cancelled'; began: string; ended: string | null; cause: string; by: string | null; run: number | null; why: string | null } | null;
}
