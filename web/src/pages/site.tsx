// One site: how old its knowledge is, the last bundle there and back, what the next one is for and how it is made.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { bytes, relative } from '../format';
import { number, said, t, type Key } from '../i18n';
import { useLive } from '../live';
import { href } from '../router';
import { may } from '../session';
import { RELAY_DATA, shellWord } from '../shell';
import type { List as ListAnswer } from '../types';
import type { Bundle, BundleNeed, BundleNext, Relay, Site, SiteBundle } from '../types-relay';
import { Command, Count, Empty, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { FormButton, say } from '../ui/dialog';
import { Check, NumberField, TextField } from '../ui/form';
import { Mark, SeverityMark, type Shape, type Tone } from '../ui/marks';
import { BundleMark, bundleColumns, bundleState, HOUR_MS, hostsOf, Meter, RelayMark, siteState, type SiteState } from '../ui/relays';
import { Verdict } from '../ui/verdict';

export function SitePage({ id }: { id: string }) {
	const live = useLive<ListAnswer<Site>>('sites');
	const site = live.data?.items.find((s) => s.site === id);
	const kicker = <a href={href(['relays'])}>{t('nav.relays')}</a>;
	if (!site)
		return (
			<>
				<PageHead kicker={kicker} title={id} />
				{live.error && !live.data && <Failure error={live.error} retry={live.reload} />}
				{!live.error && !live.data && <Skeleton lines={8} />}
				{live.data && (
					<Empty title={t('site.missing')}>
						<p>{t('site.missing.advice')}</p>
						<a href={href(['relays'])}>{t('nav.relays')}</a>
					</Empty>
				)}
			</>
		);
	return (
		<>
			<PageHead kicker={kicker} title={id} sentence={site.note || undefined}>
				{may('operator') && <Change s={site} />}
			</PageHead>
			{live.error && <Failure error={live.error} retry={live.reload} quiet />}
			<InAWord s={site} />
			<Gauges s={site} />
			<Journey bundle={site.bundle} />
			<Next key={id} s={site} />
			<RelaysOf site={id} />
			<BundlesOf site={id} />
		</>
	);
}

const MARKS: Record<SiteState, [Shape, Tone]> = {
	stale: ['triangle', 'red'],
	expired: ['triangle', 'red'],
	old: ['diamond', 'orange'],
	'no-lists': ['ring', 'orange'],
	direct: ['dash', 'grey'],
	fresh: ['check', 'green'],
};

function InAWord({ s }: { s: Site }) {
	const state = siteState(s);
	const [shape, tone] = MARKS[state];
	return (
		<Verdict shape={shape} tone={tone}>
			{t(`site.sentence.${state}`, {
				ago: s.metadata_at ? relative(s.metadata_at) : '',
				limit: s.fresh_h,
				n: s.bundle?.counter ?? 0,
				left: s.bundle?.expires ? relative(s.bundle.expires) : '',
			})}
		</Verdict>
	);
}

function Gauges({ s }: { s: Site }) {
	const age = s.metadata_at ? (Date.now() - Date.parse(s.metadata_at)) / HOUR_MS : null;
	const bundle = s.bundle;
	const life = bundle?.made && bundle.expires ? Date.parse(bundle.expires) - Date.parse(bundle.made) : 0;
	const state = bundle?.made && bundle.expires ? bundleState(bundle.made, bundle.expires) : null;
	return (
		<ul class="gauges">
			<li class={s.stale ? 'late' : undefined}>
				<h2>{t('relay.metadata')}</h2>
				<b>{s.metadata_at ? relative(s.metadata_at) : '–'}</b>
				<Meter part={age ?? 0} of={s.fresh_h} tone={s.stale ? 'red' : age !== null && age > s.fresh_h * 0.75 ? 'orange' : 'green'}>
					{t('site.limit.is', { n: s.fresh_h })}
				</Meter>
				<small>{s.metadata_at ? <Time at={s.metadata_at} /> : t(s.relays > 0 ? 'relay.metadata.none' : 'site.no-relay')}</small>
			</li>
			<li class={state === 'expired' ? 'late' : undefined}>
				<h2>{t('bundle.last')}</h2>
				<b>{bundle?.made ? relative(bundle.made) : '–'}</b>
				{bundle?.made && bundle.expires && state ? (
					<>
						<Meter part={Date.now() - Date.parse(bundle.made)} of={life} tone={state === 'expired' ? 'red' : state === 'old' ? 'orange' : 'green'}>
							{t('bundle.short', { n: bundle.counter })} <BundleMark state={state} />
						</Meter>
						<small>
							{t('bundle.expires')} <Time at={bundle.expires} />
						</small>
					</>
				) : (
					<small>{t('site.no-bundle')}</small>
				)}
			</li>
			<li>
				<h2>{t('relay.queue')}</h2>
				<b>
					<a href={hostsOf(s.site)}>{number(s.queue)}</a>
				</b>
				<small>{t(s.queue > 0 ? 'relay.queue.some' : 'relay.queue.none')}</small>
			</li>
			<li>
				<h2>{t('hosts')}</h2>
				<b>
					<a href={hostsOf(s.site)}>{number(s.hosts)}</a>
				</b>
				<small>
					{t(s.relay_only ? 'site.relay-only' : 'site.relay-first')}
				</small>
			</li>
		</ul>
	);
}

/** Three stations: made here, taken in there, and what came back. */
function Journey({ bundle }: { bundle: SiteBundle | null }) {
	if (!bundle) return null;
	const arrived = bundle.counter > 0 && bundle.seen >= bundle.counter;
	const station = (shape: Shape, tone: Tone, title: Key, text: string, at: string | null) => (
		<li>
			<Mark shape={shape} tone={tone} />
			<div>
				<h3>{t(title)}</h3>
				<p>{text}</p>
				{at && (
					<p class="quiet">
						<Time at={at} ago />
					</p>
				)}
			</div>
		</li>
	);
	return (
		<section class="panel">
			<h2>{t('bundle.journey')}</h2>
			<ol class="journey">
				{station(bundle.counter > 0 ? 'check' : 'ring', bundle.counter > 0 ? 'green' : 'grey', 'bundle.journey.made', bundle.counter > 0 ? t('bundle.number', { n: bundle.counter }) : t('bundle.journey.none'), bundle.made)}
				{station(
					arrived ? 'check' : 'clock',
					arrived ? 'green' : 'blue',
					'bundle.journey.seen',
					bundle.seen > 0 ? t(arrived ? 'bundle.number' : 'bundle.journey.behind', { n: bundle.seen, newest: bundle.counter }) : t('bundle.journey.unknown'),
					null,
				)}
				{station(bundle.up > 0 ? 'check' : 'clock', bundle.up > 0 ? 'green' : 'blue', 'bundle.journey.back', bundle.up > 0 ? t('bundle.number', { n: bundle.up }) : t('bundle.journey.nothing'), bundle.up_at)}
			</ol>
			{bundle.seen_made && (
				<p class="quiet">
					{t('bundle.seen-made')} <Time at={bundle.seen_made} ago />
				</p>
			)}
		</section>
	);
}

function Next({ s }: { s: Site }) {
	const site = s.site ?? '';
	const live = useLive<BundleNext>(`sites/${encodeURIComponent(site)}/next?limit=20`);
	const next = live.data;
	return (
		<section class="panel" id="next">
			<h2>{t('next.title')}</h2>
			{!next && (live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton lines={4} />)}
			{next && next.hosts === 0 && <p>{t('next.no-hosts')}</p>}
			{next && next.hosts > 0 && (
				<>
					<p>{t(next.since > 0 ? 'next.sentence.since' : 'next.sentence.full', { n: next.counter, since: next.since, hosts: next.hosts })}</p>
					<ul class="holds-what">
						<li>{t('next.packages', { n: next.total, v: next.vulnerabilities })}</li>
						<li>{t('next.updates', { n: next.updates, size: bytes(next.bytes) })}</li>
						<li>{t('next.letters', { n: next.letters })}</li>
						<li>{t('next.metadata')}</li>
					</ul>
					{next.items.length > 0 && <Needs next={next} site={site} />}
					<p class="quiet">
						{t('next.estimate')} {next.heard_first && <>{t('next.heard')} <Time at={next.heard_first} ago />{t('sentence.end')}</>}
					</p>
				</>
			)}
			<How s={s} />
		</section>
	);
}

function Needs({ next, site }: { next: BundleNext; site: string }) {
	return (
		<div class="scroll" tabIndex={0} role="region" aria-label={t('next.needs')}>
			<table class="plain needs">
				<caption class="unseen">{t('next.needs')}</caption>
				<thead>
					<tr>
						<th scope="col">{t('package')}</th>
						<th scope="col">{t('severity')}</th>
						<th scope="col" class="num">{t('nav.vulnerabilities')}</th>
						<th scope="col" class="num">{t('kev')}</th>
						<th scope="col" class="num">{t('hosts')}</th>
					</tr>
				</thead>
				<tbody>
					{next.items.map((need: BundleNeed) => (
						<tr key={need.package}>
							<td class="name">
								<a data-row href={href(['vulnerabilities'], { q: need.package })}>
									{need.package}
								</a>
							</td>
							<td>
								<SeverityMark severity={need.severity} />
							</td>
							<td class="num">{number(need.vulnerabilities)}</td>
							<td class="num">{number(need.kev)}</td>
							<td class="num">
								<Count n={need.hosts} to={hostsOf(site)} label={need.package} />
							</td>
						</tr>
					))}
				</tbody>
			</table>
			{next.total > next.items.length && <p class="quiet">{t('more', { n: next.total - next.items.length })}</p>}
		</div>
	);
}

/** There and back: four commands, on the machine that each is for. */
function How({ s }: { s: Site }) {
	return (
		<details class="how" open={s.bundle === null && s.relays > 0 && !s.metadata_at ? true : undefined}>
			<summary>{t('next.how')}</summary>
			<ol class="steps">
				<li>
					<p>{t('next.how.export')}</p>
					<Command text={`sudo mamori bundle export --site ${shellWord(s.site ?? '')} --to /media/usb`} />
				</li>
				<li>
					<p>{t('next.how.import')}</p>
					<Command text={`sudo mamori bundle import /media/usb --data ${RELAY_DATA}`} />
				</li>
				<li>
					<p>{t('next.how.up')}</p>
					<Command text={`sudo mamori bundle export --up --data ${RELAY_DATA} --to /media/usb`} />
				</li>
				<li>
					<p>{t('next.how.back')}</p>
					<Command text="sudo mamori bundle import /media/usb" />
				</li>
			</ol>
			<p class="quiet">{t('next.how.media')}</p>
		</details>
	);
}

function RelaysOf({ site }: { site: string }) {
	const live = useLive<ListAnswer<Relay>>('relays?limit=1000&sort=name');
	const mine = (live.data?.items ?? []).filter((r) => r.site === site && r.state === 'active');
	return (
		<section class="panel">
			<h2>
				<a href={href(['relays'], { tab: 'relays', site })}>{t('site.relays')}</a>
			</h2>
			{live.error && !live.data && <Failure error={live.error} retry={live.reload} />}
			{live.data && mine.length === 0 && <p class="quiet">{t('site.relays.none')}</p>}
			{mine.length === 1 && <p class="quiet">{t('site.relays.one')}</p>}
			<ul class="notices">
				{mine.map((r) => (
					<li key={r.id}>
						<RelayMark relay={r} />
						<a data-row href={href(['relays', r.id])}>
							{r.name}
						</a>
						<span class="quiet">
							<Time at={r.last_seen} ago />
						</span>
					</li>
				))}
			</ul>
		</section>
	);
}

const BUNDLE_SHOWN = 10;
const historyColumns = bundleColumns.filter(({ id }) => ['number', 'direction', 'made', 'state', 'bytes', 'expires'].includes(id));

function BundlesOf({ site }: { site: string }) {
	const live = useLive<ListAnswer<Bundle>>(`bundles?site=${encodeURIComponent(site)}&limit=${BUNDLE_SHOWN}`);
	if (!live.data || live.data.items.length === 0) return null;
	return (
		<section class="panel">
			<h2>
				<a href={href(['relays'], { tab: 'bundles', site })}>{t('bundle')}</a>
			</h2>
			<div class="scroll" tabIndex={0} role="region" aria-label={t('bundle')}>
				<table class="plain">
					<thead>
						<tr>
							{historyColumns.map((column) => (
								<th key={column.id} scope="col" class={column.num ? 'num' : undefined}>
									{said(column.title)}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{live.data.items.map((b) => (
							<tr key={`${b.direction} ${b.relay ?? ''} ${b.counter}`}>
								{historyColumns.map((column) => (
									<td key={column.id} class={column.num ? 'num' : undefined}>
										{column.cell(b)}
									</td>
								))}
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</section>
	);
}

function Change({ s }: { s: Site }) {
	const [hours, setHours] = useState(s.fresh_h);
	const [only, setOnly] = useState(s.relay_only);
	const [note, setNote] = useState(s.note);
	const path = `sites/${encodeURIComponent(s.site ?? '')}`;
	const start = () => {
		setHours(s.fresh_h);
		setOnly(s.relay_only);
		setNote(s.note);
	};
	const save = async () => {
		const before = { fresh_h: s.fresh_h, relay_only: s.relay_only, note: s.note };
		await call('PUT', path, { fresh_h: hours, relay_only: only, note });
		say({
			text: t('site.saved', { name: s.site ?? '' }),
			action: {
				label: t('order.take-back'),
				run: async () => {
					await call('PUT', path, before);
					return t('site.put-back', { name: s.site ?? '' });
				},
			},
		});
	};
	return (
		<FormButton label={t('change')} title={t('site.change.title', { name: s.site ?? '' })} start={start} save={save}>
			<NumberField label={t('site.change.limit')} value={hours} min={1} max={8784} set={setHours} />
			<p class="quiet">{t('site.change.limit.help')}</p>
			<Check label={t('site.change.only')} on={only} set={setOnly} />
			<p class="quiet">{t('site.change.only.help', { n: s.hosts })}</p>
			<TextField label={t('site.note')} value={note} set={setNote} />
		</FormButton>
	);
}
