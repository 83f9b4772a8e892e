// One relay: whether it lives, what it spares, which machines are behind it, and what happens when it is away.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { bytes, relative } from '../format';
import { number, t } from '../i18n';
import { refreshAll, useLive } from '../live';
import { go, href } from '../router';
import { may } from '../session';
import type { Host, List as ListAnswer } from '../types';
import type { Relay, RelayDetail, RelayTrend, Site } from '../types-relay';
import { Command, Copy, Empty, Facts, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { ConfirmButton, FormButton, messageOf, say } from '../ui/dialog';
import { List, Search } from '../ui/list';
import { HOUR_MS, hostsOf, Meter, NO_SITE, outThrough, partners, percent, RelayLinks, RelayMark, relayMark, relayState, SiteLink, spaceText } from '../ui/relays';
import type { Column } from '../ui/table';
import { Verdict } from '../ui/verdict';
import { RelayTrendCharts } from '../ui/relay-trend';
import { HostStatus } from './hosts';
import { Origins, Refused } from './relay-origins';
import { RELAY_DATA } from '../shell';

/** Of sites without settings, in hours. */
const FRESH_H = 72;

const relayPath = (id: string) => `relays/${encodeURIComponent(id)}`;

export function RelayPage({ id }: { id: string }) {
	const live = useLive<ListAnswer<Relay>>('relays?limit=1000&sort=name');
	const sites = useLive<ListAnswer<Site>>('sites');
	const relay = live.data?.items.find((r) => r.id === id);
	if (relay) return <Loaded key={id} r={relay} all={live.data?.items ?? []} sites={sites.data?.items ?? []} error={live.error && <Failure error={live.error} retry={live.reload} quiet />} />;
	return (
		<>
			<PageHead kicker={<a href={href(['relays'], { tab: 'relays' })}>{t('nav.relays')}</a>} title={id} />
			{live.error && !live.data && <Failure error={live.error} retry={live.reload} />}
			{!live.error && !live.data && <Skeleton lines={8} />}
			{live.data && (
				<Empty title={t('relay.missing')}>
					<a href={href(['relays'], { tab: 'relays' })}>{t('relay.missing.advice')}</a>
				</Empty>
			)}
		</>
	);
}

function sentenceOf(r: Relay): string {
	const state = relayState(r);
	return t(`relay.sentence.${state}`, { ago: r.last_seen ? relative(r.last_seen) : '', n: r.lists_old, trouble: r.trouble ?? '' });
}

function Loaded({ r, all, sites, error }: { r: Relay; all: Relay[]; sites: Site[]; error: unknown }) {
	const state = relayState(r);
	const [shape, tone] = relayMark(r);
	const site = sites.find((s) => s.site === r.site);
	const bad = state === 'silent' || state === 'never';
	return (
		<>
			<PageHead kicker={<a href={href(['relays'], { tab: 'relays' })}>{t('nav.relays')}</a>} title={r.name}>
				{may('administrator') && r.state === 'active' && <Revoke r={r} hosts={site?.hosts ?? 0} others={partners(r, all)} />}
				{may('administrator') && r.state === 'revoked' && <Delete r={r} />}
				{may('operator') && r.state === 'active' && <ChangeSite r={r} sites={sites} />}
			</PageHead>
			{error as null}
			<Verdict shape={shape} tone={tone}>
				{sentenceOf(r)}
			</Verdict>
			{bad && <WhatToDo r={r} others={partners(r, all)} />}
			<Figures r={r} site={site} />
			<Facts
				rows={[
					['state', <RelayMark relay={r} />],
					['site', <SiteLink site={r.site} />],
					['relay.seen', <Time at={r.last_seen} ago />],
					['relay.urls', r.urls.length > 0 ? <Urls urls={r.urls} /> : ''],
					['relay.out', <Out r={r} all={all} />],
					['relay.failover', <Partners r={r} all={all} />],
					['version', r.version],
					['relay.enrolled', <Time at={r.enrolled_at} />],
				]}
			/>
			{r.last_seen && <Told r={r} limit={site?.fresh_h ?? FRESH_H} />}
			<Behind r={r} />
		</>
	);
}

/** What it says of its month, of the places where it goes, and of what it refused. */
function Told({ r, limit }: { r: Relay; limit: number }) {
	const detail = useLive<RelayDetail>(relayPath(r.id));
	const trend = useLive<RelayTrend>(`${relayPath(r.id)}/trend`);
	return (
		<>
			<section class="guide wide">
				<h2>{t('relay.trend')}</h2>
				{trend.data ? <RelayTrendCharts trend={trend.data} /> : trend.error ? <Failure error={trend.error} retry={trend.reload} /> : <Skeleton lines={4} />}
			</section>
			{detail.data ? (
				<>
					<Origins relay={detail.data} limit={limit} />
					<Refused relay={detail.data} />
				</>
			) : detail.error ? (
				<Failure error={detail.error} retry={detail.reload} />
			) : (
				<Skeleton lines={4} />
			)}
		</>
	);
}

const Urls = ({ urls }: { urls: string[] }) => (
	<>
		{urls.map((url) => (
			<div key={url} class="url">
				<code>{url}</code> <Copy text={url} />
			</div>
		))}
	</>
);

function Out({ r, all }: { r: Relay; all: Relay[] }) {
	const through = outThrough(r, all);
	if (through) return <RelayLinks relays={[through]} />;
	if (r.by_bundle) return <>{t('relay.out.bundle')}</>;
	return r.peer ? <>{t('relay.out.direct', { peer: r.peer })}</> : <span class="quiet">–</span>;
}

function Partners({ r, all }: { r: Relay; all: Relay[] }) {
	const others = partners(r, all);
	return others.length > 0 ? <RelayLinks relays={others} /> : <span class="quiet">{t('relay.failover.none')}</span>;
}

function WhatToDo({ r, others }: { r: Relay; others: Relay[] }) {
	return (
		<section class="warnings away">
			<p>{t(others.some((o) => !o.silent) ? 'relay.away.partner' : 'relay.away.alone')}</p>
			<p>{t('relay.away.check')}</p>
			<Command text={`mamori relay status --data ${RELAY_DATA}`} />
			<p class="quiet">{t(r.last_seen ? 'relay.away.network' : 'relay.away.start')}</p>
		</section>
	);
}

/** What it spares, what it holds, how fresh it is, what waits: each with its denominator. */
function Figures({ r, site }: { r: Relay; site: Site | undefined }) {
	const asked = r.hits + r.misses;
	const age = r.metadata_at ? (Date.now() - Date.parse(r.metadata_at)) / HOUR_MS : null;
	const limit = site?.fresh_h ?? FRESH_H;
	return (
		<ul class="gauges">
			<li>
				<h2>{t('relay.hit-rate')}</h2>
				<b>{r.hit_rate === null ? '–' : percent(r.hit_rate)}</b>
				<Meter part={r.hits} of={asked}>
					{asked > 0 ? t('relay.hits.of', { hits: r.hits, asked }) : t('relay.hits.none')}
				</Meter>
				<small>{t('relay.spared', { served: bytes(r.served), fetched: bytes(r.fetched) })}</small>
			</li>
			<li>
				<h2>{t('relay.space')}</h2>
				<b>{r.space_max > 0 ? bytes(r.space) : '–'}</b>
				<Meter part={r.space} of={r.space_max}>
					{spaceText(r)}
				</Meter>
				<small>{r.space_max > 0 ? t('relay.space.free', { free: bytes(Math.max(0, r.space_max - r.space)) }) : t('relay.space.unknown')}</small>
			</li>
			<li class={age !== null && age > limit ? 'late' : undefined}>
				<h2>{t('relay.metadata')}</h2>
				<b>{r.metadata_at ? relative(r.metadata_at) : '–'}</b>
				<Meter part={age ?? 0} of={limit} tone={age !== null && age > limit ? 'red' : age !== null && age > limit * 0.75 ? 'orange' : 'green'}>
					{t('site.limit.is', { n: limit })}
				</Meter>
				<small>{r.metadata_at ? <Time at={r.metadata_at} /> : t('relay.metadata.none')}</small>
			</li>
			<li>
				<h2>{t('relay.queue')}</h2>
				<b>
					<a href={hostsOf(r.site)}>{number(r.queue)}</a>
				</b>
				<small>{t(r.queue > 0 ? 'relay.queue.some' : 'relay.queue.none')}</small>
			</li>
		</ul>
	);
}

const hostColumns: Column<Host>[] = [
	{ id: 'name', title: 'host', cell: (h) => h.name, text: (h) => h.name, sort: (h) => h.name, server: 'name' },
	{ id: 'status', title: 'state', cell: (h) => <HostStatus host={h} />, text: (h) => h.sentence },
	{ id: 'group', title: 'group', clip: true, cell: (h) => h.group ?? <span class="quiet">–</span>, text: (h) => h.group ?? '', sort: (h) => h.group, server: 'group' },
	{ id: 'os', title: 'os', clip: true, cell: (h) => h.os.name.replace('GNU/Linux ', ''), text: (h) => h.os.name, sort: (h) => h.os.name, server: 'os' },
	{ id: 'addresses', title: 'addresses', cell: (h) => h.addresses.join(' '), text: (h) => h.addresses.join(' '), sort: (h) => h.addresses[0] ?? null },
	{ id: 'security', title: 'security', num: true, falling: true, cell: (h) => number(h.security), text: (h) => String(h.security), sort: (h) => h.security, server: 'security' },
	{ id: 'last_seen', title: 'last-seen', falling: true, cell: (h) => <Time at={h.last_seen} />, text: (h) => h.last_seen ?? '', sort: (h) => h.last_seen, server: 'last_seen' },
];

function Behind({ r }: { r: Relay }) {
	return (
		<section class="guide wide">
			<h2>{t('relay.behind')}</h2>
			<p class="quiet">{t(r.site === null ? 'relay.behind.no-site' : 'relay.behind.site', { site: r.site ?? '' })}</p>
			<List<Host>
				path="hosts"
				query={{ site: r.site ?? NO_SITE, state: 'active' }}
				name="relay-hosts"
				caption={t('relay.behind')}
				columns={hostColumns}
				keyOf={(h) => h.id}
				link={(h) => href(['hosts', h.id])}
				filters={['q']}
				order="name"
				toolbar={<Search hint="search.hosts" />}
				empty={
					<Empty title={t('relay.behind.none')}>
						<p>{t('relay.hosts.how.text')}</p>
						<Command text={`sudo mamori-agent enrol --token-file mamori.token --relay ${r.urls[0] ?? 'https://RELAY:8480'}`} />
					</Empty>
				}
			/>
		</section>
	);
}

function ChangeSite({ r, sites }: { r: Relay; sites: Site[] }) {
	const [site, setSite] = useState('');
	const put = (name: string | null) => call('PATCH', relayPath(r.id), { site: name });
	const save = async () => {
		const before = r.site;
		await put(site.trim() || null);
		say({
			text: t('relay.site.changed', { name: r.name }),
			action: {
				label: t('order.take-back'),
				run: async () => {
					await put(before);
					return t('relay.site.put-back', { name: r.name });
				},
			},
		});
	};
	return (
		<FormButton label={t('relay.site.change')} title={t('relay.site.change.title', { name: r.name })} start={() => setSite(r.site ?? '')} save={save}>
			<p>{t('relay.site.change.body')}</p>
			<label class="field">
				{t('site')}
				<input autofocus list="sites" value={site} maxLength={100} onInput={(event) => setSite(event.currentTarget.value)} />
			</label>
			<datalist id="sites">{sites.map((s) => s.site !== null && <option key={s.site} value={s.site} />)}</datalist>
		</FormButton>
	);
}

function Revoke({ r, hosts, others }: { r: Relay; hosts: number; others: Relay[] }) {
	return (
		<ConfirmButton
			danger
			label={t('relay.revoke')}
			title={t('relay.revoke.title', { name: r.name })}
			body={
				<>
					<p>{t('relay.revoke.body', { n: hosts })}</p>
					<p>{others.length > 0 ? t('relay.revoke.partners', { names: others.map(({ name }) => name).join(t('list.comma')) }) : t('relay.revoke.alone')}</p>
				</>
			}
			confirm={t('relay.revoke')}
			act={() => call('POST', `${relayPath(r.id)}/revoke`)}
		/>
	);
}

function Delete({ r }: { r: Relay }) {
	const act = async () => {
		go(href(['relays'], { tab: 'relays' }));
		await new Promise((resolve) => setTimeout(resolve));
		try {
			await call('DELETE', relayPath(r.id));
			say({ text: t('relay.deleted', { name: r.name }) });
			refreshAll();
		} catch (cause) {
			say({ text: messageOf(cause) }); // the dialog went with the page
		}
	};
	return <ConfirmButton danger label={t('relay.delete')} title={t('relay.delete.title', { name: r.name })} body={<p>{t('relay.delete.body')}</p>} confirm={t('delete')} act={act} />;
}
