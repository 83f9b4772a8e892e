// 概況: do I have to do anything now?
import type { ComponentChildren } from 'preact';
import { withQuery } from '../api';
import { addDays, isoDay, share } from '../format';
import { number, t } from '../i18n';
import { useLive } from '../live';
import { href } from '../router';
import type { Attempt, Notice, Overview, List as ListAnswer, Trend } from '../types';
import { Count, Empty, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { ACTIONS, ActionMark } from '../ui/due';
import { TrendChart } from '../ui/trend';
import { Duties, Verdict, type Part } from '../ui/verdict';
import { AssistantOffer, Emergencies, Halted, NotBackList, Tonight } from './overview-plan';
import { LevelMark, Mark, StateMark, type Shape, type Tone } from '../ui/marks';

const NOTICES_SHOWN = 12;

export function OverviewPage() {
	const live = useLive<Overview>('overview');
	const running = useLive<ListAnswer<Attempt>>(withQuery('history', { state: 'running', limit: 6 }));
	const trend = useLive<Trend>(withQuery('trend', { days: 90 }));
	const o = live.data;
	if (!o)
		return (
			<>
				<PageHead title={t('nav.overview')} />
				{live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton lines={12} />}
			</>
		);
	return (
		<>
			<PageHead kicker={o.server.name} title={t('nav.overview')} />
			{live.error && <Failure error={live.error} retry={live.reload} quiet />}
			<Emergencies />
			<WhatToDo o={o} />
			{o.hosts.enrolled > 0 && <AssistantOffer />}
			<WhatByWhen o={o} />
			<Figures o={o} />
			{o.exposure && o.exposure.mine > 0 && (
				<p class="seen-outside">
					<a href={href(['exposure'], { q: 'mine:true' })}>{t('overview.mine', { n: o.exposure.mine })}</a>
				</p>
			)}
			<div class="columns">
				<div>
					<NotBackList />
					<Halted />
					<Notices notices={o.notices} />
					<Panel title={t('trend.title')}>{trend.data ? <TrendChart trend={trend.data} /> : trend.error ? <Failure error={trend.error} retry={trend.reload} /> : <Skeleton lines={6} />}</Panel>
					<Groups groups={o.groups} />
				</div>
				<div>
					<Tonight />
					<Running attempts={running.data?.items ?? []} queued={o.patches.queued} total={running.data?.total ?? 0} />
					<Severities o={o} />
					<Freshness o={o} />
				</div>
			</div>
		</>
	);
}

const weekAgo = () => addDays(isoDay(), -7);
const failedRows = () => href(['history'], { state: 'failed', from: weekAgo() });

function WhatToDo({ o }: { o: Overview }) {
	if (o.hosts.enrolled === 0)
		return (
			<Verdict shape="ring" tone="blue">
				{t('verdict.no-hosts')} <a href={href(['enrol'])}>{t('nav.enrol')}</a>
			</Verdict>
		);
	const alarms = o.notices.filter((notice) => notice.level === 'alarm' && notice.code !== 'failed' && notice.code !== 'silent' && notice.code !== 'overdue');
	const parts: Part[] = [
		[alarms.length, t('verdict.alarms', { n: alarms.length }), href([])],
		[o.overdue_hosts, t('verdict.overdue', { n: o.overdue_hosts }), href(['hosts'], { attention: 'overdue' })],
		[o.patches.failed_7d, t('verdict.failed', { n: o.patches.failed_7d }), failedRows()],
		[o.hosts.silent, t('verdict.silent', { n: o.hosts.silent }), href(['hosts'], { attention: 'silent' })],
		[o.hosts.pending, t('verdict.pending', { n: o.hosts.pending }), href(['hosts'], { state: 'pending' })],
		[o.hosts.with_security, t('verdict.security', { n: o.hosts.with_security }), href(['hosts'], { attention: 'security' })],
	];
	return <Duties parts={parts} urgent={alarms.length > 0 || o.overdue_hosts > 0 || o.patches.failed_7d > 0} fine={t('verdict.fine', { n: o.hosts.enrolled })} />;
}

function Figure({
	label,
	n,
	of,
	to,
	mark,
}: {
	label: string;
	n: number;
	of?: string;
	to: string;
	mark: [Shape, Tone];
}) {
	return (
		<a class={n > 0 ? 'figure' : 'figure zero'} href={to}>
			<span class="figure-label">
				{n > 0 && <Mark shape={mark[0]} tone={mark[1]} />}
				{label}
			</span>
			<span class="figure-n">
				{number(n)}
				{of && <small> {of}</small>}
			</span>
		</a>
	);
}

/** What to do by when: the four answers of the decision tree, and what is past its day. */
function WhatByWhen({ o }: { o: Overview }) {
	if (o.feeds.error || o.feeds.imported === 0)
		return (
			<section class="panel by-when">
				<h2>{t('by-when.title')}</h2>
				<p>
					<span class="state">
						<Mark shape="diamond" tone="orange" />
						{o.feeds.error ? t('by-when.not-matched', { why: o.feeds.error }) : t('feeds.none')}
					</span>{' '}
					<a href={href(['feeds'])}>{t('nav.feeds')}</a>
				</p>
			</section>
		);
	return (
		<section class="panel by-when">
			<h2>
				<a href={href(['vulnerabilities'], { sort: 'due' })}>{t('by-when.title')}</a>
			</h2>
			<ul class="actions-row">
				<li class={o.actions.overdue > 0 ? 'late' : 'zero'}>
					<a href={href(['vulnerabilities'], { due: 'overdue', sort: 'due' })}>
						<span class="state">
							<Mark shape={o.actions.overdue > 0 ? 'cross' : 'check'} tone={o.actions.overdue > 0 ? 'red' : 'green'} />
							{t('overdue')}
						</span>
						<b>{number(o.actions.overdue)}</b>
						<small>{t('by-when.overdue', { n: o.overdue_hosts })}</small>
					</a>
				</li>
				{ACTIONS.map((action) => (
					<li key={action} class={o.actions[action] > 0 ? '' : 'zero'}>
						<a href={href(['vulnerabilities'], { action, sort: 'due' })}>
							<ActionMark action={action} />
							<b>{number(o.actions[action])}</b>
							<small>{t(`action.${action}.hint`)}</small>
						</a>
					</li>
				))}
			</ul>
			{o.not_matched > 0 && (
				<p>
					<span class="state">
						<Mark shape="diamond" tone="orange" />
						<a href={href(['hosts'], { attention: 'not-matched' })}>{t('by-when.hosts-not-matched', { n: o.not_matched })}</a>
					</span>
				</p>
			)}
			<p class="quiet">{t('overview.findings.unit')}</p>
		</section>
	);
}

function Figures({ o }: { o: Overview }) {
	const of = t('of.hosts', { n: o.hosts.enrolled });
	return (
		<div class="figures">
			<Figure label={t('figure.failed')} n={o.patches.failed_7d} of={t('unit.attempts')} to={failedRows()} mark={['triangle', 'red']} />
			<Figure label={t('figure.silent')} n={o.hosts.silent} of={of} to={href(['hosts'], { attention: 'silent' })} mark={['diamond', 'orange']} />
			<Figure label={t('figure.security')} n={o.hosts.with_security} of={of} to={href(['hosts'], { attention: 'security' })} mark={['ring', 'orange']} />
			<Figure label={t('figure.missing')} n={o.patches.security} of={t('unit.updates')} to={href(['patches'], { security: 'true', state: 'missing' })} mark={['ring', 'orange']} />
			<Figure label={t('figure.kev')} n={o.findings.kev} of={t('unit.findings')} to={href(['vulnerabilities'], { kev: 'true' })} mark={['flame', 'red']} />
			<Figure label={t('figure.reboot')} n={o.hosts.reboot} of={of} to={href(['hosts'], { attention: 'reboot' })} mark={['again', 'orange']} />
			<Figure label={t('figure.eol')} n={o.eol} of={of} to={href(['hosts'], { attention: 'eol' })} mark={['cross', 'red']} />
		</div>
	);
}

function Panel({ title, to, children }: { title: string; to?: string; children: ComponentChildren }) {
	return (
		<section class="panel">
			<h2>{to ? <a href={to}>{title}</a> : title}</h2>
			{children}
		</section>
	);
}

function Notices({ notices }: { notices: Notice[] }) {
	const rest = notices.length - NOTICES_SHOWN;
	return (
		<Panel title={t('overview.notices')}>
			{notices.length === 0 && <p class="quiet">{t('overview.notices.none')}</p>}
			<ul class="notices">
				{notices.slice(0, NOTICES_SHOWN).map((notice, i) => (
					<li key={`${notice.code} ${notice.host?.id ?? ''} ${i}`}>
						<LevelMark level={notice.level} />
						<span>
							{notice.host && (
								<>
									<a data-row href={href(['hosts', notice.host.id])}>
										{notice.host.name}
									</a>{' '}
								</>
							)}
							<NoticeText notice={notice} />
						</span>
					</li>
				))}
			</ul>
			{rest > 0 && <p class="quiet">{t('more', { n: rest })}</p>}
		</Panel>
	);
}

/** Of a relay or a site the sentence itself leads to its page. */
function NoticeText({ notice }: { notice: Notice }) {
	const to = notice.relay ? href(['relays', notice.relay]) : notice.site ? href(['sites', notice.site]) : notice.saved ? href(['exposure'], { view: 'saved' }) : notice.code.startsWith('surface-') ? href(['surface'], { view: notice.code === 'surface-coverage' ? 'sources' : notice.code === 'surface-assets' ? 'changes' : null }) : notice.code === 'stale-site' ? href(['relays']) : null;
	if (!to) return <>{notice.text}</>;
	return (
		<a data-row class="notice-text" href={to}>
			{notice.text}
		</a>
	);
}

/** A bar with the share in words beside it. */
function Bar({ part, of }: { part: number; of: number }) {
	const width = of > 0 ? (part / of) * 100 : 0;
	return (
		<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
			<rect class="bar-all" width="100" height="8" />
			<rect class="bar-part" width={width} height="8" />
		</svg>
	);
}

function Groups({ groups }: { groups: Overview['groups'] }) {
	return (
		<Panel title={t('overview.groups')}>
			{groups.length === 0 && <p class="quiet">{t('overview.groups.none')}</p>}
			{groups.length > 0 && (
				<table class="plain groups">
					<thead>
						<tr>
							<th scope="col">{t('group')}</th>
							<th scope="col">{t('overview.groups.current')}</th>
							<th scope="col" class="num">
								{t('overview.groups.security')}
							</th>
							<th scope="col" class="num">
								{t('overview.groups.silent')}
							</th>
						</tr>
					</thead>
					<tbody>
						{groups.map((g) => {
							const name = g.group ?? '';
							return (
								<tr key={name}>
									<td>
										<a href={href(['hosts'], { group: name })}>{g.group ?? t('group.none')}</a>
									</td>
									<td class="share">
										<Bar part={g.current} of={g.hosts} />
										<a href={href(['hosts'], { group: name })}>
											{t('overview.groups.share', { ok: g.current, of: g.hosts, share: share(g.current, g.hosts) })}
										</a>
									</td>
									<td class="num">
										<Count n={g.hosts - g.current} to={href(['hosts'], { group: name, attention: 'security' })} />
									</td>
									<td class="num">
										<Count n={g.silent} to={href(['hosts'], { group: name, attention: 'silent' })} />
									</td>
								</tr>
							);
						})}
					</tbody>
				</table>
			)}
		</Panel>
	);
}

function Running({ attempts, queued, total }: { attempts: Attempt[]; queued: number; total: number }) {
	return (
		<Panel title={t('overview.running')} to={href(['history'], { state: 'running' })}>
			{attempts.length === 0 && queued === 0 && <p class="quiet">{t('overview.running.none')}</p>}
			<ul class="notices">
				{attempts.map((a) => (
					<li key={a.attempt}>
						<StateMark state={a.state} />
						<span>
							<a href={href(['hosts', a.host.id])}>{a.host.name}</a> <a href={href(['patches', a.patch])}>{a.title}</a>
						</span>
					</li>
				))}
			</ul>
			{total > attempts.length && (
				<p>
					<a href={href(['history'], { state: 'running' })}>{t('more', { n: total - attempts.length })}</a>
				</p>
			)}
			{queued > 0 && (
				<p>
					<a href={href(['history'], { state: 'queued' })}>{t('overview.queued', { n: queued })}</a>
				</p>
			)}
		</Panel>
	);
}

function Severities({ o }: { o: Overview }) {
	const levels = ['critical', 'high', 'medium', 'low', 'unknown'] as const;
	const marks: Record<string, [Shape, Tone]> = {
		critical: ['triangle', 'red'],
		high: ['diamond', 'orange'],
		medium: ['dot', 'sky'],
		low: ['ring', 'grey'],
		unknown: ['dash', 'grey'],
	};
	return (
		<Panel title={t('overview.findings')} to={href(['vulnerabilities'])}>
			<ul class="severities">
				{levels.map((level) => (
					<li key={level}>
						<a href={href(['vulnerabilities'], { severity: level })}>
							<span class="state">
								<Mark shape={marks[level]![0]} tone={marks[level]![1]} />
								{t(`severity.${level}`)}
							</span>
							<b>{number(o.findings[level])}</b>
						</a>
					</li>
				))}
			</ul>
			<p class="quiet">{t('overview.findings.unit')}</p>
		</Panel>
	);
}

function Freshness({ o }: { o: Overview }) {
	const { imported, known, stale, oldest } = o.feeds;
	if (imported === 0)
		return (
			<Panel title={t('nav.feeds')} to={href(['feeds'])}>
				<Empty title={t('feeds.none')}>
					<a href={href(['feeds'])}>{t('feeds.none.advice')}</a>
				</Empty>
			</Panel>
		);
	return (
		<Panel title={t('nav.feeds')} to={href(['feeds'])}>
			<p>
				<span class="state">
					<Mark shape={stale > 0 ? 'diamond' : 'check'} tone={stale > 0 ? 'orange' : 'green'} />
					<a href={href(['feeds'])}>
						{stale > 0 ? t('overview.feeds.stale', { n: stale, of: imported }) : t('overview.feeds.fresh', { n: imported, of: known })}
					</a>
				</span>
			</p>
			{oldest && (
				<p class="quiet">
					{t('overview.feeds.oldest')} <Time at={oldest} ago />
				</p>
			)}
		</Panel>
	);
}
