// One update: on which machines it is, where it is not and why, what it fixes and how that is known.
import { useState } from 'preact/hooks';
import { bytes, probability } from '../format';
import { t, tOr } from '../i18n';
import { useLive } from '../live';
import { href, useRoute } from '../router';
import { ActionMark, actionRank, Due } from '../ui/due';
import type { Fix, PatchDetail, PatchState, Target } from '../types';
import { Empty, Facts, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { Filter, GroupFilter, Rows, Search } from '../ui/list';
import { Mark, SeverityMark, severityRank, StateMark, stateMark } from '../ui/marks';
import { OrderButton } from '../ui/order';
import { Tabs } from '../ui/tabs';
import type { Column } from '../ui/table';
import { RingWays } from '../ui/rings';
import { Verdicts } from '../ui/verdicts';
import { LIFE_STATES, orderable } from './patches';
import { PatchVendors } from './vendors';

const packagesText = (x: Target) => x.packages.map((p) => `${p.name}:${p.arch}`).join(' ');

const targetColumns: Column<Target>[] = [
	{ id: 'host', title: 'host', cell: (x) => x.host.name, text: (x) => x.host.name, sort: (x) => x.host.name },
	{ id: 'group', title: 'group', clip: true, cell: (x) => x.host.group ?? <span class="quiet">–</span>, text: (x) => x.host.group ?? '', sort: (x) => x.host.group },
	{ id: 'state', title: 'state', cell: (x) => <StateMark state={x.state} />, text: (x) => t(`state.${x.state}`), sort: (x) => LIFE_STATES.indexOf(x.state) },
	{ id: 'from', title: 'from', clip: true, cell: (x) => x.from ?? '–', text: (x) => x.from ?? '', sort: (x) => x.from },
	{ id: 'why', title: 'why', wrap: true, cell: (x) => x.why, text: (x) => x.why, sort: (x) => x.why },
	{ id: 'next', title: 'next', sparse: (x) => Boolean(x.next), cell: (x) => <Time at={x.next} />, text: (x) => x.next ?? '', sort: (x) => x.next },
	{ id: 'at', title: 'at', cell: (x) => <Time at={x.at} />, text: (x) => x.at ?? '', sort: (x) => x.at },
	{ id: 'staged', title: 'staged', extra: true, cell: (x) => t(x.staged ? 'yes' : 'no'), text: (x) => t(x.staged ? 'yes' : 'no'), sort: (x) => (x.staged ? 0 : 1) },
	{ id: 'packages', title: 'packages', extra: true, wrap: true, cell: (x) => packagesText(x), text: packagesText },
];

export const fixColumns: Column<Fix>[] = [
	{ id: 'vulnerability', title: 'vulnerability', cell: (f) => f.vulnerability, text: (f) => f.vulnerability, sort: (f) => f.vulnerability },
	{ id: 'severity', title: 'severity', cell: (f) => <SeverityMark severity={f.severity} />, text: (f) => t(`severity.${f.severity}`), sort: (f) => severityRank(f.severity) },
	{ id: 'action', title: 'action', cell: (f) => <ActionMark action={f.action} />, text: (f) => tOr('action', f.action ?? ''), sort: (f) => actionRank(f.action) },
	{ id: 'due', title: 'due', cell: (f) => <Due due={f.due} overdue={f.overdue} />, text: (f) => f.due?.slice(0, 10) ?? '', sort: (f) => f.due },
	{ id: 'cvss', title: 'cvss', num: true, falling: true, cell: (f) => f.cvss?.toFixed(1) ?? '–', text: (f) => String(f.cvss ?? ''), sort: (f) => f.cvss },
	{ id: 'kev', title: 'kev', sparse: (f) => f.kev, cell: (f) => <Kev on={f.kev} />, text: (f) => t(f.kev ? 'yes' : 'no'), sort: (f) => (f.kev ? 0 : 1) },
	{ id: 'epss', title: 'epss', num: true, falling: true, cell: (f) => (f.epss === null ? '–' : probability(f.epss)), text: (f) => String(f.epss ?? ''), sort: (f) => f.epss },
	{ id: 'title', title: 'title', wrap: true, sparse: true, cell: (f) => f.title ?? '', text: (f) => f.title ?? '', sort: (f) => f.title },
	{ id: 'source', title: 'known-from', cell: (f) => knownFrom(f), text: knownFrom, sort: knownFrom },
];

function knownFrom(fix: Fix): string {
	if (fix.source === 'changelog') return t('known-from.changelog');
	return fix.advisories.length > 0 ? fix.advisories.join(', ') : t('known-from.advisory');
}

export function Kev({ on }: { on: boolean }) {
	if (!on) return <span class="quiet">–</span>;
	return (
		<span class="state" title={t('kev.long')}>
			<Mark shape="flame" tone="red" />
			{t('kev.short')}
		</span>
	);
}

export function PatchPage({ id }: { id: string }) {
	const live = useLive<PatchDetail>(`patches/${encodeURIComponent(id)}`);
	const { params } = useRoute();
	const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
	const p = live.data;
	const back = <a href={href(['patches'])}>{t('nav.patches')}</a>;
	if (!p)
		return (
			<>
				<PageHead kicker={back} title={id} />
				{live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton lines={10} />}
			</>
		);
	const applicable = p.targets.filter(orderable).map((x) => x.host.id);
	const picked = applicable.filter((host) => chosen.has(host));
	const hosts = picked.length > 0 ? picked : applicable;
	const tab = params.get('tab') === 'fixes' ? 'fixes' : 'targets';
	const done = () => setChosen(new Set());
	return (
		<>
			<PageHead kicker={back} title={p.title} sentence={sentenceOf(p, applicable.length)}>
				<OrderButton label={t('order.stage-n', { n: hosts.length })} wanted={{ kind: 'stage', hosts, patches: [p.id] }} disabled={hosts.length === 0} onDone={done} />
				<OrderButton
					primary
					label={t(picked.length > 0 ? 'order.apply-picked' : hosts.length === 1 ? 'order.apply-one' : 'order.apply-missing', { n: hosts.length })}
					wanted={{ kind: 'apply', hosts, patches: [p.id] }}
					disabled={hosts.length === 0}
					onDone={done}
				/>
			</PageHead>
			{live.error && <Failure error={live.error} retry={live.reload} quiet />}
			<StateCounts p={p} />
			<Verdicts p={p} />
			<RingWays patch={p.id} />
			<PatchVendors patch={p.id} />
			<Facts
				rows={[
					['kind', t(p.security ? 'kind.security' : 'kind.other')],
					['source', p.source],
					['version', p.version],
					['size', bytes(p.size)],
					['origins', p.origins],
					['first-seen', <Time at={p.first_seen} ago />],
					['id', <code>{p.id}</code>],
				]}
			/>
			<Tabs
				current={tab}
				tabs={[
					['targets', t('patch.targets'), p.targets.length],
					['fixes', t('patch.fixes'), p.fixes.length],
				]}
				to={(name) => href(['patches', p.id], { tab: name })}
			/>
			{tab === 'targets' ? (
				<Rows<Target>
					name="patch-hosts"
					caption={t('patch.targets')}
					columns={targetColumns}
					rows={p.targets}
					keyOf={(x) => x.host.id}
					link={(x) => href(['hosts', x.host.id])}
					filters={['q', 'state', 'group']}
					keep={(x, q) => (!q.get('state') || x.state === q.get('state')) && (!q.get('group') || x.host.group === q.get('group'))}
					selection={{ keys: chosen, set: setChosen }}
					selectable={orderable}
					order="state"
					toolbar={
						<>
							<Search hint="search.hosts" />
							<Filter name="state" label="state" options={LIFE_STATES.filter((s) => p.targets.some((x) => x.state === s)).map((s) => [s, t(`state.${s}`)])} />
							<GroupFilter />
						</>
					}
					empty={<Empty title={t('patch.targets.none')} />}
				/>
			) : (
				<Rows<Fix>
					name="patch-fixes"
					caption={t('patch.fixes')}
					columns={fixColumns}
					rows={p.fixes}
					keyOf={(f) => f.vulnerability}
					link={(f) => href(['vulnerabilities', f.vulnerability])}
					filters={['q']}
					order="severity"
					toolbar={<Search hint="search.vulnerabilities" />}
					empty={
						<Empty title={t('patch.fixes.none')}>
							<p>{t('patch.fixes.none.advice')}</p>
						</Empty>
					}
				/>
			)}
		</>
	);
}

function sentenceOf(p: PatchDetail, open: number): string {
	const installed = (p.hosts.installed ?? 0) + (p.hosts['installed-pending-reboot'] ?? 0);
	const all = p.targets.length;
	if (all === 0) return t('patch.sentence.none');
	if (installed === all) return t('patch.sentence.all', { n: all });
	return t(open > 0 ? 'patch.sentence.open' : 'patch.sentence.waiting', { of: all, installed, open });
}

function StateCounts({ p }: { p: PatchDetail }) {
	const count = (state: PatchState) => p.targets.filter((x) => x.state === state).length;
	return (
		<ul class="state-counts">
			{LIFE_STATES.filter((state) => count(state) > 0).map((state) => (
				<li key={state}>
					<a href={href(['patches', p.id], { state })}>
						<Mark shape={stateMark(state)[0]} tone={stateMark(state)[1]} />
						{t(`state.${state}`)} <b>{count(state)}</b>
					</a>
				</li>
			))}
		</ul>
	);
}
