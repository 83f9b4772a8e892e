// 閉域・中継: does the closed side live? Sites, the relays that serve them, and the bundles that are carried there.
import { t, type Key } from '../i18n';
import { useLive } from '../live';
import { href, useRoute } from '../router';
import { may } from '../session';
import type { List as ListAnswer } from '../types';
import type { Bundle, Relay, Site } from '../types-relay';
import { Empty, Failure, PageHead, Skeleton } from '../ui/bits';
import { Filter, List, Rows, Search } from '../ui/list';
import { bundleColumns, NO_SITE, relayColumns, relayState, RELAY_STATES, siteColumns, sitePath, siteState, SITE_STATES } from '../ui/relays';
import { Tabs } from '../ui/tabs';
import { Duties, type Part } from '../ui/verdict';
import { RelayForm } from './relay-form';

type Tab = 'sites' | 'relays' | 'bundles';
const TABS: Tab[] = ['sites', 'relays', 'bundles'];
const tabPath = (tab: string, more: Record<string, string> = {}) => href(['relays'], { tab: tab === 'sites' ? null : tab, ...more });

export function RelaysPage() {
	const { params } = useRoute();
	const relays = useLive<ListAnswer<Relay>>('relays?limit=1000&sort=name');
	const sites = useLive<ListAnswer<Site>>('sites');
	if (params.get('new') === '1') return <RelayForm sites={sites.data?.items ?? []} relays={relays.data?.items ?? []} />;
	const error = relays.error ?? sites.error;
	const retry = () => {
		relays.reload();
		sites.reload();
	};
	const beginning = relays.data?.items.length === 0 && sites.data?.items.every(({ bundle }) => bundle === null);
	const head = (
		<PageHead title={t('nav.relays')} sentence={t('relays.sentence')}>
			{may('administrator') && !beginning && (
				<a class="button primary" href={href(['relays'], { new: '1' })}>
					{t('relay.add')}
				</a>
			)}
		</PageHead>
	);
	if (!relays.data || !sites.data)
		return (
			<>
				{head}
				{error ? <Failure error={error} retry={retry} /> : <Skeleton />}
			</>
		);
	const known = sites.data.items;
	const all = relays.data.items;
	const tab = TABS.find((name) => name === params.get('tab')) ?? 'sites';
	return (
		<>
			{head}
			{error && <Failure error={error} retry={retry} quiet />}
			{!beginning && <WhatToDo relays={all} sites={known} />}
			{beginning ? (
				<Beginning sites={known} />
			) : (
				<>
					<Tabs
						current={tab}
						tabs={[
							['sites', t('sites'), known.length],
							['relays', t('relay'), all.length],
							['bundles', t('bundle')],
						]}
						to={tabPath}
					/>
					{tab === 'sites' && <SiteList sites={known} />}
					{tab === 'relays' && <RelayList relays={all} sites={known} />}
					{tab === 'bundles' && <Bundles sites={known} />}
				</>
			)}
		</>
	);
}

function WhatToDo({ relays, sites }: { relays: Relay[]; sites: Site[] }) {
	const inState = (...wanted: string[]) => relays.filter((r) => wanted.includes(relayState(r))).length;
	const sitesIn = (state: string) => sites.filter((s) => siteState(s) === state).length;
	const part = (n: number, key: Key, to: string): Part => [n, t(key, { n }), to];
	const parts = [
		part(inState('silent'), 'relays.silent', tabPath('relays', { state: 'silent' })),
		part(inState('never'), 'relays.never', tabPath('relays', { state: 'never' })),
		part(sitesIn('stale'), 'relays.stale', tabPath('sites', { state: 'stale' })),
		part(sitesIn('expired'), 'relays.expired', tabPath('sites', { state: 'expired' })),
		part(inState('lists'), 'relays.lists', tabPath('relays', { state: 'lists' })),
		part(inState('trouble'), 'relays.trouble', tabPath('relays', { state: 'trouble' })),
		part(sitesIn('old'), 'relays.old', tabPath('sites', { state: 'old' })),
	];
	return <Duties parts={parts} urgent={inState('silent', 'never', 'lists') + sitesIn('stale') + sitesIn('expired') > 0} fine={t('relays.fine')} />;
}

function SiteList({ sites }: { sites: Site[] }) {
	return (
		<Rows<Site>
			name="sites"
			caption={t('sites')}
			columns={siteColumns}
			rows={sites}
			keyOf={(s) => s.site ?? ''}
			link={(s) => sitePath(s.site)}
			filters={['q', 'state']}
			keep={(s, query) => !query.get('state') || siteState(s) === query.get('state')}
			order="state"
			toolbar={
				<>
					<Search hint="search.sites" />
					<Filter name="state" label="state" options={SITE_STATES.map((name) => [name, t(`site.state.${name}`)])} />
				</>
			}
			empty={
				<Empty title={t('sites.none')}>
					<p>{t('sites.none.advice')}</p>
				</Empty>
			}
		/>
	);
}

function RelayList({ relays, sites }: { relays: Relay[]; sites: Site[] }) {
	const names = sites.map(({ site }): [string, string] => [site ?? NO_SITE, site ?? t('site.none')]);
	return (
		<Rows<Relay>
			name="relays"
			caption={t('relay')}
			columns={relayColumns(relays)}
			rows={relays}
			keyOf={(r) => r.id}
			link={(r) => href(['relays', r.id])}
			filters={['q', 'state', 'site']}
			keep={(r, query) => (!query.get('state') || relayState(r) === query.get('state')) && (!query.get('site') || (r.site ?? NO_SITE) === query.get('site'))}
			order="state"
			toolbar={
				<>
					<Search hint="search.relays" />
					<Filter name="site" label="site" options={names} />
					<Filter name="state" label="state" options={RELAY_STATES.map((name) => [name, t(`relay.state.${name}`)])} />
				</>
			}
			empty={
				<Empty title={t('relays.none')}>
					<p>{t('relays.none.advice')}</p>
				</Empty>
			}
		/>
	);
}

function Bundles({ sites }: { sites: Site[] }) {
	return (
		<List<Bundle>
			path="bundles"
			name="bundles"
			caption={t('bundle')}
			columns={bundleColumns}
			keyOf={(b) => `${b.site} ${b.direction} ${b.relay ?? ''} ${b.counter}`}
			filters={['site']}
			order="-made"
			toolbar={<Filter name="site" label="site" options={sites.flatMap(({ site }): [string, string][] => (site === null ? [] : [[site, site]]))} />}
			empty={
				<Empty title={t('bundles.none')}>
					<p>{t('bundles.none.advice')}</p>
				</Empty>
			}
		/>
	);
}

/** Nothing closed yet: what each of the two ways is for, and how it begins. */
function Beginning({ sites }: { sites: Site[] }) {
	const named = sites.filter(({ site }) => site !== null);
	return (
		<>
			<div class="ways">
				<section class="way">
					<h2>{t('begin.relay')}</h2>
					<p>{t('begin.relay.when')}</p>
					<ul>
						<li>{t('begin.relay.1')}</li>
						<li>{t('begin.relay.2')}</li>
						<li>{t('begin.relay.3')}</li>
					</ul>
					{may('administrator') ? (
						<a class="button primary" href={href(['relays'], { new: '1' })}>
							{t('relay.add')}
						</a>
					) : (
						<p class="quiet">{t('relay.ask-administrator')}</p>
					)}
				</section>
				<section class="way">
					<h2>{t('begin.bundle')}</h2>
					<p>{t('begin.bundle.when')}</p>
					<ul>
						<li>{t('begin.bundle.1')}</li>
						<li>{t('begin.bundle.2')}</li>
						<li>{t('begin.bundle.3')}</li>
					</ul>
					<p class="quiet">{t('begin.bundle.how')}</p>
				</section>
			</div>
			{named.length > 0 && <SiteList sites={named} />}
		</>
	);
}
