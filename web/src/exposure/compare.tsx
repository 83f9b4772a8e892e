// 比較: two snapshots, service by service: new, gone, changed.
import { number } from '../i18n';
import { href, setParams, useRoute } from '../router';
import { shellWord } from '../shell';
import { Command, Empty, Failure, Skeleton, Time } from '../ui/bits';
import { Mark, type Shape, type Tone } from '../ui/marks';
import { useAsk } from './ask';
import { Badges, endpoint, recordPath } from './results';
import type { Change, DiffAnswer, Difference, Snapshot } from './types';
import { fieldName, valueName, x } from './words';

const SHOWN = 200;
const CHANGES: Change[] = ['new', 'gone', 'changed'];
const MARKS: Record<Change, [Shape, Tone]> = { new: ['diamond', 'orange'], gone: ['dash', 'grey'], changed: ['again', 'sky'] };

export function Compare({ query, snapshots }: { query: string; snapshots: Snapshot[] }) {
	const { params } = useRoute();
	const byTime = [...snapshots].sort((p, q) => ((p.imported_at ?? '') < (q.imported_at ?? '') ? -1 : 1));
	const a = params.get('a') ?? byTime[byTime.length - 2]?.snapshot ?? '';
	const b = params.get('b') ?? byTime[byTime.length - 1]?.snapshot ?? '';
	if (snapshots.length < 2)
		return (
			<Empty title={x('compare.need')}>
				<Command text="mamori exposure import --snapshot 2026-11 banners.json.gz" />
			</Empty>
		);
	return (
		<>
			<div class="toolbar">
				<Choice name="a" label={x('compare.before')} value={a} snapshots={byTime} />
				<Choice name="b" label={x('compare.after')} value={b} snapshots={byTime} />
				<button type="button" onClick={() => setParams({ a: b, b: a })}>
					{x('compare.swap')}
				</button>
			</div>
			{a === b ? <p class="quiet">{x('compare.choose')}</p> : <Differences query={query} a={a} b={b} />}
		</>
	);
}

function Choice({ name, label, value, snapshots }: { name: string; label: string; value: string; snapshots: Snapshot[] }) {
	return (
		<label class="filter">
			<span>{label}</span>
			<select value={value} onChange={(event) => setParams({ [name]: event.currentTarget.value })}>
				{!snapshots.some(({ snapshot }) => snapshot === value) && <option value={value}>{value}</option>}
				{snapshots.map(({ snapshot, banners }) => (
					<option key={snapshot} value={snapshot}>
						{`${snapshot} (${number(banners)})`}
					</option>
				))}
			</select>
		</label>
	);
}

function Differences({ query, a, b }: { query: string; a: string; b: string }) {
	const { params } = useRoute();
	const change = CHANGES.find((name) => name === params.get('change'));
	const answer = useAsk<DiffAnswer>('diff', { q: query, a, b, change, limit: SHOWN });
	const d = answer.data;
	if (!d) return answer.error ? <Failure error={answer.error} retry={answer.reload} /> : <Skeleton lines={10} />;
	const total = change ? d[change] : d.new + d.gone + d.changed;
	const to = (name: Change | null) => href(['exposure'], { q: query, view: 'compare', a, b, change: name });
	return (
		<div aria-busy={answer.busy}>
			{answer.error && <Failure error={answer.error} retry={answer.reload} quiet />}
			<ul class="compare-figures">
				{CHANGES.map((name) => (
					<li key={name}>
						<a href={to(change === name ? null : name)} aria-current={change === name ? 'true' : undefined}>
							<span class="amount">{number(d[name])}</span>
							<span>
								<Mark shape={MARKS[name][0]} tone={MARKS[name][1]} /> {x(`compare.${name}`)}
							</span>
						</a>
					</li>
				))}
			</ul>
			{total === 0 ? (
				<p class="quiet">{x('compare.same')}</p>
			) : (
				<ul class="differences">
					{d.items.map((one) => (
						<DifferenceRow key={`${one.change} ${one.key}`} d={one} query={query} />
					))}
				</ul>
			)}
			{total > d.items.length && (
				<>
					<p class="quiet">{x('compare.shown', { n: total, shown: d.items.length })} {x('compare.cli')}</p>
					<Command text={`mamori exposure diff ${query ? `--query ${shellWord(query)} ` : ''}${shellWord(a)} ${shellWord(b)}`} />
				</>
			)}
		</div>
	);
}

function DifferenceRow({ d, query }: { d: Difference; query: string }) {
	const [shape, tone] = MARKS[d.change];
	return (
		<li>
			<span class="state">
				<Mark shape={shape} tone={tone} />
				{x(`compare.${d.change}`)}
			</span>
			<a data-row href={recordPath(d.key, query)}>
				{endpoint(d.ip, d.port)}
			</a>
			<span>{[d.org, d.product, d.version].filter(Boolean).join(' · ')}</span>
			<Badges banner={d} />
			<span class="quiet result-time">
				<Time at={d.timestamp} />
			</span>
			{d.differs.length > 0 && (
				<dl class="differs">
					{d.differs.slice(0, 12).map(({ field, before, after }) => (
						<div key={field}>
							<dt>{fieldName(field)}</dt>
							<dd>
								<del>{before === null ? x('compare.none-then') : valueName(field, before)}</del> → <ins>{after === null ? x('compare.none-then') : valueName(field, after)}</ins>
							</dd>
						</div>
					))}
				</dl>
			)}
		</li>
	);
}
