// The shapes of doc/api.md.

export type Role = 'viewer' | 'auditor' | 'operator' | 'approver' | 'administrator';
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'unknown';
export type Action = 'act-now' | 'within-days' | 'next-window' | 'watch';
export type Importance = 'low' | 'normal' | 'high';
export type PatchState =
	| 'missing'
	| 'queued'
	| 'running'
	| 'installed'
	| 'installed-pending-reboot'
	| 'failed'
	| 'kept-back'
	| 'waiting-approval'
	| 'waiting-vendor'
	| 'waiting-ring'
	| 'waiting-window'
	| 'held'
	| 'vendor-forbidden'
	| 'mitigated'
	| 'withdrawn'
	| 'not-applicable';

export interface List<T> {
	total: number;
	items: T[];
}

export interface Session {
	user: string;
	role: Role;
	csrf: string;
	expires: string;
	/** The hospital's. */
	timezone: string | null;
}

export interface HostRef {
	id: string;
	name: string;
	group?: string | null;
}

export interface Notice {
	level: 'alarm' | 'warning' | 'info';
	code: string;
	host: HostRef | null;
	/** An id, a name: where the notice is of a relay or a site. */
	relay?: string;
	site?: string;
	/** A saved query of exposure. */
	saved?: string;
	text: string;
}

export type Findings = Record<Severity | 'kev', number>;

export type Actions = Record<Action | 'overdue' | 'overdue_now', number>;

export interface Overview {
	server: { name: string; version: string; now: string; url: string };
	hosts: { enrolled: number; pending: number; silent: number; with_security: number; current: number; reboot: number };
	patches: {
		missing: number;
		security: number;
		queued: number;
		running: number;
		failed_7d: number;
		installed_7d: number;
	};
	findings: Findings;
	actions: Actions;
	overdue_hosts: number;
	not_matched: number;
	eol: number;
	groups: { group: string | null; hosts: number; current: number; silent: number }[];
	feeds: { imported: number; known: number; stale: number; oldest: string | null; error: string | null };
	exposure: { banners: number; mine: number; at: string } | null;
	notices: Notice[];
}

export interface Host {
	id: string;
	name: string;
	group: string | null;
	state: 'pending' | 'active' | 'revoked' | 'cloned';
	os: { key: string; name: string; eol: string | null; ended: boolean };
	last_seen: string | null;
	silent: boolean;
	agent: string;
	addresses: string[];
	packages: number;
	security: number;
	pending: number;
	running: number;
	failed: number;
	findings: Findings;
	actions: Actions;
	exposed: boolean;
	importance: Importance;
	matched_at: string | null;
	not_matched: string | null;
	reboot: boolean;
	sentence: string;
}

export interface Kernel {
	package: string;
	version: string;
	release: string;
	running: boolean;
}

export interface Hardware {
	maker?: string | null;
	model?: string | null;
	serial?: string | null;
	uuid?: string | null;
	firmware?: string | null;
	cpu?: string | null;
	memory?: number | null;
	disks?: { name: string; model?: string | null; serial?: string | null; size?: number | null }[];
	interfaces?: { name: string; mac?: string | null; addresses?: string[] }[];
}

export interface HostSetting {
	setting: string;
	state: 'in-force' | 'conflict' | 'not-applicable' | 'failed';
	why: string | null;
}

export interface HostMitigation {
	patch: string;
	state: 'in-force' | 'held' | 'no-lease' | 'no-row' | 'off' | 'failed' | 'not-applicable';
	since: string | null;
	why: string;
}

export interface HostDetail extends Host {
	enrolled_at: string | null;
	backup_at: string | null;
	/** As the host itself sees it, where its policy names a place to look at. */
	backup: { at: string | null; why: string | null } | null;
	boot: string | null;
	kernel: { running: string | null; installed: Kernel[] } | null;
	hardware: Hardware | null;
	last_user: string | null;
	timezone: string | null;
	reboot_signals: string[];
	settings: HostSetting[] | null;
	mitigations?: HostMitigation[];
	planned_at: string | null;
	plan_error: string | null;
	lists_at: string | null;
	next_check_in: string | null;
	certificate: { serial: string; not_after: string } | null;
	notices: Notice[];
	sections: Record<string, string | null>;
}

export interface Package {
	name: string;
	version: string;
	arch: string;
	source: string;
	source_version: string;
}

export interface Finding {
	package: string;
	source: string;
	installed: string;
	fixed: string | null;
	vulnerability: string;
	aliases: string[];
	advisories: string[];
	severity: Severity;
	cvss: number | null;
	kev: boolean;
	epss: number | null;
	running: boolean | null;
	action: Action;
	due: string | null;
	overdue: boolean;
	action_why: string | null;
	first_seen: string | null;
	why: string;
	patch: string | null;
}

export interface Group {
	group: string | null;
	kind?: 'department' | 'hand' | 'rule';
	hosts: number;
	security?: number;
	current?: number;
	rule?: GroupRule | null;
	by?: string;
	at?: string | null;
	/** Those in force that name it. */
	policies?: string[];
}

/** Every key given must fit, of each list one entry. */
export interface GroupRule {
	os?: string[];
	names?: string[];
	tags?: string[];
	networks?: string[];
}

export interface GroupPreview {
	total: number;
	of: number;
	items: { id: string; name: string; group: string | null; is: boolean }[];
	leaves: { id: string; name: string; group: string | null }[];
}

export interface GroupImport {
	dry_run: boolean;
	read: number;
	kept: number;
	skipped: { 'unknown-host': number; malformed: number };
	unknown: string[];
	moves: { host: HostRef; from: string | null; to: string }[];
}

export interface PackageChange {
	name: string;
	arch: string;
	from: string | null;
	to: string;
}

export interface Patch {
	id: string;
	title: string;
	source: string;
	version: string;
	security: boolean;
	size: number;
	origins: string;
	first_seen: string | null;
	hosts: Partial<Record<PatchState, number>>;
	severity: Severity;
	kev: number;
	vulnerabilities: number;
}

export interface Target {
	host: HostRef;
	state: PatchState;
	/** What the host itself told; `state` says what will come of it. */
	recorded?: PatchState;
	why: string;
	/** When the next thing happens by itself. */
	next?: string | null;
	from: string | null;
	to: string;
	packages: PackageChange[];
	staged: boolean;
	at: string | null;
}

export interface Fix {
	vulnerability: string;
	severity: Severity;
	cvss: number | null;
	kev: boolean;
	epss: number | null;
	source: 'advisory' | 'changelog';
	advisories: string[];
	title: string | null;
	hosts: number;
	action: Action | null;
	due: string | null;
	overdue: boolean;
}

export interface PatchDetail extends Patch {
	targets: Target[];
	fixes: Fix[];
}

export interface HostPatch {
	host: HostRef;
	group: string | null;
	patch: string;
	title: string;
	from: string | null;
	to: string;
	state: PatchState;
	recorded?: PatchState;
	at: string | null;
	trigger: string | null;
	why: string;
	next?: string | null;
	security: boolean;
	severity: Severity;
	kev: number;
	staged: boolean;
}

export interface OrderRequest {
	kind: 'apply' | 'stage';
	hosts: string[] | 'all';
	patches: string[] | 'security' | 'all';
	dry_run: boolean;
}

export interface OrderAnswer {
	orders: { id: string | null; host: HostRef; patches: { id: string; title: string }[]; starts_by: string | null }[];
	hosts: number;
	patches: number;
	refused: { host: HostRef; why: string }[];
}

export interface Attempt {
	attempt: string;
	order: string;
	host: HostRef;
	group: string | null;
	patch: string;
	title: string;
	from: string | null;
	to: string;
	packages: PackageChange[];
	state: PatchState;
	at: string;
	finished: string | null;
	trigger: string | null;
	by: string | null;
	why: string | null;
	words: string | null;
}

export interface Vulnerability {
	id: string;
	title: string | null;
	severity: Severity;
	cvss: number | null;
	kev: boolean;
	kev_due: string | null;
	epss: number | null;
	action: Action;
	due: string | null;
	overdue: boolean;
	hosts: number;
	fixable: number;
	packages: string[];
	advisories: string[];
}

export interface VulnerabilityDetail extends Vulnerability {
	findings: {
		host: HostRef;
		package: string;
		installed: string;
		fixed: string | null;
		patch: string | null;
		action: Action;
		due: string | null;
		overdue: boolean;
		action_why: string | null;
		first_seen: string | null;
		why: string;
	}[];
}

export interface Feed {
	feed: string;
	title: string;
	source: string | null;
	records: number;
	imported_at: string | null;
	published_at: string | null;
	stale: boolean;
	stale_after_s: number;
}

export type TrendDay = { day: string; hosts: number; clean: number; kev: number; overdue: number; new: number; fixed: number } & Record<Severity, number>;

export interface Trend {
	days: number;
	group: string | null;
	items: TrendDay[];
	fixed: Record<Severity, { count: number; mean_days: number | null }>;
}

export interface Settings {
	timezone: string | null;
	deadlines: string;
	deadline_sets: { name: string; title: string }[];
}

export interface Feeds {
	items: Feed[];
	index: { generation: number; built_at: string | null; size: number; error: string | null };
}

export interface Token {
	id: string;
	role: 'host' | 'relay';
	group: string | null;
	uses: number;
	used: number;
	expires: string;
	revoked: boolean;
}

export interface Audit {
	seq: number;
	at: string;
	who: string;
	what: string;
	object: string;
	detail: unknown;
	hash: string;
}
