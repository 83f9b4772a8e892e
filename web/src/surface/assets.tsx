// 資産: all that was found, by kind, with whose it is and why. Domains, hosts, addresses and certificates have columns of
// their own; "with something to fix" narrows to what is insecure.
import { day } from '../format';
import { number } from '../i18n';
import { href, useRoute } from '../router';
import { Empty, Failure, Skeleton } from '../ui/bits';
import { Filter, Rows, Search } from '../ui/list';
import type { Column } from '../ui/table';
import { ROWS_MAX, useAll } from './data';
import { KindChip, LevelMark, OwnershipMark } from './marks';
import { assetOfRisk, assetPath, isOpen, kindName, KINDS, nameOf, OWNERS, OWNERSHIPS, percent, rankOf, ruleWords, shown, unitName } from './model';
import { unitsOf, useAssets, useRisks, useSeeds, type Shown } from './run';
import type { Asset, Kind, Risk, Service, WholeAsset } from './types';
import { said, x, xOr } from './words';

interface Row extends Asset {
	addresses?: string[];
	alias?: string | null;
	network?: string | null;
	lies_in?: string | null;
	holder?: string | null;
	services?: Service[];
	registrant?: string | null;
	expires?: string | null;
	spf?: string | null;
	dmarc?: string | null;
	issuer?: string | null;
	until?: string | null;
	names?: string[];
}
const FILTERS = ['q', 'kind', 'ownership', 'owner', 'unit', 'insecure'];
/** Kinds whose list says more than the list of all. */
const RICH: Kind[] = ['domain', 'host', 'address', 'certificate', 'network', 'as'];

export const keyOf = ({ kind, name }: { kind: string; name: string }): string => `${kind}:${name}`;

/** What is to be fixed of each asset. */
export function risksByAsset(risks: Risk[]): Map<string, Risk[]> {
	const out = new Map<string, Risk[]>();
	for (const risk of risks) {
		if (!isOpen(risk)) continue;
		const at = assetOfRisk(risk);
		const key = keyOf(at);
		const rows = out.get(key);
		if (rows) rows.push(risk);
		else out.set(key, [risk]);
	}
	return out;
}

/** A host that is a registrable name itself is listed as the domain. */
export const risksOf = (all: Map<string, Risk[]>, asset: { kind: string; name: string }): Risk[] =>
	all.get(keyOf(asset)) ?? (asset.kind === 'domain' ? (all.get(`host:${asset.name}`) ?? []) : []);

const some = (list: unknown, most = 3): string => {
	const names = Array.isArray(list) ? list.map(String) : [];
	return names.length > most ? `${names.slice(0, most).map((name) => shown(name, 60)).join(x('comma'))}${x('comma')}${x('and-more', { n: names.length - most })}` : names.map((name) => shown(name, 60)).join(x('comma'));
};
const every = (list: unknown): string => (Array.isArray(list) ? list.map(String).join(' ') : '');
const asDay = (at: unknown): string => (typeof at === 'string' && at ? shown(day(at), 40) : '');
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function extraOf(kind: Kind | ''): Column<Row>[] {
	const lines = (id: string, word: Parameters<typeof said>[0], field: keyof Row): Column<Row> => ({ id, title: said(word), cell: (a) => <bdi>{some(a[field])}</bdi>, text: (a) => every(a[field]), sort: (a) => every(a[field]) || null, sparse: true, wrap: true });
	const line = (id: string, word: Parameters<typeof said>[0], field: keyof Row): Column<Row> => ({ id, title: said(word), cell: (a) => <bdi>{shown(text(a[field]), 60)}</bdi>, text: (a) => text(a[field]), sort: (a) => text(a[field]) || null, sparse: true, wrap: true });
	const date = (id: string, word: Parameters<typeof said>[0], field: keyof Row): Column<Row> => ({ id, title: said(word), cell: (a) => asDay(a[field]), text: (a) => text(a[field]).slice(0, 10), sort: (a) => text(a[field]) || null, sparse: true });
	const mail: Column<Row> = { id: 'mail', title: said('column.mail'), cell: (a) => <span class="mail-auth">SPF {shown(text(a.spf) || '–', 20)} · DMARC {shown(text(a.dmarc) || '–', 20)}</span>, text: (a) => `SPF ${text(a.spf)} DMARC ${text(a.dmarc)}`, sort: (a) => text(a.dmarc), sparse: (a) => Boolean(a.spf || a.dmarc), wrap: true };
	const services: Column<Row> = {
		id: 'services',
		title: said('column.services'),
		cell: (a) => <bdi>{some((a.services ?? []).map(({ service, product }) => `${service.replace(/^\S+ /, '')}${product ? ` ${product}` : ''}`))}</bdi>,
		text: (a) => (a.services ?? []).map(({ service, product }) => `${service} ${product ?? ''}`).join('; '),
		sort: (a) => a.services?.length ?? 0,
		falling: true,
		sparse: true,
		wrap: true,
	};
	if (kind === 'domain') return [line('registrant', 'column.registrant', 'registrant'), date('expires', 'column.expires', 'expires'), mail, lines('addresses', 'column.addresses', 'addresses')];
	if (kind === 'host') return [lines('addresses', 'column.addresses', 'addresses'), line('alias', 'column.alias', 'alias')];
	if (kind === 'address') return [services, line('network', 'column.network', 'network'), line('country', 'column.country', 'lies_in')];
	if (kind === 'certificate') return [date('until', 'column.until', 'until'), lines('names', 'column.names', 'names'), line('issuer', 'column.issuer', 'issuer')];
	if (kind === 'network' || kind === 'as') return [line('holder', 'column.holder', 'holder'), line('country', 'column.country', 'lies_in')];
	return [];
}

function columnsOf(kind: Kind | '', risks: Map<string, Risk[]>, unitOf: (asset: Row) => string, run: string | null): Column<Row>[] {
	const worst = (a: Row) => Math.min(9, ...risksOf(risks, a).map(({ severity }) => rankOf(severity)));
	return [
		{ id: 'name', title: said('column.name'), cell: (a) => <bdi>{nameOf(a)}</bdi>, text: (a) => a.name, sort: (a) => a.name, wrap: true },
		...(kind === '' ? [{ id: 'kind', title: said('column.kind'), cell: (a: Row) => <KindChip kind={a.kind} />, text: (a: Row) => kindName(a.kind), sort: (a: Row) => KINDS.indexOf(a.kind) }] : []),
		{ id: 'ownership', title: said('column.ownership'), cell: (a) => <OwnershipMark ownership={a.ownership} />, text: (a) => xOr('ownership', a.ownership), sort: (a) => OWNERSHIPS.indexOf(a.ownership) },
		{
			id: 'risks',
			title: said('column.risks'),
			cell: (a) => {
				const mine = risksOf(risks, a);
				const first = mine[0];
				return first ? (
					<a href={mine.length === 1 ? href(['surface'], { view: 'risks', q: first.asset, run }) : assetPath(a.kind, a.name, run)}>
						<LevelMark level={[...mine].sort((p, q) => rankOf(p.severity) - rankOf(q.severity))[0]!.severity} /> {number(mine.length)}
					</a>
				) : (
					''
				);
			},
			text: (a) => String(risksOf(risks, a).length || ''),
			sort: (a) => (worst(a) < 9 ? worst(a) * 10_000 - risksOf(risks, a).length : null),
			sparse: true,
		},
		...extraOf(kind),
		{ id: 'confidence', title: said('column.confidence'), cell: (a) => percent(a.confidence), text: (a) => percent(a.confidence), sort: (a) => a.confidence, falling: true, num: true },
		{ id: 'rule', title: said('column.rule'), cell: (a) => (a.rule ? ruleWords(a.rule) : ''), text: (a) => (a.rule ? ruleWords(a.rule) : ''), sort: (a) => a.rule, wrap: 'wide', extra: kind !== '' && kind !== 'organisation' },
		{ id: 'from', title: said('column.from'), cell: (a) => <bdi>{shown(a.from ?? '', 60)}</bdi>, text: (a) => a.from ?? '', sort: (a) => a.from, wrap: true, extra: true },
		{ id: 'unit', title: said('column.unit'), cell: (a) => shown(unitOf(a), 60), text: unitOf, sort: unitOf, wrap: true, extra: true },
	];
}

/** A line of the whole form, as the list of all has it. */
function rowOf(asset: WholeAsset, light: Asset | undefined): Row {
	const last = asset.path.at(-1);
	return { ...asset, from: light?.from ?? last?.from ?? null, from_kind: light?.from_kind ?? last?.from_kind ?? null, rule: light?.rule ?? last?.rule ?? null };
}

export function Assets({ shown: at }: { shown: Shown }) {
	const { params } = useRoute();
	const kind = KINDS.find((one) => one === params.get('kind')) ?? '';
	const rich = kind !== '' && RICH.includes(kind);
	const assets = useAssets(at);
	const whole = useAll<WholeAsset>(rich ? 'surface/assets' : null, { ...at.query, kind, whole: 'true' }, at.newest);
	const risks = useRisks(at);
	const seeds = useSeeds(at);
	const units = unitsOf(assets.rows, seeds.rows);
	const error = assets.error ?? whole.error;
	if (!assets.rows || (rich && !whole.rows)) return error ? <Failure error={error} retry={() => (assets.reload(), whole.reload())} /> : <Skeleton lines={12} />;
	const toFix = risksByAsset(risks.rows ?? []);
	const unitOf = (asset: Row) => (units ? unitName(units.ofAsset(asset)) : '');
	const rows: Row[] = rich ? (whole.rows ?? []).filter((asset) => asset.kind === kind).map((asset) => rowOf(asset, units?.find(asset.kind, asset.name))) : assets.rows;
	return (
		<>
			<KindTabs assets={assets.rows} insecure={toFix} />
			{assets.total > assets.rows.length && <p class="quiet">{x('cut', { n: ROWS_MAX, all: assets.total })}</p>}
			<Rows<Row>
				key={kind}
				name={`surface-${kind || 'assets'}`}
				caption={x('assets.caption')}
				columns={columnsOf(kind, toFix, unitOf, at.param)}
				rows={rows}
				keyOf={keyOf}
				keep={(a, query) =>
					(!query.get('kind') || a.kind === query.get('kind')) &&
					(!query.get('ownership') || a.ownership === query.get('ownership')) &&
					(!query.get('owner') || a.owner === query.get('owner')) &&
					(!query.get('unit') || unitOf(a) === query.get('unit')) &&
					(!query.get('insecure') || risksOf(toFix, a).length > 0)
				}
				link={(a) => assetPath(a.kind, a.name, at.param)}
				filters={FILTERS}
				most={PAGE_ROWS}
				toolbar={
					<>
						<Search hint={said('assets.search')} />
						<Filter name="ownership" label={said('column.ownership')} options={OWNERSHIPS.map((one): [string, string] => [one, x(`ownership.${one}`)])} />
						{OWNERS.filter((owner) => assets.rows?.some((a) => a.owner === owner)).length > 1 && <Filter name="owner" label={said('column.owner')} options={OWNERS.map((one): [string, string] => [one, x(`owner.${one}`)])} />}
						<UnitFilter assets={assets.rows} unitOf={unitOf} />
					</>
				}
				empty={<Empty title={x('assets.none')} />}
			/>
		</>
	);
}

const PAGE_ROWS = 200;

function UnitFilter({ assets, unitOf }: { assets: Asset[]; unitOf: (asset: Row) => string }) {
	const units = [...new Set(assets.map(unitOf))].filter(Boolean).sort();
	return units.length > 1 ? <Filter name="unit" label={said('filter.unit')} options={units.map((name): [string, string] => [name, shown(name, 40)])} /> : null;
}

function KindTabs({ assets, insecure }: { assets: Asset[]; insecure: Map<string, Risk[]> }) {
	const { params } = useRoute();
	const current = params.get('insecure') ? 'insecure' : (params.get('kind') ?? '');
	const to = (patch: Record<string, string | null>) => href(['surface'], { ...Object.fromEntries(params), kind: null, insecure: null, sort: null, cols: null, page: null, ...patch });
	const one = (name: string, title: string, n: number, patch: Record<string, string | null>) => (
		<a key={name} class="chip" href={to(patch)} aria-current={current === name ? 'true' : undefined}>
			{title} <span class="tab-count">{number(n)}</span>
		</a>
	);
	return (
		<nav class="chips kind-tabs" aria-label={x('column.kind')}>
			{one('', x('assets.all'), assets.length, {})}
			{KINDS.map((kind) => {
				const n = assets.filter((a) => a.kind === kind).length;
				return n > 0 ? one(kind, kindName(kind), n, { kind }) : null;
			})}
			{one('insecure', x('assets.insecure'), assets.filter((a) => risksOf(insecure, a).length > 0).length, { insecure: 'true' })}
		</nav>
	);
}
