// 要対応: what must be fixed, by whom, by when. Filters, sort and search are in the address; several rows can be decided on
// at once; each row opens to its evidence, its advice and its history.
import { useState } from 'preact/hooks';
import { number } from '../i18n';
import { href, useRoute } from '../router';
import { may } from '../session';
import { Empty, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { Filter, Rows, Search } from '../ui/list';
import type { Column } from '../ui/table';
import { useAll, ROWS_MAX } from './data';
import { DecideButton } from './decide';
import { DueDay, KindChip, LevelMark, statusWords, StatusMark } from './marks';
import { assetOfRisk, assetPath, CLASSES, classOf, dueOf, isOpen, isOverdue, rankOf, riskKey, riskName, riskPath, SEVERITIES, shown, sourceName, statusOf, unitName, withinOf, type Units } from './model';
import { RawText } from './path';
import { unitsOf, useAssets, useGone, useRisks, useSeeds, type Shown } from './run';
import type { Risk, RiskEvent, Run } from './types';
import { said, x, xOr } from './words';

const FILTERS = ['q', 'severity', 'class', 'risk', 'status', 'when', 'what', 'unit', 'assignee'];
const SOON_MS = 30 * 86_400_000;

export const peopleOf = (risks: Risk[]): string[] => [...new Set(risks.flatMap(({ state }) => (state?.assignee ? [state.assignee] : [])))].sort();

/** Of a list in the address: "critical,high". */
const among = (list: string | null, word: string) => !list || list.split(',').includes(word);

function keeps(risk: Risk, params: URLSearchParams, run: Run, unitOf: (risk: Risk) => string): boolean {
	const status = params.get('status');
	const when = params.get('when');
	const assignee = params.get('assignee');
	const due = Date.parse(dueOf(risk) ?? '');
	return (
		among(params.get('severity'), risk.severity) &&
		among(params.get('class'), classOf(risk.risk)) &&
		among(params.get('risk'), risk.risk) &&
		(status === 'active' ? isOpen(risk) : among(status, statusOf(risk))) &&
		(when !== 'overdue' || isOverdue(risk)) &&
		(when !== 'month' || (isOpen(risk) && due < Date.now() + SOON_MS)) &&
		(params.get('what') !== 'new' || risk.state?.first_run === run.run) &&
		(!params.get('unit') || unitOf(risk) === params.get('unit')) &&
		(!assignee || (assignee === '-' ? !risk.state?.assignee : risk.state?.assignee === assignee))
	);
}

function columnsOf(unitOf: (risk: Risk) => string, run: string | null): Column<Risk>[] {
	return [
		{ id: 'risk', title: said('column.risk'), cell: (r) => riskName(r.risk), text: (r) => riskName(r.risk), sort: (r) => riskName(r.risk), wrap: true },
		{ id: 'severity', title: said('column.severity'), cell: (r) => <LevelMark level={r.severity} />, text: (r) => xOr('severity', r.severity), sort: (r) => rankOf(r.severity) },
		{
			id: 'asset',
			title: said('column.asset'),
			cell: (r) => {
				const { kind, name } = assetOfRisk(r);
				return (
					<a href={assetPath(kind, name, run)}>
						<bdi>{shown(r.asset, 80)}</bdi>
					</a>
				);
			},
			text: (r) => r.asset,
			sort: (r) => r.asset,
			wrap: true,
		},
		{ id: 'detail', title: said('column.detail'), cell: (r) => <bdi>{shown(r.detail ?? '', 100)}</bdi>, text: (r) => r.detail ?? '', sort: (r) => r.detail, sparse: true, wrap: true },
		{ id: 'status', title: said('column.status'), cell: (r) => <StatusMark risk={r} />, text: statusWords, sort: statusWords },
		{ id: 'assignee', title: said('column.assignee'), cell: (r) => <bdi>{shown(r.state?.assignee ?? '', 40)}</bdi>, text: (r) => r.state?.assignee ?? '', sort: (r) => r.state?.assignee, sparse: true, wrap: true },
		{ id: 'due', title: said('column.due'), cell: (r) => <DueDay risk={r} at={dueOf(r)} />, text: (r) => dueOf(r)?.slice(0, 10) ?? '', sort: dueOf, sparse: true },
		{ id: 'unit', title: said('column.unit'), cell: (r) => shown(unitOf(r), 60), text: unitOf, sort: unitOf, wrap: true, extra: true },
		{ id: 'class', title: said('column.class'), cell: (r) => xOr('class', classOf(r.risk)), text: (r) => xOr('class', classOf(r.risk)), sort: (r) => CLASSES.indexOf(classOf(r.risk)), extra: true },
		{ id: 'act', title: said('column.act'), cell: (r) => r.act ?? '', text: (r) => r.act ?? '', extra: true, wrap: 'wide' },
		{ id: 'first', title: said('column.first'), cell: (r) => <Time at={r.state?.first_seen} />, text: (r) => r.state?.first_seen ?? '', sort: (r) => r.state?.first_seen, extra: true },
		{ id: 'seen', title: said('column.seen'), cell: (r) => <Time at={r.seen ?? r.state?.last_seen} />, text: (r) => r.seen ?? r.state?.last_seen ?? '', sort: (r) => r.seen ?? r.state?.last_seen, extra: true },
		{ id: 'source', title: said('column.source'), cell: (r) => sourceName(r.source), text: (r) => sourceName(r.source), sort: (r) => sourceName(r.source), extra: true },
	];
}

export function Risks({ shown: at }: { shown: Shown }) {
	const { params } = useRoute();
	const gone = params.get('what') === 'gone';
	const now = useRisks(at);
	const past = useGone(at);
	const all = gone ? past : now;
	const assets = useAssets(at);
	const seeds = useSeeds(at);
	const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
	const units = unitsOf(assets.rows, seeds.rows);
	if (!all.rows) return all.error ? <Failure error={all.error} retry={all.reload} /> : <Skeleton lines={12} />;
	const unitOf = unitNamer(units);
	const chosen = all.rows.filter((risk) => picked.has(riskKey(risk)));
	return (
		<>
			{all.error && <Failure error={all.error} retry={all.reload} quiet />}
			{all.total > all.rows.length && <p class="quiet">{x('cut', { n: ROWS_MAX, all: all.total })}</p>}
			<Rows<Risk>
				name="surface-risks"
				caption={x('risks.caption')}
				columns={columnsOf(unitOf, at.param)}
				rows={[...all.rows].sort((a, b) => rankOf(a.severity) - rankOf(b.severity))}
				keyOf={riskKey}
				keep={(risk, query) => keeps(risk, query, at.run, unitOf)}
				link={(risk) => riskPath(risk, at.param)}
				filters={FILTERS}
				most={100}
				selection={may('operator') && !gone ? { keys: picked, set: setPicked } : undefined}
				selectable={(risk) => risk.state !== null}
				expand={(risk) => <RiskDetail risk={risk} run={at.param} brief />}
				toolbar={
					<>
						<Search hint={said('risks.search')} />
						<Filters risks={all.rows} unitOf={unitOf} />
						{chosen.length > 0 && <DecideButton risks={chosen} people={peopleOf(now.rows ?? [])} primary onDone={() => setPicked(new Set())} />}
					</>
				}
				empty={
					<Empty title={x('risks.none')}>
						<p>{x('risks.none.advice')}</p>
					</Empty>
				}
			/>
		</>
	);
}

/** The name of the unit that a risk belongs to; '' until that is known. */
export const unitNamer =
	(units: Units | null) =>
	(risk: Risk): string =>
		units ? unitName(units.ofRisk(risk)) : '';

function Filters({ risks, unitOf }: { risks: Risk[]; unitOf: (risk: Risk) => string }) {
	const { params } = useRoute();
	const units = [...new Set(risks.map(unitOf))].filter(Boolean).sort();
	const people = peopleOf(risks);
	const options = (names: string[]) => names.map((name): [string, string] => [name, shown(name, 40)]);
	const classes = CLASSES.filter((cls) => risks.some(({ risk }) => classOf(risk) === cls));
	return (
		<>
			<Filter name="severity" label={said('column.severity')} options={SEVERITIES.map((level): [string, string] => [level, x(`severity.${level}`)])} />
			<Filter name="class" label={said('filter.class')} options={classes.map((cls): [string, string] => [cls, x(`class.${cls}`)])} />
			<Filter name="status" label={said('filter.status')} options={[['active', x('active')], ...(['open', 'in-progress', 'accepted', 'done'] as const).map((status): [string, string] => [status, x(`status.${status}`)])]} />
			<Filter name="when" label={said('filter.when')} options={[['overdue', x('filter.when.overdue')], ['month', x('filter.when.month')]]} />
			<Filter name="what" label={said('filter.what')} options={[['new', x('filter.what.new')], ['gone', x('filter.what.gone')]]} />
			{units.length > 1 && <Filter name="unit" label={said('filter.unit')} options={options(units)} />}
			{(people.length > 0 || params.get('assignee')) && <Filter name="assignee" label={said('filter.assignee')} options={[['-', x('filter.assignee.none')], ...options(people)]} />}
		</>
	);
}

// ---- one of them ----

export function RiskDetail({ risk, run, brief, people }: { risk: Risk; run: string | null; brief?: boolean; people?: string[] }) {
	const { kind, name } = assetOfRisk(risk);
	const { state } = risk;
	return (
		<div class="risk-detail">
			{state?.gone_run ? <p class="quiet">{x('what.gone', { n: state.gone_run })}</p> : null}
			<dl class="risk-words">
				{risk.says && (
					<div>
						<dt>{x('what.says')}</dt>
						<dd>{risk.says}</dd>
					</div>
				)}
				{risk.act && (
					<div>
						<dt>{x('what.act')}</dt>
						<dd>
							{risk.advice && <strong class="advice">{xOr('advice', risk.advice)}</strong>} {risk.act} <span class="quiet">({withinOf(risk.severity)})</span>
						</dd>
					</div>
				)}
				<div>
					<dt>{x('what.evidence')}</dt>
					<dd>
						{risk.detail && <RawText text={risk.detail} />}
						{risk.evidence && risk.evidence !== risk.detail && <RawText text={risk.evidence} />}
						<p class="step-foot">
							<span>{sourceName(risk.source)}</span>
							<Time at={risk.seen ?? state?.last_seen} />
							{risk.asked && <span class="asked-of">{x('asset.asked', { asked: shown(risk.asked, 300) })}</span>}
						</p>
					</dd>
				</div>
				<div>
					<dt>{x('what.asset')}</dt>
					<dd>
						<KindChip kind={kind} />{' '}
						<a href={assetPath(kind, name, run)}>
							<bdi>{shown(name)}</bdi>
						</a>
					</dd>
				</div>
				{risk.host && (
					<div>
						<dt>{x('what.host')}</dt>
						<dd>
							<a href={href(['hosts', risk.host.id])}>
								<bdi>{shown(risk.host.name)}</bdi>
							</a>
						</dd>
					</div>
				)}
			</dl>
			{!state && <p class="quiet">{x('what.untold')}</p>}
			{state && <History risk={risk} />}
			<p class="host-actions">
				{state && !state.gone_run && <DecideButton risks={[risk]} people={people ?? (state.assignee ? [state.assignee] : [])} primary={!brief} />}
				{brief && <a href={riskPath(risk, run)}>{x('what.page')}</a>}
			</p>
		</div>
	);
}

function History({ risk }: { risk: Risk }) {
	const { state } = risk;
	const history = useAll<RiskEvent>(`surface/risks/${encodeURIComponent(risk.risk)}/history`, { asset: risk.asset, detail: risk.detail }, `${state?.changed_at} ${state?.last_run} ${state?.gone_run}`);
	return (
		<section>
			<h3>{x('what.history')}</h3>
			{history.error && <Failure error={history.error} retry={history.reload} quiet={history.rows !== undefined} />}
			{!history.rows && !history.error && <Skeleton lines={2} />}
			{history.rows?.length === 0 && <p class="quiet">{x('what.history.none')}</p>}
			<ol class="risk-history">
				{history.rows?.map(({ at, by, status, assignee, note }, i) => (
					<li key={i}>
						<Time at={at} /> <strong>{xOr('status', status)}</strong>
						{assignee && <span> · {shown(assignee)}</span>}
						{note && <span> · {shown(note, 500)}</span>} <span class="quiet">{by ? shown(by) : 'mamori'}</span>
					</li>
				))}
			</ol>
		</section>
	);
}

/** #/surface/risk:RISK?asset=…&detail=… */
export function RiskPage({ risk: name, at }: { risk: string; at: Shown }) {
	const { params } = useRoute();
	const [asset, detail] = [params.get('asset') ?? '', params.get('detail') ?? ''];
	const now = useRisks(at);
	const gone = useGone(at);
	const is = (risk: Risk) => risk.risk === name && risk.asset === asset && (risk.detail ?? '') === detail;
	const risk = now.rows?.find(is) ?? gone.rows?.find(is);
	const back = (
		<p class="crumb">
			<a href={href(['surface'], { view: 'risks', run: at.param })}>← {x('tab.risks')}</a>
		</p>
	);
	const error = now.error ?? gone.error;
	if (!risk)
		return (
			<>
				{back}
				<PageHead title={riskName(name)} />
				{error ? <Failure error={error} retry={() => (now.reload(), gone.reload())} /> : !now.rows || !gone.rows ? <Skeleton lines={10} /> : <Empty title={x('asset.gone')} />}
			</>
		);
	const others = (now.rows ?? []).filter((other) => other.risk === name && !is(other)).length;
	return (
		<div class="surface">
			{back}
			<PageHead kicker={<LevelMark level={risk.severity} />} title={riskName(name)} sentence={<bdi>{shown(asset)}</bdi>} />
			<dl class="facts">
				<div>
					<dt>{x('column.status')}</dt>
					<dd>
						<StatusMark risk={risk} />
					</dd>
				</div>
				<div>
					<dt>{x('column.assignee')}</dt>
					<dd>{risk.state?.assignee ? shown(risk.state.assignee) : <span class="quiet">–</span>}</dd>
				</div>
				<div>
					<dt>{x('column.due')}</dt>
					<dd>
						<DueDay risk={risk} at={dueOf(risk)} />
					</dd>
				</div>
				<div>
					<dt>{x('column.first')}</dt>
					<dd>
						<Time at={risk.state?.first_seen} ago />
					</dd>
				</div>
			</dl>
			<RiskDetail risk={risk} run={at.param} people={peopleOf(now.rows ?? [])} />
			{others > 0 && (
				<p>
					<a href={href(['surface'], { view: 'risks', risk: name, run: at.param })}>
						{riskName(name)}: {x('and-more', { n: number(others) })}
					</a>
				</p>
			)}
		</div>
	);
}
