// The views of a machine's page.
import { useState } from 'preact/hooks';
import { withQuery } from '../api';
import { bytes, day, probability } from '../format';
import { t, tOr } from '../i18n';
import { useLive } from '../live';
import { href } from '../router';
import type { Attempt, Finding, HostDetail, HostPatch, List as ListAnswer, Package, Severity } from '../types';
import { Empty, Facts, Failure, Skeleton, Time } from '../ui/bits';
import { ActionMark, actionRank, Due } from '../ui/due';
import { Filter, List, Search } from '../ui/list';
import { Mark, SeverityMark, severityRank, StateMark, stateMark } from '../ui/marks';
import { OrderButton } from '../ui/order';
import type { Column } from '../ui/table';
import { AttemptWords } from './history';
import { Kev } from './patch';
import { LIFE_STATES, orderable, PATCH_STATES } from './patches';
import { ActionFilters } from './vulnerabilities';

export const SEVERITIES: Severity[] = ['critical', 'high', 'medium', 'low', 'unknown'];

const updateColumns: Column<HostPatch>[] = [
	{ id: 'title', title: 'patch', wrap: true, cell: (x) => x.title, text: (x) => x.title, sort: (x) => x.title },
	{ id: 'state', title: 'state', cell: (x) => <StateMark state={x.state} />, text: (x) => t(`state.${x.state}`), sort: (x) => LIFE_STATES.indexOf(x.state) },
	{ id: 'security', title: 'kind', cell: (x) => (x.security ? t('kind.security') : <span class="quiet">{t('kind.other')}</span>), text: (x) => t(x.security ? 'kind.security' : 'kind.other'), sort: (x) => (x.security ? 0 : 1) },
	{ id: 'severity', title: 'severity', cell: (x) => <SeverityMark severity={x.severity} />, text: (x) => t(`severity.${x.severity}`), sort: (x) => severityRank(x.severity) },
	{ id: 'kev', title: 'kev', sparse: (x) => Boolean(x.kev), cell: (x) => <Kev on={Boolean(x.kev)} />, text: (x) => String(Number(x.kev)), sort: (x) => -Number(x.kev) },
	{ id: 'why', title: 'why', wrap: 'wide', cell: (x) => x.why, text: (x) => x.why },
	{ id: 'next', title: 'next', sparse: (x) => Boolean(x.next), cell: (x) => <Time at={x.next} />, text: (x) => x.next ?? '', sort: (x) => x.next },
	{ id: 'staged', title: 'staged', cell: (x) => (x.staged ? t('yes') : <span class="quiet">–</span>), text: (x) => t(x.staged ? 'yes' : 'no'), sort: (x) => (x.staged ? 0 : 1) },
	{ id: 'from', title: 'from', extra: true, cell: (x) => x.from ?? '–', text: (x) => x.from ?? '', sort: (x) => x.from },
	{ id: 'to', title: 'to', extra: true, cell: (x) => x.to, text: (x) => x.to, sort: (x) => x.to },
];

export function HostUpdates({ h }: { h: HostDetail }) {
	const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
	const patches = [...chosen];
	const done = () => setChosen(new Set());
	return (
		<List<HostPatch>
			path="host-patches"
			query={{ host: h.id }}
			name={`updates-${h.name}`}
			caption={t('tab.updates')}
			columns={updateColumns}
			keyOf={(x) => x.patch}
			link={(x) => href(['patches', x.patch])}
			filters={['security', 'state']}
			order="state"
			selection={{ keys: chosen, set: setChosen }}
			selectable={(x) => h.state === 'active' && orderable(x)}
			toolbar={
				<>
					<Filter
						name="security"
						label="kind"
						options={[
							['true', t('kind.security')],
							['false', t('kind.other')],
						]}
					/>
					<Filter name="state" label="state" options={PATCH_STATES.map((s) => [s, t(`state.${s}`)])} />
					{patches.length > 0 && (
						<>
							<OrderButton primary label={t('order.apply-chosen', { n: patches.length })} wanted={{ kind: 'apply', hosts: [h.id], patches }} onDone={done} />
							<OrderButton label={t('order.stage-n', { n: patches.length })} wanted={{ kind: 'stage', hosts: [h.id], patches }} onDone={done} />
						</>
					)}
				</>
			}
			empty={
				<Empty title={t(h.planned_at ? 'host.updates.none' : 'host.updates.unknown')}>
					<p>
						{t('planned-at')} <Time at={h.planned_at} ago />
					</p>
				</Empty>
			}
		/>
	);
}

const findingColumns: Column<Finding>[] = [
	{ id: 'vulnerability', title: 'vulnerability', cell: (f) => f.vulnerability, text: (f) => f.vulnerability, sort: (f) => f.vulnerability },
	{ id: 'severity', title: 'severity', cell: (f) => <SeverityMark severity={f.severity} />, text: (f) => t(`severity.${f.severity}`), sort: (f) => severityRank(f.severity) },
	{ id: 'action', title: 'action', cell: (f) => <ActionMark action={f.action} />, text: (f) => tOr('action', f.action ?? ''), sort: (f) => actionRank(f.action) },
	{ id: 'due', title: 'due', cell: (f) => <Due due={f.due} overdue={f.overdue} />, text: (f) => f.due?.slice(0, 10) ?? '', sort: (f) => f.due },
	{ id: 'package', title: 'package', clip: true, cell: (f) => <RunningPackage f={f} />, text: (f) => f.package, sort: (f) => f.package },
	{ id: 'installed', title: 'installed', extra: true, clip: true, cell: (f) => f.installed, text: (f) => f.installed },
	{ id: 'fixed', title: 'fixed', clip: true, cell: (f) => f.fixed ?? <span class="quiet">{t('fixed.none')}</span>, text: (f) => f.fixed ?? '', sort: (f) => f.fixed },
	{ id: 'kev', title: 'kev', extra: true, cell: (f) => <Kev on={f.kev} />, text: (f) => t(f.kev ? 'yes' : 'no'), sort: (f) => (f.kev ? 0 : 1) },
	{ id: 'epss', title: 'epss', num: true, falling: true, extra: true, cell: (f) => (f.epss === null ? '–' : probability(f.epss)), text: (f) => String(f.epss ?? ''), sort: (f) => f.epss },
	{ id: 'cvss', title: 'cvss', num: true, falling: true, extra: true, cell: (f) => f.cvss?.toFixed(1) ?? '–', text: (f) => String(f.cvss ?? ''), sort: (f) => f.cvss },
	{ id: 'action_why', title: 'action-why', extra: true, wrap: true, cell: (f) => f.action_why ?? '', text: (f) => f.action_why ?? '' },
	{ id: 'patch', title: 'patch', cell: (f) => (f.patch ? <a href={href(['patches', f.patch])}>{t('finding.patch')}</a> : <span class="quiet">–</span>), text: (f) => f.patch ?? '', sort: (f) => f.patch },
	{ id: 'why', title: 'why-finding', extra: true, wrap: true, cell: (f) => f.why, text: (f) => f.why },
	{ id: 'advisories', title: 'advisories', extra: true, wrap: true, cell: (f) => f.advisories.join(' '), text: (f) => f.advisories.join(' ') },
	{ id: 'aliases', title: 'aliases', extra: true, wrap: true, cell: (f) => f.aliases.join(' '), text: (f) => f.aliases.join(' ') },
];

function RunningPackage({ f }: { f: Finding }) {
	return (
		<>
			{f.package}
			{f.running === true && <span class="quiet"> ({t('running.yes')})</span>}
			{f.running === false && <span class="quiet"> ({t('running.no')})</span>}
		</>
	);
}

export function HostFindings({ h }: { h: HostDetail }) {
	const id = h.id;
	return (
		<List<Finding>
			path={`hosts/${encodeURIComponent(id)}/findings`}
			name="findings"
			caption={t('tab.findings')}
			columns={findingColumns}
			keyOf={(f) => `${f.vulnerability} ${f.package} ${f.installed}`}
			link={(f) => href(['vulnerabilities', f.vulnerability])}
			filters={['q', 'action', 'due', 'severity', 'kev']}
			order="due"
			expand={(f) => (
				<div class="detail">
					<p>
						{f.action_why} {f.why}
					</p>
					<Facts
						rows={[
							['advisories', f.advisories.join(' ')],
							['aliases', f.aliases.join(' ')],
							['cvss', f.cvss?.toFixed(1)],
							['due', f.due && <Due due={f.due} overdue={f.overdue} />],
							['first-seen', f.first_seen && <Time at={f.first_seen} />],
						]}
					/>
				</div>
			)}
			toolbar={
				<>
					<Search hint="search.findings" />
					<ActionFilters />
					<Filter name="severity" label="severity" options={SEVERITIES.map((s) => [s, t(`severity.${s}`)])} />
					<Filter name="kev" label="kev" options={[['true', t('kev.only')]]} />
				</>
			}
			empty={
				<Empty title={h.not_matched ? t('by-when.not-matched', { why: h.not_matched }) : t('host.findings.none')}>
					<a href={href(['feeds'])}>{t('host.findings.none.advice')}</a>
				</Empty>
			}
		/>
	);
}

const packageColumns: Column<Package>[] = [
	{ id: 'name', title: 'package', cell: (p) => p.name, text: (p) => p.name, sort: (p) => p.name },
	{ id: 'version', title: 'version', cell: (p) => p.version, text: (p) => p.version },
	{ id: 'arch', title: 'arch', cell: (p) => p.arch, text: (p) => p.arch, sort: (p) => p.arch },
	{ id: 'source', title: 'source', cell: (p) => p.source, text: (p) => p.source, sort: (p) => p.source },
	{ id: 'source_version', title: 'source-version', extra: true, cell: (p) => p.source_version, text: (p) => p.source_version },
];

export function HostPackages({ id }: { id: string }) {
	return (
		<List<Package>
			path={`hosts/${encodeURIComponent(id)}/packages`}
			name="packages"
			caption={t('tab.packages')}
			columns={packageColumns}
			keyOf={(p) => `${p.name}:${p.arch} ${p.version}`}
			filters={['q']}
			toolbar={<Search hint="search.packages" />}
			empty={<Empty title={t('host.packages.none')} />}
		/>
	);
}

const TIMELINE = 100;

export function HostTimeline({ id }: { id: string }) {
	const live = useLive<ListAnswer<Attempt>>(withQuery('history', { host: id, limit: TIMELINE }));
	if (!live.data) return live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton />;
	const { total } = live.data;
	const items = [...live.data.items].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
	if (items.length === 0)
		return (
			<Empty title={t('host.history.none')}>
				<p>{t('host.history.none.advice')}</p>
			</Empty>
		);
	const days = new Map<string, Attempt[]>();
	for (const attempt of items) {
		const name = day(attempt.at);
		days.set(name, [...(days.get(name) ?? []), attempt]);
	}
	return (
		<div class="timeline">
			{[...days].map(([name, attempts]) => (
				<section key={name}>
					<h3>{name}</h3>
					<ol>
						{attempts.map((a) => (
							<li key={a.attempt}>
								<Mark shape={stateMark(a.state)[0]} tone={stateMark(a.state)[1]} />
								<div>
									<p>
										<a data-row href={href(['patches', a.patch])}>
											{a.title}
										</a>{' '}
										<span class="outcome">{t(`state.${a.state}`)}</span>
									</p>
									<p class="quiet">
										<Time at={a.at} />
										{a.by && ` · ${t('ordered-by', { who: a.by })}`}
									</p>
									{a.why && <p>{a.why}</p>}
									{a.words && (
										<details>
											<summary>{t('words')}</summary>
											<AttemptWords attempt={a} />
										</details>
									)}
								</div>
							</li>
						))}
					</ol>
				</section>
			))}
			<p>
				<a href={href(['history'], { host: id })}>{t('host.history.all', { n: total })}</a>
			</p>
		</div>
	);
}

export function HostMachine({ h }: { h: HostDetail }) {
	const hw = h.hardware;
	return (
		<div class="machine">
			<section>
				<h2>{t('machine.hardware')}</h2>
				<Facts
					rows={[
						['maker', hw?.maker],
						['model', hw?.model],
						['serial', hw?.serial],
						['firmware', hw?.firmware],
						['cpu', hw?.cpu],
						['memory', hw?.memory ? bytes(hw.memory) : null],
						['timezone', h.timezone],
					]}
				/>
			</section>
			<Kernels h={h} />
			<section>
				<h2>{t('machine.disks')}</h2>
				<table class="plain">
					<tbody>
						{(hw?.disks ?? []).map((disk) => (
							<tr key={disk.name}>
								<td>{disk.name}</td>
								<td>{disk.model}</td>
								<td>{disk.serial}</td>
								<td class="num">{disk.size ? bytes(disk.size) : ''}</td>
							</tr>
						))}
					</tbody>
				</table>
			</section>
			<section>
				<h2>{t('machine.interfaces')}</h2>
				<table class="plain">
					<tbody>
						{(hw?.interfaces ?? []).map((nic) => (
							<tr key={nic.name}>
								<td>{nic.name}</td>
								<td>{nic.mac}</td>
								<td>{(nic.addresses ?? []).join(' ')}</td>
							</tr>
						))}
					</tbody>
				</table>
			</section>
			<section>
				<h2>{t('machine.agent')}</h2>
				<Facts
					rows={[
						['agent', h.agent],
						['enrolled-at', <Time at={h.enrolled_at} />],
						['certificate-until', h.certificate && <Time at={h.certificate.not_after} ago />],
						['planned-at', <Time at={h.planned_at} ago />],
						['lists-at', <Time at={h.lists_at} ago />],
						['section.system', <Time at={h.sections.system} ago />],
						['section.packages', <Time at={h.sections.packages} ago />],
						['section.updates', <Time at={h.sections.updates} ago />],
						['id', <code>{h.id}</code>],
					]}
				/>
			</section>
		</div>
	);
}

function Kernels({ h }: { h: HostDetail }) {
	return (
		<section>
			<h2>{t('machine.kernels')}</h2>
			<table class="plain">
				<tbody>
					{(h.kernel?.installed ?? []).map((kernel) => (
						<tr key={`${kernel.package} ${kernel.version}`}>
							<td>{kernel.package}</td>
							<td>{kernel.version}</td>
							<td>
								{kernel.running ? (
									<span class="state">
										<Mark shape="play" tone="green" />
										{t('running.yes')}
									</span>
								) : (
									<span class="quiet">{t('running.no')}</span>
								)}
							</td>
						</tr>
					))}
				</tbody>
			</table>
			{(h.kernel?.installed.length ?? 0) === 0 && <p class="quiet">{t('machine.kernels.none')}</p>}
		</section>
	);
}
