// 概要: what to do now. Open risks by severity, what is overdue, what the run brought, which sources failed, what was reduced
// this year and what remains; by class, by whose it is and where. Every number leads to its rows.
import type { ComponentChildren } from 'preact';
import { isoDay } from '../format';
import { number } from '../i18n';
import { href } from '../router';
import { Failure, Skeleton } from '../ui/bits';
import { Mark } from '../ui/marks';
import { Duties, type Part } from '../ui/verdict';
import { useAll } from './data';
import { DueDay, LevelMark } from './marks';
import { CLASSES, classOf, dueOf, gaps, isOpen, isOverdue, rankOf, riskKey, riskName, riskPath, SEVERITIES, shown, sourceName, statusOf, unitName, type Level, type Units } from './model';
import { unitsOf, useAssets, useGone, useRisks, useSeeds, type Shown } from './run';
import { Progress } from './schedule';
import { TrendOverRuns } from './trend';
import type { Asset, Change, Risk } from './types';
import { x, xOr, type Word } from './words';

const FIRST = 8;
const BAR = 240;

const view = (at: Shown, name: string, more: Record<string, string | null> = {}) => href(['surface'], { view: name, run: at.param, ...more });

export function Summary({ shown: at }: { shown: Shown }) {
	const risks = useRisks(at);
	const gone = useGone(at);
	const assets = useAssets(at);
	const seeds = useSeeds(at);
	const changes = useAll<Change>(at.run.run > 1 ? 'surface/diff' : null, { from: at.run.run - 1, to: at.run.run }, at.newest);
	const units = unitsOf(assets.rows, seeds.rows);
	if (!risks.rows) return risks.error ? <Failure error={risks.error} retry={risks.reload} /> : <Skeleton lines={14} />;
	const open = risks.rows.filter(isOpen);
	const past = gone.rows ?? [];
	return (
		<>
			<Do at={at} open={open} all={risks.rows} />
			<Gaps at={at} />
			<Progress />
			<Figures at={at} open={open} all={risks.rows} gone={past} />
			<div class="columns">
				<div>
					<First at={at} open={open} />
					<Classes at={at} open={open} />
				</div>
				<div>
					<News at={at} risks={risks.rows} gone={past} changes={changes.rows} />
					<Year at={at} all={risks.rows} gone={past} />
					<TrendOverRuns runs={at.runs} risks={[...risks.rows, ...past]} upTo={at.run.run} />
				</div>
			</div>
			{assets.error && <Failure error={assets.error} retry={assets.reload} quiet />}
			{units && assets.rows ? <ByUnit at={at} open={open} assets={assets.rows} units={units} /> : <Skeleton lines={4} />}
			{assets.rows && <Owned at={at} assets={assets.rows} />}
		</>
	);
}

function Do({ at, open, all }: { at: Shown; open: Risk[]; all: Risk[] }) {
	const overdue = open.filter((risk) => isOverdue(risk)).length;
	const critical = open.filter(({ severity }) => severity === 'critical').length;
	const high = open.filter(({ severity }) => severity === 'high').length;
	const ended = all.filter(({ state }) => state?.expired).length;
	const candidates = at.run.assets?.candidate ?? 0;
	const parts: Part[] = [
		[critical, x('do.critical', { n: critical }), view(at, 'risks', { severity: 'critical', status: 'active' })],
		[overdue, x('do.overdue', { n: overdue }), view(at, 'risks', { when: 'overdue' })],
		[high, x('do.high', { n: high }), view(at, 'risks', { severity: 'high', status: 'active' })],
		[ended, x('do.ended', { n: ended }), view(at, 'risks', { when: 'overdue', status: 'open' })],
		[candidates, x('do.candidates', { n: candidates }), view(at, 'assets', { ownership: 'candidate' })],
	];
	return <Duties parts={parts} urgent={critical > 0 || overdue > 0} fine={x('do.nothing')} />;
}

/** Loud: what was not asked may hide the worst. */
function Gaps({ at }: { at: Shown }) {
	const { failed, skipped } = gaps(at.run);
	if (failed.length === 0 && skipped.length === 0 && !at.run.limited) return null;
	return (
		<div class="coverage-alarm" role="note">
			<Mark shape="triangle" tone="red" />
			<div>
				{failed.length > 0 && (
					<p>
						<strong>{x('gaps.failed', { n: failed.length })}</strong> {failed.map(({ source, failed: n }) => x('gaps.one', { source: sourceName(source), n })).join(x('comma'))}
					</p>
				)}
				{skipped.length > 0 && (
					<p>
						<strong>{x('gaps.skipped')}</strong> {skipped.map(({ source, not_asked: n }) => x('gaps.one', { source: sourceName(source), n })).join(x('comma'))}
					</p>
				)}
				{at.run.limited && <p>{x('gaps.limited')}</p>}
				<p class="quiet">
					{x('gaps.means')} <a href={view(at, 'sources')}>{x('gaps.more')}</a>
				</p>
			</div>
		</div>
	);
}

function Figure({ n, label, to, mark }: { n: number; label: ComponentChildren; to: string; mark?: Level }) {
	return (
		<a class={n === 0 ? 'figure zero' : 'figure'} href={to}>
			<span class="figure-label">{mark ? <LevelMark level={mark} /> : label}</span>
			<span class="figure-n">{number(n)}</span>
		</a>
	);
}

function Figures({ at, open, all, gone }: { at: Shown; open: Risk[]; all: Risk[]; gone: Risk[] }) {
	const of = (status: string) => all.filter((risk) => statusOf(risk) === status).length;
	const fresh = at.run.run > 1 ? all.filter(({ state }) => state?.first_run === at.run.run).length : 0;
	return (
		<div class="figures">
			{SEVERITIES.filter((level) => level !== 'info' || all.some(({ severity }) => severity === 'info')).map((level) => (
				<Figure key={level} n={open.filter(({ severity }) => severity === level).length} label="" mark={level} to={view(at, 'risks', { severity: level, status: 'active' })} />
			))}
			<Figure n={open.filter((risk) => isOverdue(risk)).length} label={x('figure.overdue')} to={view(at, 'risks', { when: 'overdue' })} />
			<Figure n={fresh} label={x('figure.new')} to={view(at, 'risks', { what: 'new' })} />
			<Figure n={gone.length} label={x('figure.gone')} to={view(at, 'risks', { what: 'gone' })} />
			<Figure n={of('in-progress')} label={x('status.in-progress')} to={view(at, 'risks', { status: 'in-progress' })} />
			<Figure n={of('accepted')} label={x('status.accepted')} to={view(at, 'risks', { status: 'accepted' })} />
		</div>
	);
}

function First({ at, open }: { at: Shown; open: Risk[] }) {
	const rank = (risk: Risk) => (isOverdue(risk) ? 0 : 1);
	const rows = [...open].sort((a, b) => rankOf(a.severity) - rankOf(b.severity) || rank(a) - rank(b) || CLASSES.indexOf(classOf(a.risk)) - CLASSES.indexOf(classOf(b.risk))).slice(0, FIRST);
	if (rows.length === 0) return null;
	return (
		<section class="panel">
			<h2>
				<a href={view(at, 'risks')}>{x('first.title')}</a>
			</h2>
			<ul class="first-risks">
				{rows.map((risk) => (
					<li key={riskKey(risk)}>
						<LevelMark level={risk.severity} />
						<span>
							<a data-row href={riskPath(risk, at.param)}>
								{riskName(risk.risk)}
							</a>{' '}
							<bdi>{shown(risk.asset, 60)}</bdi>
							<span class="quiet first-act">
								{risk.advice && <strong>{xOr('advice', risk.advice)}</strong>} {risk.act}
							</span>
						</span>
						<span class="quiet">
							<DueDay risk={risk} at={dueOf(risk)} />
						</span>
					</li>
				))}
			</ul>
		</section>
	);
}

/** One bar of severities; told in words as well. */
function Stack({ counts, most }: { counts: Record<string, number>; most: number }) {
	let from = 0;
	const words = SEVERITIES.filter((level) => counts[level]).map((level) => `${xOr('severity', level)} ${counts[level]}`);
	return (
		<svg class="risk-stack" viewBox={`0 0 ${BAR} 12`} preserveAspectRatio="none" role="img" aria-label={words.join(x('comma'))}>
			<title>{words.join(x('comma'))}</title>
			{SEVERITIES.map((level) => {
				const width = ((counts[level] ?? 0) / Math.max(1, most)) * BAR;
				const at = from;
				from += width;
				return width > 0 ? <rect key={level} class={`level-${level}`} x={at} width={Math.max(1.5, width - 1)} height="12" /> : null;
			})}
		</svg>
	);
}

export function countBy<K extends string>(rows: Risk[], key: (risk: Risk) => K): Map<K, Record<string, number>> {
	const out = new Map<K, Record<string, number>>();
	for (const risk of rows) {
		const at = key(risk);
		const counts = out.get(at) ?? {};
		counts[risk.severity] = (counts[risk.severity] ?? 0) + 1;
		out.set(at, counts);
	}
	return out;
}
const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);

function Classes({ at, open }: { at: Shown; open: Risk[] }) {
	const by = countBy(open, ({ risk }) => classOf(risk));
	const most = Math.max(1, ...[...by.values()].map(sum));
	if (by.size === 0) return null;
	return (
		<section class="panel">
			<h2>{x('classes.title')}</h2>
			<table class="class-bars">
				<tbody>
					{CLASSES.filter((cls) => by.has(cls)).map((cls) => (
						<tr key={cls}>
							<th scope="row">
								<a href={view(at, 'risks', { class: cls, status: 'active' })}>{x(`class.${cls}`)}</a>
							</th>
							<td class="bar-cell">
								<Stack counts={by.get(cls)!} most={most} />
							</td>
							<td class="num">{number(sum(by.get(cls)!))}</td>
						</tr>
					))}
				</tbody>
			</table>
			<p class="legend" aria-hidden="true">
				{SEVERITIES.filter((level) => open.some(({ severity }) => severity === level)).map((level) => (
					<span key={level} class="stack-key">
						<svg viewBox="0 0 10 10" width="10" height="10">
							<rect class={`level-${level}`} width="10" height="10" />
						</svg>
						{x(`severity.${level}`)}
					</span>
				))}
			</p>
		</section>
	);
}

function News({ at, risks, gone, changes }: { at: Shown; risks: Risk[]; gone: Risk[]; changes: Change[] | undefined }) {
	if (at.run.run < 2)
		return (
			<section class="panel">
				<h2>{x('news.title')}</h2>
				<p class="quiet">{x('news.first')}</p>
			</section>
		);
	const of = (what: string) => changes?.filter(({ change }) => change === what).length;
	const lines: [number | undefined, Word, string][] = [
		[risks.filter(({ state }) => state?.first_run === at.run.run).length, 'news.risks.new', view(at, 'risks', { what: 'new' })],
		[gone.filter(({ state }) => state?.gone_run === at.run.run).length, 'news.risks.gone', view(at, 'risks', { what: 'gone' })],
		[of('new'), 'news.assets.new', view(at, 'changes', { change: 'new' })],
		[of('gone'), 'news.assets.gone', view(at, 'changes', { change: 'gone' })],
		...(of('unchecked') ? [[of('unchecked'), 'news.assets.unchecked', view(at, 'changes', { change: 'unchecked' })] as [number, Word, string]] : []),
		[of('changed'), 'news.assets.changed', view(at, 'changes', { change: 'changed' })],
	];
	return (
		<section class="panel">
			<h2>
				<a href={view(at, 'changes')}>{x('news.title')}</a>
			</h2>
			<ul class="plain-counts">
				{lines.map(([n, word, to]) => (
					<li key={word} class={n ? undefined : 'quiet'}>
						<a href={to}>{x(word)}</a> <span class="amount">{n === undefined ? '…' : number(n)}</span>
					</li>
				))}
			</ul>
		</section>
	);
}

/** Reduced counts only what a run whose source answered showed no more: those have the number of that run. */
function Year({ at, all, gone }: { at: Shown; all: Risk[]; gone: Risk[] }) {
	const year = isoDay(at.run.ended ?? at.run.began ?? Date.now()).slice(0, 4);
	const inYear = (run: number) => {
		const found = at.runs.find(({ run: n }) => n === run);
		return isoDay(found?.ended ?? found?.began ?? Date.now()).startsWith(year);
	};
	const reduced = gone.filter(({ state }) => state !== null && state.gone_run > 0 && inYear(state.gone_run)).length;
	const unchecked = gone.filter(({ state }) => !state?.gone_run).length;
	const accepted = all.filter((risk) => statusOf(risk) === 'accepted').length;
	const remaining = all.length - accepted;
	const whole = Math.max(1, reduced + remaining + accepted);
	const part = (n: number, from: number, cls: string) => (n > 0 ? <rect class={cls} x={(from / whole) * BAR} width={Math.max(1.5, (n / whole) * BAR - 1)} height="12" /> : null);
	return (
		<section class="panel">
			<h2>{x('year.title', { year })}</h2>
			<svg class="risk-stack" viewBox={`0 0 ${BAR} 12`} preserveAspectRatio="none" role="img" aria-label={x('year.words', { reduced, remaining, accepted })}>
				{part(reduced, 0, 'year-reduced')}
				{part(remaining, reduced, 'year-remaining')}
				{part(accepted, reduced + remaining, 'year-accepted')}
			</svg>
			<ul class="plain-counts">
				<li>
					<a href={view(at, 'risks', { what: 'gone' })}>{x('year.reduced')}</a> <span class="amount">{number(reduced)}</span>
				</li>
				<li>
					<a href={view(at, 'risks')}>{x('year.remaining')}</a> <span class="amount">{number(remaining)}</span>
				</li>
				<li>
					<a href={view(at, 'risks', { status: 'accepted' })}>{x('status.accepted')}</a> <span class="amount">{number(accepted)}</span>
				</li>
				{unchecked > 0 && (
					<li class="quiet">
						<a href={view(at, 'risks', { what: 'gone' })}>{x('year.unchecked')}</a> <span class="amount">{number(unchecked)}</span>
					</li>
				)}
			</ul>
		</section>
	);
}

function ByUnit({ at, open, assets, units }: { at: Shown; open: Risk[]; assets: Asset[]; units: Units }) {
	const rows = new Map<string, { name: string; abroad: boolean; owner: string; assets: number; counts: Record<string, number> }>();
	const row = (unit: ReturnType<Units['ofAsset']>) => {
		let found = rows.get(unit.key);
		if (!found) rows.set(unit.key, (found = { name: unitName(unit), abroad: unit.country !== null, owner: unit.owner, assets: 0, counts: {} }));
		return found;
	};
	for (const asset of assets) if (asset.ownership === 'approved') row(units.ofAsset(asset)).assets++;
	for (const risk of open) {
		const { counts } = row(units.ofRisk(risk));
		counts[risk.severity] = (counts[risk.severity] ?? 0) + 1;
	}
	const list = [...rows.values()].sort((a, b) => Number(a.abroad) - Number(b.abroad) || sum(b.counts) - sum(a.counts) || b.assets - a.assets);
	const most = Math.max(1, ...list.map(({ counts }) => sum(counts)));
	const group = (abroad: boolean) => list.filter((one) => one.abroad === abroad);
	const body = (title: Word, some: typeof list) =>
		some.length > 0 && (
			<tbody>
				<tr class="group-row">
					<th colSpan={4} scope="rowgroup">
						{x(title)}
					</th>
				</tr>
				{some.map(({ name, assets: n, counts }) => (
					<tr key={name}>
						<th scope="row">
							<a href={view(at, 'risks', { unit: name, status: 'active' })}>{shown(name, 60)}</a>
						</th>
						<td class="bar-cell">
							<Stack counts={counts} most={most} />
						</td>
						<td class="num">{number(sum(counts))}</td>
						<td class="num">
							<a href={view(at, 'assets', { unit: name, ownership: 'approved' })}>{number(n)}</a>
						</td>
					</tr>
				))}
			</tbody>
		);
	return (
		<section class="panel by-unit">
			<h2>{x('units.title')}</h2>
			<table class="class-bars">
				<thead>
					<tr>
						<th scope="col">{x('column.unit')}</th>
						<th scope="col" />
						<th scope="col" class="num">
							{x('column.risks')}
						</th>
						<th scope="col" class="num">
							{x('units.assets')}
						</th>
					</tr>
				</thead>
				{body('units.home', group(false))}
				{body('units.abroad', group(true))}
			</table>
			<p class="quiet">{x('units.note')}</p>
		</section>
	);
}

function Owned({ at, assets }: { at: Shown; assets: Asset[] }) {
	const kinds = ['domain', 'host', 'address', 'network', 'certificate'] as const;
	const owned = ['approved', 'candidate', 'dependency', 'monitor', 'excluded'] as const;
	const of = (kind: string, ownership: string) => assets.filter((a) => a.kind === kind && a.ownership === ownership).length;
	return (
		<section class="panel">
			<h2>
				<a href={view(at, 'assets')}>{x('owned.title')}</a>
			</h2>
			<div class="scroll" tabIndex={0} role="region" aria-label={x('owned.title')}>
				<table class="plain">
					<thead>
						<tr>
							<th scope="col">{x('column.kind')}</th>
							{owned.map((one) => (
								<th key={one} scope="col" class="num" title={x(`ownership.${one}.hint`)}>
									{x(`ownership.${one}`)}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{kinds.map((kind) => (
							<tr key={kind}>
								<th scope="row">{x(`kind.${kind}`)}</th>
								{owned.map((one) => {
									const n = of(kind, one);
									return (
										<td key={one} class="num">
											{n > 0 ? <a href={view(at, 'assets', { kind, ownership: one })}>{number(n)}</a> : <span class="quiet">0</span>}
										</td>
									);
								})}
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</section>
	);
}
