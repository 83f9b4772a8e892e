// 変化: two runs beside each other: what is new, gone, or belongs to somebody else now.
import { dateTime } from '../format';
import { number } from '../i18n';
import { href, setParams, useRoute } from '../router';
import { Empty, Failure, Skeleton } from '../ui/bits';
import { Filter, Rows, Search } from '../ui/list';
import { Mark, type Shape, type Tone } from '../ui/marks';
import type { Column } from '../ui/table';
import { useAll } from './data';
import { KindChip, OwnershipMark } from './marks';
import { assetPath, kindName, KINDS, shown } from './model';
import type { Shown } from './run';
import type { Change } from './types';
import { said, x, xOr } from './words';

const MARKS: Record<Change['change'], [Shape, Tone]> = { new: ['diamond', 'orange'], gone: ['dash', 'grey'], changed: ['again', 'sky'], unchecked: ['diamond', 'grey'] };

function columnsOf(from: number, to: number, newest: number): Column<Change>[] {
	const run = (n: number) => (n === newest ? null : String(n));
	return [
		{ id: 'name', title: said('column.name'), cell: (c) => <a href={assetPath(c.kind, c.name, run(c.change === 'gone' || c.change === 'unchecked' ? from : to))}><bdi>{shown(c.name)}</bdi></a>, text: (c) => c.name, sort: (c) => c.name, wrap: true },
		{ id: 'kind', title: said('column.kind'), cell: (c) => <KindChip kind={c.kind} />, text: (c) => kindName(c.kind), sort: (c) => KINDS.indexOf(c.kind) },
		{
			id: 'change',
			title: said('changes.what'),
			cell: (c) => {
				const [shape, tone] = MARKS[c.change];
				return (
					<span class="state">
						<Mark shape={shape} tone={tone} />
						{x(`change.${c.change}`)}
					</span>
				);
			},
			text: (c) => x(`change.${c.change}`),
			sort: (c) => ['new', 'changed', 'gone', 'unchecked'].indexOf(c.change),
		},
		{ id: 'before', title: said('changes.before'), cell: (c) => (c.before ? <OwnershipMark ownership={c.before} /> : ''), text: (c) => (c.before ? xOr('ownership', c.before) : ''), sort: (c) => c.before },
		{ id: 'now', title: said('changes.now'), cell: (c) => (c.now ? <OwnershipMark ownership={c.now} /> : ''), text: (c) => (c.now ? xOr('ownership', c.now) : ''), sort: (c) => c.now },
	];
}

export function Changes({ shown: at }: { shown: Shown }) {
	const { params } = useRoute();
	const to = at.run.run;
	const there = at.runs.filter(({ run, ended, began }) => run !== to && (ended ?? began));
	const asked = Number(params.get('from'));
	const from = there.find(({ run }) => run === asked)?.run ?? there.find(({ run }) => run < to)?.run ?? 0;
	const changes = useAll<Change>(from > 0 ? 'surface/diff' : null, { from, to }, at.newest);
	if (from === 0)
		return (
			<Empty title={x('changes.one')}>
				<p>{x('changes.one.advice')}</p>
			</Empty>
		);
	if (!changes.rows) return changes.error ? <Failure error={changes.error} retry={changes.reload} /> : <Skeleton lines={10} />;
	const of = (what: string) => changes.rows!.filter(({ change }) => change === what).length;
	return (
		<>
			<p class="changes-between">
				<label class="filter">
					<span>{x('changes.from')}</span>
					<select value={String(from)} onChange={(event) => setParams({ from: event.currentTarget.value })}>
						{there.map(({ run, ended, began }) => (
							<option key={run} value={String(run)}>
								{x('run.option', { n: run, at: dateTime(ended ?? began ?? '') })}
							</option>
						))}
					</select>
				</label>
				<span>{x('changes.to', { n: to, at: dateTime(at.run.ended ?? at.run.began ?? '') })}</span>
			</p>
			<div class="compare-figures">
				{(['new', 'gone', 'changed', 'unchecked'] as const).filter((what) => what !== 'unchecked' || of(what) > 0).map((what) => (
					<a key={what} href={href(['surface'], { ...Object.fromEntries(params), change: params.get('change') === what ? null : what })} aria-current={params.get('change') === what ? 'true' : undefined}>
						<span class="amount">{number(of(what))}</span> {x(`change.${what}`)}
					</a>
				))}
			</div>
			<Rows<Change>
				name="surface-changes"
				caption={x('tab.changes')}
				columns={columnsOf(from, to, at.newest)}
				rows={changes.rows}
				keyOf={(c) => `${c.kind}:${c.name}`}
				keep={(c, query) => (!query.get('change') || c.change === query.get('change')) && (!query.get('kind') || c.kind === query.get('kind'))}
				filters={['q', 'change', 'kind']}
				most={200}
				toolbar={
					<>
						<Search hint={said('assets.search')} />
						<Filter name="kind" label={said('column.kind')} options={KINDS.map((kind): [string, string] => [kind, kindName(kind)])} />
					</>
				}
				empty={<Empty title={x('changes.none')} />}
			/>
		</>
	);
}
