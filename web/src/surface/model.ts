// What follows from the rows: classes, due dates, whose a thing is and at which base. The rules are those of the report
// (src/evidence/surface-model.c, surface-words.c, surface-unit.c), so that page and paper say the same.
import { countryName } from '../format';
import { lang } from '../i18n';
import { href } from '../router';
import type { Asset, Coverage, Kind, Owner, Risk, Run, Seed, Status } from './types';
import { x, xOr } from './words';

export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type Level = (typeof SEVERITIES)[number];
export const KINDS: Kind[] = ['domain', 'host', 'address', 'network', 'as', 'certificate', 'organisation'];
export const OWNERSHIPS = ['approved', 'candidate', 'dependency', 'monitor', 'excluded'] as const;
export const OWNERS: Owner[] = ['self', 'group', 'contractor'];

export const CLASSES = ['clinical', 'entry', 'known', 'gateway', 'data', 'dangling', 'registration', 'mail', 'certificate', 'other'] as const;
export type RiskClass = (typeof CLASSES)[number];

const CLASS_OF: [start: string, cls: RiskClass][] = [
	['exposed-dicom', 'clinical'],
	['exposed-hl7', 'clinical'],
	['exposed-clinical', 'clinical'],
	['exposed-remote', 'entry'],
	['exposed-smb', 'entry'],
	['exposed-vnc', 'entry'],
	['exposed-telnet', 'entry'],
	['exposed-', 'data'],
	['plain-', 'data'],
	['vpn-', 'gateway'],
	['known-', 'known'],
	['unsupported', 'known'],
	['takeover', 'dangling'],
	['dangling', 'dangling'],
	['spf-', 'mail'],
	['dmarc-', 'mail'],
	['dkim-', 'mail'],
	['certificate-', 'certificate'],
	['domain-expires', 'registration'],
	['forgotten', 'registration'],
];
export const classOf = (risk: string): RiskClass => CLASS_OF.find(([start]) => risk.startsWith(start))?.[1] ?? 'other';

/** Within so many days of the first sight. */
const DAYS: Record<string, number> = { critical: 7, high: 30, medium: 92, low: 365 };
const DAY_MS = 86_400_000;

export const statusOf = (risk: Risk): Status => risk.state?.status ?? 'open';
export const isOpen = (risk: Risk): boolean => ['open', 'in-progress'].includes(statusOf(risk));

/** By when it is to be done; of what is accepted, until when; null where nothing is due. */
export function dueOf(risk: Risk): string | null {
	const { state } = risk;
	if (state?.status === 'accepted') return state.accepted_until;
	const days = DAYS[risk.severity];
	if (!state?.first_seen || days === undefined || state.status === 'done') return null;
	return new Date(Date.parse(state.first_seen) + days * DAY_MS).toISOString();
}
export const isOverdue = (risk: Risk, now = Date.now()): boolean => isOpen(risk) && (risk.state?.expired === true || Date.parse(dueOf(risk) ?? '') < now);

export const riskKey = (risk: Risk): string => `${risk.risk}\n${risk.asset}\n${risk.detail ?? ''}`;
export const rankOf = (severity: string): number => {
	const at = SEVERITIES.indexOf(severity as Level);
	return at < 0 ? SEVERITIES.length : at;
};

// ---- addresses of pages ----

/** Parameters that go with the reader from view to view. */
export function near(params: URLSearchParams): Record<string, string | null> {
	return { run: params.get('run') };
}
export const assetPath = (kind: string, name: string, run?: string | null): string => href(['surface', `${kind}:${name}`], { run: run ?? null });
export const riskPath = (risk: Risk, run?: string | null): string => href(['surface', `risk:${risk.risk}`], { asset: risk.asset, detail: risk.detail, run: run ?? null });

/** The asset that a risk is about: a service belongs to its address. */
export function assetOfRisk(risk: Risk): { kind: string; name: string } {
	const kind = risk.kind ?? (/ \d+\/\w+$/.test(risk.asset) ? 'service' : 'host');
	return kind === 'service' ? { kind: 'address', name: risk.asset.replace(/ .*$/, '') } : { kind, name: risk.asset };
}

// ---- whose, and where ----

const ANYWHERE = new Set('ai bz cc co fm gg io la ly me mu nu sc sh st to tv vc vg ws'.split(' '));

function countryOfName(name: string): string | null {
	const end = /^[a-z0-9._-]+\.([a-z]{2})$/.exec(name)?.[1];
	if (!end || ANYWHERE.has(end)) return null;
	return end === 'uk' ? 'GB' : end.toUpperCase();
}

/** The organisation's own country: of the first seed of ours. */
export function homeOf(seeds: Seed[]): string | null {
	for (const seed of seeds) {
		if (seed.owner === 'group' || seed.owner === 'contractor') continue;
		const country = seed.country ?? countryOfName(seed.seed.replace(/^[^:]*:/, ''));
		if (country) return country;
	}
	return null;
}

export interface Unit {
	key: string;
	owner: Owner;
	company: string | null;
	site: string | null;
	/** Where it is not the organisation's own. */
	country: string | null;
}

export class Units {
	#assets = new Map<string, Asset>();
	#units = new Map<string, Unit>();
	#seeds = new Map<string, Seed>();

	constructor(
		assets: Asset[],
		seeds: Seed[],
		private home: string | null = homeOf(seeds),
	) {
		for (const asset of assets) this.#assets.set(`${asset.kind}:${asset.name}`, asset);
		for (const seed of seeds) this.#seeds.set(seed.seed.replace(/^[^:]*:/, ''), seed);
	}

	find(kind: string, name: string): Asset | undefined {
		return this.#assets.get(`${kind}:${name}`);
	}

	/** What it hangs on, step by step up to a seed. */
	above(asset: Asset): Asset[] {
		const out: Asset[] = [];
		for (let at: Asset | undefined = asset; at && out.length < 40; ) {
			const { from, from_kind: kind }: Asset = at;
			if (!from) break;
			at = kind ? this.find(kind, from) : KINDS.map((one) => this.find(one, from)).find(Boolean);
			if (!at || out.includes(at)) break;
			out.push(at);
		}
		return out;
	}

	#of(owner: Owner, company: string | null, site: string | null, country: string | null): Unit {
		const abroad = country && this.home && country !== this.home ? country : null;
		const key = JSON.stringify([owner, company, site, abroad]);
		let unit = this.#units.get(key);
		if (!unit) this.#units.set(key, (unit = { key, owner, company, site, country: abroad }));
		return unit;
	}

	ofAsset(asset: Asset): Unit {
		const line = this.above(asset);
		const seed = this.#seeds.get(line.at(-1)?.name ?? asset.name);
		const country = asset.country ?? seed?.country ?? (['domain', 'host'].includes(asset.kind) ? countryOfName(asset.name) : null) ?? line.map(({ name }) => countryOfName(name)).find(Boolean) ?? null;
		return this.#of(asset.owner, asset.company ?? seed?.company ?? null, asset.site ?? seed?.site ?? null, country);
	}

	ofRisk(risk: Risk): Unit {
		const { kind, name } = assetOfRisk(risk);
		const asset = this.find(kind, name) ?? KINDS.map((one) => this.find(one, name)).find(Boolean);
		if (asset) return this.ofAsset(asset);
		return this.#of(risk.owner ?? 'self', risk.company ?? null, risk.site ?? null, risk.country ?? countryOfName(name));
	}
}

export function unitName({ owner, company, site, country }: Unit): string {
	const name = [company ?? xOr('owner', owner), ...(site ? [site] : [])].join(' · ');
	return country ? (lang() === 'ja' ? `${name}(${countryName(country)})` : `${name} (${countryName(country)})`) : name;
}

// ---- coverage ----

/** RDAP has no server for many countries' names (.jp among them), which WHOIS is asked about: no gap. */
export const unserved = (row: Coverage): boolean => row.source === 'rdap' && row.not_asked > 0 && row.answered + row.nothing > 0;

/** Sources that failed in a run, or that were not asked all that was to be asked. */
export function gaps(run: Run | undefined): { failed: NonNullable<Run['coverage']>; skipped: NonNullable<Run['coverage']> } {
	const rows = run?.coverage ?? [];
	return { failed: rows.filter(({ failed }) => failed > 0), skipped: rows.filter((row) => row.failed === 0 && row.not_asked > 0 && !unserved(row)) };
}

// ---- words of values ----

export const ruleWords = (rule: string): string => xOr('rule', rule);
export const sourceName = (source: string | null | undefined): string => (source ? xOr('source', source) : '–');
export const riskName = (risk: string): string => xOr('risk', risk);

const LONG = 120;
/** One line of a stranger's text: no marks that turn the line around, and no more than a line is good for. */
export function shown(text: string, most = LONG): string {
	const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g, '\ufffd');
	return clean.length > most ? `${clean.slice(0, most)}…` : clean;
}

/** What an asset is called: a name in its own letters where it has some. */
export const nameOf = (asset: { kind: string; name: string; unicode?: string | null }): string => shown(asset.unicode && asset.unicode !== asset.name ? asset.unicode : asset.name);

export const kindName = (kind: string): string => xOr('kind', kind);
export const percent = (confidence: number | null | undefined): string => (confidence === null || confidence === undefined ? '–' : `${Math.round(confidence * 100)}%`);
export const seedName = (seed: string): string => seed.replace(/^[^:]*:/, '');
export const withinOf = (severity: string): string => (severity in DAYS ? x(`within.${severity}` as 'within.critical') : x('within.info'));
