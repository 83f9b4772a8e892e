// What the pages of relays and sites share: their states in a word and a shape, shares as bars, tables.
import type { ComponentChildren } from 'preact';
import { bytes, day, exact, relative } from '../format';
import { number, t } from '../i18n';
import { href } from '../router';
import type { Bundle, Relay, Site } from '../types-relay';
import { Count, Tag, Time } from './bits';
import type { Shape, Tone } from './marks';
import type { Column } from './table';

export const HOUR_MS = 3_600_000;
export const NO_SITE = '-';

export type RelayState = 'revoked' | 'awaited' | 'never' | 'silent' | 'lists' | 'trouble' | 'by-bundle' | 'well';

/** The worst first. */
export const RELAY_STATES: RelayState[] = ['silent', 'never', 'lists', 'trouble', 'awaited', 'well', 'by-bundle', 'revoked'];

const RELAY_MARKS: Record<RelayState, [Shape, Tone]> = {
	revoked: ['dash', 'grey'],
	awaited: ['clock', 'blue'],
	never: ['triangle', 'red'],
	silent: ['triangle', 'red'],
	lists: ['triangle', 'red'],
	trouble: ['diamond', 'orange'],
	'by-bundle': ['check', 'green'],
	well: ['check', 'green'],
};

export function relayState(r: Relay): RelayState {
	if (r.state === 'revoked') return 'revoked';
	if (!r.last_seen) return r.silent ? 'never' : 'awaited';
	if (r.silent) return 'silent';
	if (r.lists_old > 0) return 'lists';
	if (r.trouble) return 'trouble';
	return r.by_bundle ? 'by-bundle' : 'well';
}

const relayWord = (r: Relay) => t(`relay.state.${relayState(r)}`);

/** Its mark, for whoever says it in other words. */
export const relayMark = (r: Relay): [Shape, Tone] => RELAY_MARKS[relayState(r)];

export function RelayMark({ relay }: { relay: Relay }) {
	const [shape, tone] = relayMark(relay);
	return (
		<Tag shape={shape} tone={tone}>
			{relayWord(relay)}
		</Tag>
	);
}

export type BundleState = 'expired' | 'old' | 'fresh';

/** Of the last one made for a site: from three quarters of its life on it wants a successor, as the server's notice says. */
export function bundleState(made: string, expires: string, now = Date.now()): BundleState {
	const left = Date.parse(expires) - now;
	if (left <= 0) return 'expired';
	return left <= (Date.parse(expires) - Date.parse(made)) / 4 ? 'old' : 'fresh';
}

const BUNDLE_MARKS: Record<BundleState, [Shape, Tone]> = { expired: ['triangle', 'red'], old: ['diamond', 'orange'], fresh: ['check', 'green'] };

export function BundleMark({ state }: { state: BundleState }) {
	const [shape, tone] = BUNDLE_MARKS[state];
	return (
		<Tag shape={shape} tone={tone}>
			{t(`bundle.${state}`)}
		</Tag>
	);
}

export type SiteState = 'stale' | 'expired' | 'old' | 'no-lists' | 'direct' | 'fresh';
export const SITE_STATES: SiteState[] = ['stale', 'expired', 'old', 'no-lists', 'direct', 'fresh'];

const SITE_MARKS: Record<SiteState, [Shape, Tone]> = {
	stale: ['triangle', 'red'],
	expired: ['triangle', 'red'],
	old: ['diamond', 'orange'],
	'no-lists': ['ring', 'orange'],
	direct: ['dash', 'grey'],
	fresh: ['check', 'green'],
};

export function siteState(s: Site): SiteState {
	const bundle = s.bundle?.made && s.bundle.expires ? bundleState(s.bundle.made, s.bundle.expires) : null;
	if (s.stale) return 'stale';
	if (bundle === 'expired' || bundle === 'old') return bundle;
	if (s.metadata_at || bundle) return 'fresh';
	return s.relays > 0 ? 'no-lists' : 'direct';
}

const siteWord = (s: Site) => t(`site.state.${siteState(s)}`);

export function SiteMark({ site }: { site: Site }) {
	const [shape, tone] = SITE_MARKS[siteState(site)];
	return (
		<Tag shape={shape} tone={tone}>
			{siteWord(site)}
		</Tag>
	);
}

/** A part of a whole as a bar, with the words beside it; `tone` where a full bar is no good news. */
export function Meter({ part, of, tone = 'green', children }: { part: number; of: number; tone?: 'green' | 'orange' | 'red'; children: ComponentChildren }) {
	const width = of > 0 ? Math.min(100, Math.max(part > 0 ? 1.5 : 0, (part / of) * 100)) : 0;
	return (
		<span class="meter">
			<svg class={`bar ${tone}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
				<rect class="bar-all" width="100" height="8" />
				<rect class="bar-part" width={width} height="8" />
			</svg>
			<span>{children}</span>
		</span>
	);
}

export const percent = (rate: number): string => `${(Math.floor(rate * 1000) / 10).toFixed(1)}%`;

/** A full cache is how it works: what was not asked for longest goes. Only its size is told. */
export function spaceText(r: Relay): string {
	if (r.space_max <= 0) return '';
	const max = bytes(r.space_max);
	const used = bytes(r.space);
	const unit = max.slice(max.indexOf(' '));
	return t('relay.space.of', { used: used.endsWith(unit) ? used.slice(0, -unit.length) : used, max });
}

export const sitePath = (site: string | null): string => (site === null ? href(['relays'], { tab: 'relays', site: NO_SITE }) : href(['sites', site]));

export const SiteLink = ({ site }: { site: string | null }) => (site === null ? <span class="quiet">{t('site.none')}</span> : <a href={sitePath(site)}>{site}</a>);

export const hostsOf = (site: string | null): string => href(['hosts'], { site: site ?? NO_SITE });

/** The relay through which this one goes out: the address that the server sees is one of that relay's. */
export const outThrough = (r: Relay, all: Relay[]): Relay | undefined => (r.peer ? all.find((other) => other.id !== r.id && other.state === 'active' && other.names.includes(r.peer)) : undefined);

/** Those that step in when this one is away: machines are told of every relay of their site. */
export const partners = (r: Relay, all: Relay[]): Relay[] => all.filter((other) => other.id !== r.id && other.state === 'active' && other.site === r.site);

export function RelayLinks({ relays }: { relays: Relay[] }) {
	return (
		<>
			{relays.map((relay, i) => (
				<span key={relay.id}>
					{i > 0 && t('list.comma')}
					<a href={href(['relays', relay.id])}>{relay.name}</a>
				</span>
			))}
		</>
	);
}

/** A chain is told under the name. */
function NameAndWay({ r, all }: { r: Relay; all: Relay[] }) {
	const through = outThrough(r, all);
	return (
		<>
			{r.name}
			{through && <small class="via">{t('relay.via', { name: through.name })}</small>}
		</>
	);
}

export function relayColumns(all: Relay[]): Column<Relay>[] {
	return [
		{ id: 'name', title: 'relay', cell: (r) => <NameAndWay r={r} all={all} />, text: (r) => r.name, sort: (r) => r.name },
		{ id: 'state', title: 'state', cell: (r) => <RelayMark relay={r} />, text: relayWord, sort: (r) => RELAY_STATES.indexOf(relayState(r)) },
		{ id: 'site', title: 'site', cell: (r) => <SiteLink site={r.site} />, text: (r) => r.site ?? '', sort: (r) => r.site },
		{ id: 'seen', title: 'relay.seen', falling: true, cell: (r) => <Time at={r.last_seen} />, text: (r) => r.last_seen ?? '', sort: (r) => r.last_seen },
		{ id: 'metadata', title: 'relay.metadata', falling: true, cell: (r) => <Time at={r.metadata_at} />, text: (r) => r.metadata_at ?? '', sort: (r) => r.metadata_at },
		{ id: 'space', title: 'relay.space', num: true, falling: true, cell: (r) => (r.space_max > 0 ? spaceText(r) : <span class="quiet">–</span>), text: (r) => String(r.space), sort: (r) => r.space },
		{ id: 'hits', title: 'relay.hit-rate', num: true, falling: true, cell: (r) => (r.hit_rate === null ? <span class="quiet">–</span> : percent(r.hit_rate)), text: (r) => (r.hit_rate === null ? '' : String(r.hit_rate)), sort: (r) => r.hit_rate },
		{ id: 'queue', title: 'relay.queue', num: true, falling: true, cell: (r) => <Count n={r.queue} to={hostsOf(r.site)} label={t('relay.queue')} />, text: (r) => String(r.queue), sort: (r) => r.queue },
		{ id: 'out', title: 'relay.out', extra: true, cell: (r) => outThrough(r, all)?.name ?? '', text: (r) => outThrough(r, all)?.name ?? '', sort: (r) => outThrough(r, all)?.name ?? null },
		{ id: 'partners', title: 'relay.failover', extra: true, cell: (r) => <RelayLinks relays={partners(r, all)} />, text: (r) => partners(r, all).map(({ name }) => name).join(' ') },
		{ id: 'served', title: 'relay.served', num: true, falling: true, extra: true, cell: (r) => bytes(r.served), text: (r) => String(r.served), sort: (r) => r.served },
		{ id: 'version', title: 'version', extra: true, cell: (r) => r.version, text: (r) => r.version, sort: (r) => r.version },
		{ id: 'enrolled', title: 'relay.enrolled', extra: true, falling: true, cell: (r) => <Time at={r.enrolled_at} />, text: (r) => r.enrolled_at, sort: (r) => r.enrolled_at },
		{ id: 'urls', title: 'relay.urls', extra: true, wrap: true, cell: (r) => r.urls.join(' '), text: (r) => r.urls.join(' ') },
	];
}

const bundleAge = (s: Site) =>
	s.bundle?.made ? (
		<>
			{t('bundle.short', { n: s.bundle.counter })}{' '}
			<time dateTime={s.bundle.made} title={exact(s.bundle.made)}>
				{day(s.bundle.made)} <span class="ago">{relative(s.bundle.made)}</span>
			</time>
		</>
	) : null;

export const siteColumns: Column<Site>[] = [
	{ id: 'site', title: 'site', cell: (s) => s.site ?? t('site.none'), text: (s) => s.site ?? '', sort: (s) => s.site },
	{ id: 'state', title: 'state', cell: (s) => <SiteMark site={s} />, text: siteWord, sort: (s) => SITE_STATES.indexOf(siteState(s)) },
	{ id: 'metadata', title: 'relay.metadata', falling: true, cell: (s) => <Time at={s.metadata_at} />, text: (s) => s.metadata_at ?? '', sort: (s) => s.metadata_at },
	{ id: 'bundle', title: 'bundle.last', falling: true, cell: bundleAge, text: (s) => s.bundle?.made ?? '', sort: (s) => s.bundle?.made },
	{ id: 'back', title: 'bundle.back', falling: true, extra: true, cell: (s) => s.bundle?.up_at && <Time at={s.bundle.up_at} ago />, text: (s) => s.bundle?.up_at ?? '', sort: (s) => s.bundle?.up_at },
	{ id: 'queue', title: 'relay.queue', num: true, falling: true, cell: (s) => <Count n={s.queue} to={hostsOf(s.site)} label={t('relay.queue')} />, text: (s) => String(s.queue), sort: (s) => s.queue },
	{ id: 'relays', title: 'relay', num: true, falling: true, cell: (s) => <Count n={s.relays} to={href(['relays'], { tab: 'relays', site: s.site ?? NO_SITE })} label={t('relay')} />, text: (s) => String(s.relays), sort: (s) => s.relays },
	{ id: 'hosts', title: 'hosts', num: true, falling: true, cell: (s) => <Count n={s.hosts} to={hostsOf(s.site)} label={t('hosts')} />, text: (s) => String(s.hosts), sort: (s) => s.hosts },
	{ id: 'limit', title: 'site.limit', num: true, extra: true, cell: (s) => t('time.only-hours', { n: s.fresh_h }), text: (s) => String(s.fresh_h), sort: (s) => s.fresh_h },
	{ id: 'note', title: 'site.note', extra: true, wrap: true, cell: (s) => s.note, text: (s) => s.note },
];

const bundleWord = (b: Bundle) => t(b.direction === 'up' ? 'bundle.up' : 'bundle.down');
const bundleDone = (b: Bundle) => t(!b.at ? 'bundle.unfinished' : b.direction === 'up' ? 'bundle.taken' : 'bundle.signed');

export const bundleColumns: Column<Bundle>[] = [
	{ id: 'number', title: 'bundle.n', cell: (b) => t('bundle.short', { n: b.counter }), text: (b) => String(b.counter), sort: (b) => b.counter },
	{ id: 'direction', title: 'bundle.direction', cell: bundleWord, text: bundleWord, sort: (b) => b.direction },
	{ id: 'site', title: 'site', cell: (b) => <SiteLink site={b.site} />, text: (b) => b.site, sort: (b) => b.site },
	{ id: 'made', title: 'bundle.made', falling: true, cell: (b) => <Time at={b.made} ago />, text: (b) => b.made, sort: (b) => b.made },
	{ id: 'state', title: 'state', cell: (b) => <Tag shape={b.at ? 'check' : 'pause'} tone={b.at ? 'green' : 'orange'}>{bundleDone(b)}</Tag>, text: bundleDone, sort: bundleDone },
	{ id: 'bytes', title: 'size', num: true, falling: true, cell: (b) => (b.at ? bytes(b.bytes) : <span class="quiet">–</span>), text: (b) => String(b.bytes), sort: (b) => b.bytes },
	{ id: 'members', title: 'bundle.members', num: true, falling: true, cell: (b) => (b.at ? number(b.members) : <span class="quiet">–</span>), text: (b) => String(b.members), sort: (b) => b.members },
	{ id: 'expires', title: 'bundle.expires', falling: true, cell: (b) => <Time at={b.expires} />, text: (b) => b.expires, sort: (b) => b.expires },
	{ id: 'since', title: 'bundle.since', extra: true, num: true, cell: (b) => (b.direction === 'down' && b.since > 0 ? number(b.since) : <span class="quiet">–</span>), text: (b) => String(b.since), sort: (b) => b.since },
	{ id: 'by', title: 'user', extra: true, cell: (b) => b.by, text: (b) => b.by, sort: (b) => b.by },
];
