// Made-up runs of discovery as `mamori surface discover` writes them (doc/surface.md, Files): a clinic with branches abroad,
// a contractor, hundreds of hosts, things to fix whose counts a test knows, and things that are hostile in every text.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const HOSTILE = '<img src=x onerror="globalThis.hostile=1">"\'><script>globalThis.hostile=2</script>\u202egnp.exe\u2066';
export const LONG = '長'.repeat(10_000);
const AT = '2026-11-01T00:00:00Z';
const HOSTS = 700;

const step = (from, kind, rule, source, evidence, asked = 'https://crt.example/?q=x') => ({ from, from_kind: kind, rule, source, asked, seen: AT, evidence });
const SEED = { from: null, from_kind: null, rule: 'seed', source: 'person', asked: null, seen: null, evidence: 'it was given at the start' };
const asset = (kind, name, more) => ({ kind, name, ownership: 'approved', confidence: 0.9, owner: 'self', company: null, site: null, country: null, unicode: name, path: [SEED], ...more });
const ORGANISATION = '医療法人 例';
const toOrganisation = [SEED, step('example.co.jp', 'domain', 'owner-of', 'whois', ORGANISATION, '198.51.100.1:43 > whois.jprs.jp')];

function domain(name, more = {}) {
	const steps = name === 'example.co.jp' ? [SEED] : [...toOrganisation, step(ORGANISATION, 'organisation', 'registrant', 'whois', `[登録者名] ${ORGANISATION}`)];
	return asset('domain', name, { addresses: ['192.0.2.1'], registrant: ORGANISATION, expires: '2027-05-01T00:00:00Z', spf: '-all', dmarc: 'none', path: steps, evidence: steps.slice(1), ...more });
}

const host = (name, parent, more = {}) => asset('host', name, { addresses: [], path: [...domain(parent).path, step(parent, 'domain', 'below', 'crtsh', `serial@${name}`)], ...more });
const risk = (name, severity, kind, about, detail, more = {}) => ({ risk: name, severity, kind, asset: about, owner: 'self', company: null, site: null, country: null, detail, source: 'shodan', asked: 'https://api.example/host', seen: AT, evidence: null, says: 'A remote desktop can be reached from the internet.', advice: 'close', act: 'Close its port at the firewall; only the application may reach it.', ...more });

/** Everything about one thing is a stranger's. */
function strangers() {
	const words = { company: HOSTILE, site: HOSTILE, country: HOSTILE, registrant: HOSTILE, registrar: HOSTILE, holder: HOSTILE, spf: HOSTILE, dmarc: HOSTILE, alias: HOSTILE, addresses: [HOSTILE], name_servers: [HOSTILE, LONG], mail: [HOSTILE], lies_in: HOSTILE, issuer: HOSTILE, names: [HOSTILE, LONG], expires: HOSTILE, until: HOSTILE };
	const steps = [SEED, step(HOSTILE, 'organisation', HOSTILE, HOSTILE, HOSTILE, HOSTILE), step(LONG, 'domain', 'below', 'dns', LONG, LONG)];
	const kinds = ['domain', 'host', 'address', 'network', 'certificate', 'organisation'];
	return [
		...kinds.map((kind) => asset(kind, `${HOSTILE} ${kind}`, { ...words, unicode: HOSTILE, ownership: 'candidate', owner: 'contractor', path: steps, evidence: steps, services: [{ service: HOSTILE, product: HOSTILE, title: LONG, source: HOSTILE, seen: HOSTILE }] })),
		asset('organisation', LONG, { unicode: LONG, ownership: 'candidate', path: steps }),
	];
}

const HOSTILE_RISKS = [
	risk(HOSTILE, 'medium', 'host', `${HOSTILE} host`, HOSTILE, { company: HOSTILE, source: HOSTILE, asked: HOSTILE, seen: HOSTILE, evidence: LONG, says: HOSTILE, advice: HOSTILE, act: LONG }),
	risk('exposed-database', 'medium', 'service', '192.0.2.9 3306/tcp', LONG, { evidence: HOSTILE }),
];

/** 4 critical, 2 high, 20 medium and the hostile ones, less those in `without`; `more` come on top. */
function risks({ without = [], more = [] } = {}) {
	return [
		...[1, 2, 3].map((n) => risk('exposed-remote-desktop', 'critical', 'service', `192.0.2.${n} 3389/tcp`, 'Remote Desktop Protocol')),
		risk('exposed-dicom', 'critical', 'service', '192.0.2.4 104/tcp', 'DICOM server'),
		risk('exposed-clinical-portal', 'high', 'host', 'karte.example.co.jp', 'sign-in'),
		risk('unsupported', 'high', 'host', 'old.example.de', 'Windows Server 2008'),
		...Array.from({ length: 18 }, (_, i) => risk('dmarc-missing', 'medium', 'domain', `clinic${i}.example.jp`, 'missing', { source: 'dns', advice: 'configure' })),
		risk('vpn-gateway', 'medium', 'service', '192.0.2.5 443/tcp', 'FortiGate-60F 7.4.3', { advice: 'assess' }),
		risk('vpn-gateway', 'medium', 'service', '192.0.2.6 443/tcp', 'Ivanti Connect Secure 22.7', { advice: 'assess' }),
		...HOSTILE_RISKS,
		...more,
	].filter(({ asset: about }) => !without.includes(about));
}

function assets(extra = []) {
	const clinics = Array.from({ length: 18 }, (_, i) => `clinic${i}.example.jp`);
	return [
		domain('example.co.jp', { confidence: 1 }),
		...clinics.map((name) => domain(name)),
		domain('example.de'),
		domain('maintainer.example.com', { owner: 'contractor', company: '保守会社', path: [SEED] }),
		domain('xn--r8jz45g.jp', { unicode: '例え.jp', ownership: 'candidate', confidence: 0.6 }),
		host('karte.example.co.jp', 'example.co.jp'),
		host('old.example.de', 'example.de'),
		...Array.from({ length: HOSTS }, (_, i) => host(`h${i}.${clinics[i % 18]}`, clinics[i % 18])),
		...Array.from({ length: 9 }, (_, i) => asset('address', `192.0.2.${i + 1}`, { network: '192.0.2.0/24', lies_in: 'JP', services: [{ service: `192.0.2.${i + 1} 3389/tcp`, product: 'RDP', source: 'shodan', seen: AT }], path: [...toOrganisation, step('192.0.2.0/24', 'network', 'inside', 'mamori', 'it lies inside a known network', null)] })),
		asset('network', '192.0.2.0/24', { holder: ORGANISATION, path: [...toOrganisation, step(ORGANISATION, 'organisation', 'holder', 'rdap', '192.0.2.0/24')] }),
		asset('organisation', ORGANISATION, { path: toOrganisation }),
		host('d1.cdn.example.net', 'example.co.jp', { ownership: 'dependency' }),
		...strangers(),
		...extra,
	];
}

const source = (name, more = {}) => ({ source: name, questions: 100, stored: 0, asked: 100, answered: 90, nothing: 10, failed: 0, not_asked: 0, last_failure: null, ...more });
const seed = (name, more = {}) => ({ seed: name, owner: 'self', company: null, site: null, country: null, 'consent-by': null, 'consent-at': null, ...more });

function about(assetRows, began, coverage) {
	const count = (ownership) => assetRows.filter((row) => row.ownership === ownership).length;
	return {
		began,
		ended: new Date(Date.parse(began) + 60_000).toISOString(),
		seeds: [seed('domain:example.co.jp'), seed(`name:${ORGANISATION}`), seed('domain:maintainer.example.com', { owner: 'contractor', company: '保守会社' })],
		assets: Object.fromEntries(['approved', 'candidate', 'dependency', 'monitor', 'excluded'].map((one) => [one, count(one)])),
		rounds: 3,
		guessed: 10,
		limited: false,
		coverage,
		resolvers_left_out: [],
	};
}

/** Writes run n; later ones have two assets and a risk more, and one risk less. */
export function writeRun(data, n) {
	const folder = path.join(data, 'surface/runs', String(n).padStart(6, '0'));
	const later = n > 1;
	const rows = assets(later ? [host('new1.example.co.jp', 'example.co.jp'), host('new2.example.co.jp', 'example.co.jp')] : [host('gone.example.co.jp', 'example.co.jp')]);
	const toFix = risks(later ? { without: ['192.0.2.3 3389/tcp'], more: [risk('takeover', 'critical', 'host', 'new1.example.co.jp', 'www.example.org', { advice: 'remove' })] } : {});
	const coverage = later ? [source('dns'), source('shodan'), source('crtsh', { failed: 3, last_failure: `HTTP 502 ${HOSTILE}` }), source('censys', { not_asked: 7 }), source('rdap', { not_asked: 5 })] : [source('dns'), source('shodan'), source('crtsh')];
	mkdirSync(folder, { recursive: true });
	const lines = (list) => list.map((one) => `${JSON.stringify(one)}\n`).join('');
	writeFileSync(path.join(folder, 'assets.jsonl'), lines(rows));
	writeFileSync(path.join(folder, 'risks.jsonl'), lines(toFix));
	writeFileSync(path.join(folder, 'run.json'), JSON.stringify(about(rows, later ? '2026-11-20T00:00:00Z' : '2026-11-01T00:00:00Z', coverage)));
	return { assets: rows.length, risks: toFix.length };
}
