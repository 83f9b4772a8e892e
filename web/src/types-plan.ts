// The shapes of doc/api.md that unattended patching adds.
import type { HostRef } from './types';

export interface PolicyVersion {
	name: string;
	version: number;
	what: string;
	by: string;
	at: string;
	note: string;
	in_force: boolean;
}

export type Applies = Partial<Record<'groups' | 'os' | 'tags' | 'roles' | 'sites' | 'names', string[]>>;

export interface PolicyItem extends PolicyVersion {
	hosts: number;
	rank?: number;
	windows?: number;
	applies?: Applies;
}

/** A window as the policy form writes it: exactly one of the six rules. */
export interface PolicyWindow {
	name?: string;
	weekly?: string[];
	monthly?: (number | 'last')[];
	nth?: (number | 'last')[];
	weekday?: string[];
	'patch-tuesday'?: string;
	dates?: string[];
	days?: string;
	months?: number[];
	at: string;
	for: string;
	cutoff?: string;
	tz?: string;
	'ready-by'?: string;
}

export interface ApproveRule {
	'known-exploited'?: boolean;
	exposed?: boolean;
	classification?: string;
	severity?: string[];
	app?: string;
	after?: string;
	never?: boolean;
}

export interface Ring {
	name: string;
	tags?: string[];
	groups?: string[];
	soak?: string;
	'min-success'?: number;
	'max-at-once'?: number | string;
	'error-stop'?: number;
}

export interface Blackout {
	from?: string;
	to?: string;
	why?: string;
}

export interface Reboot {
	mode?: string;
	unit?: string;
	prompt?: { defer?: number; every?: string; deadline?: string };
	'logged-on'?: string;
	[other: string]: unknown;
}

export interface Emergency {
	when?: string[];
	within?: string;
	mitigate?: string;
	mitigations?: MitigationRow[];
	reboot?: string;
}

/** What is done at once where an emergency's update is missing. */
export interface MitigationRow {
	patch: string;
	'stop-service'?: string[];
	'close-port'?: string[];
	except?: string[];
	'even-held'?: boolean;
}

/** A policy in the API's canonical form: only what was written. */
export interface PolicyBody {
	policy: string;
	'applies-to'?: Applies;
	rank?: number;
	approve?: ApproveRule[];
	install?: { windows?: PolicyWindow[]; blackout?: Blackout[]; [other: string]: unknown };
	reboot?: Reboot;
	rings?: Ring[];
	emergency?: Emergency | 'off';
	[other: string]: unknown;
}

export interface PolicyText extends PolicyVersion {
	yaml: string;
	policy: PolicyBody | null;
}

export interface Remark {
	level: 'error' | 'warning';
	line: number;
	column: number;
	text: string;
}

export interface Checked {
	ok: boolean;
	name?: string;
	remarks: Remark[];
	policy?: PolicyBody;
}

export interface Slot {
	policy: string;
	window: string;
	start: string;
	end: string;
	cutoff: string | null;
	ready_by: string | null;
	/** In whose clock its hours are; null: the hospital's. */
	tz?: string | null;
}

export interface CalendarSlot extends Slot {
	group: string | null;
	hosts: number;
	patches: number;
}

export interface NamedDay {
	day: string;
	name: string;
	kind: 'holiday' | 'list' | 'blackout';
	group?: string | null;
}

export interface Calendar {
	total: number;
	items: CalendarSlot[];
	days?: NamedDay[];
	/** Also at other hours: by an emergency rule, or what was missed. */
	outside?: { emergency: boolean; missed: boolean };
}

export interface Held {
	by: string;
	why: string;
	until: string | null;
}

export interface Tomorrow {
	from: string;
	until: string;
	items: (Slot & { group: string | null; back_by: string; hosts: { id: string; name: string; patches: number; held?: Held | null }[]; updates: string[] })[];
}

export interface DayList {
	name: string;
	count: number;
	csv: string;
	by: string | null;
	at: string | null;
}

export interface NotBack {
	host: HostRef;
	slot: string;
	start: string;
	ready_by: string;
	last_seen: string;
	state: 'silent' | 'unhealthy';
	why: string;
}

export interface HostPolicy {
	host: HostRef;
	groups: string[];
	tags: string[];
	role: string | null;
	site: string | null;
	redundancy: string | null;
	applied: string[];
	lines: { key: string; from: string | null }[];
	policy: PolicyBody;
	ring: string | null;
	directive: { serial: number; issued: string | null; expires: string | null; obeyed: number; patches: number; current: boolean };
	lease?: { needed: boolean; slot: string | null; until: string | null };
	slot?: { id: string; start: string | null; end: string | null; tz?: string | null; reason: string; why: string; told_by_host: boolean; reported: string | null };
}

export interface Assistant {
	dry_run: boolean;
	policies: { name: string; yaml: string; version: number }[];
	/** Machines without a role that look like servers, and are treated as such. */
	servers?: { host: HostRef; why: string }[];
}

export interface Hold {
	id: string;
	host: HostRef | null;
	group: string | null;
	by: string;
	why: string;
	at: string;
	until: string | null;
	released_at: string | null;
	released_by: string | null;
}

export interface Verdict {
	id: string;
	patch: string;
	group: string | null;
	verdict: 'approved' | 'rejected' | 'withdrawn';
	by: string;
	reason: string;
	at: string;
	undone_at: string | null;
	undone_by: string | null;
}

export interface Mitigation {
	id: string;
	subject: string;
	group: string | null;
	workaround: string;
	owner: string;
	by: string;
	at: string;
	ended_at: string | null;
	ended_why: string | null;
}

export interface RingState {
	ring: string;
	state: 'released' | 'soaking' | 'waits' | 'halted' | 'empty';
	until: string | null;
	why: string;
	hosts: number;
	installed: number;
	failed: number;
	unhealthy: number;
	running: number;
}

export interface Halt {
	id: string;
	policy: string;
	patch: string;
	title: string | null;
	ring: string;
	why: string;
	at: string;
	lifted_at: string | null;
	lifted_by: string | null;
}

export interface EmergencyRow {
	patch: string;
	title: string | null;
	since: string;
	ended_at: string | null;
	waiting: number;
	done: number;
	consents: number;
	consents_needed: number;
}

export interface Vendor {
	name: string;
	contact: string | null;
	hosts: number;
	waiting: number;
	overdue: number;
	scopes?: { kind: string; target: string }[];
}

export interface VendorAnswer {
	vendor: string;
	patch: string;
	title: string | null;
	answer: 'validated' | 'forbidden' | 'unknown';
	asked_at: string | null;
	due: string | null;
	overdue?: boolean;
	at: string | null;
	by: string | null;
	note: string | null;
	hosts: number;
	severity?: string;
}
