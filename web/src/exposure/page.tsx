// 外部露出: what does the internet see? One query above everything: its count, facets beside results, charts, comparison.
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../api';
import { t } from '../i18n';
import { go, href, useRoute } from '../router';
import { Command, Copy, Empty, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { Tabs } from '../ui/tabs';
import { forgetAnswers, useAsk } from './ask';
import { QueryBox } from './box';
import { Charts, Histogram } from './charts';
import { Compare } from './compare';
import { Export } from './export';
import { Facets } from './facets';
import { Reports } from './reports';
import { Results } from './results';
import { News, SaveButton, SavedQueries, useSaved } from './saved';
import type { CountAnswer, Snapshot, SnapshotAnswer } from './types';
import { x, type Word } from './words';

type View = 'results' | 'charts' | 'compare' | 'saved' | 'reports';
const VIEWS: View[] = ['results', 'charts', 'compare', 'saved', 'reports'];
const FRESH_MS = 15_000;
const EXAMPLES: [Word, string][] = [
	['example.1', 'class:dicom,pacs -tls:true'],
	['example.2', 'support:ended'],
	['example.3', 'port:3389 org.kind:hospital,clinic'],
	['example.4', 'specialty:dermatology'],
	['example.5', 'mine:true'],
];

export function ExposurePage() {
	const { params } = useRoute();
	const query = params.get('q') ?? '';
	const view = VIEWS.find((name) => name === params.get('view')) ?? 'results';
	const snapshots = useAsk<SnapshotAnswer>('snapshots', {});
	const turn = useImports(snapshots.data);
	const onQuery = (next: string) => {
		if (next === query && view !== 'saved') return;
		go(href(['exposure'], { ...Object.fromEntries(params), q: next || null, view: view === 'saved' ? null : view === 'results' ? null : view }));
	};
	useEffect(() => {
		const timer = setInterval(() => document.visibilityState === 'visible' && snapshots.reload(), FRESH_MS);
		return () => clearInterval(timer);
	}, []);
	if (!snapshots.data)
		return (
			<>
				<PageHead title={t('nav.exposure')} />
				{snapshots.error ? <Failure error={snapshots.error} retry={snapshots.reload} /> : <Skeleton lines={12} />}
			</>
		);
	if (snapshots.data.items.length === 0) return <Beginning />;
	return <Asking query={query} view={view} onQuery={onQuery} snapshots={snapshots.data.items} damaged={snapshots.data.damaged} turn={turn} />;
}

/** Rises when something was imported: then every answer is asked for anew. */
function useImports(data: SnapshotAnswer | undefined): number {
	const [state, setState] = useState({ mark: '', turn: 0 });
	const mark = data ? JSON.stringify(data.items.map(({ snapshot, banners, imported_at }) => [snapshot, banners, imported_at])) : '';
	useEffect(() => {
		if (mark === '' || mark === state.mark) return;
		if (state.mark !== '') forgetAnswers();
		setState({ mark, turn: state.turn + (state.mark === '' ? 0 : 1) });
	}, [mark]);
	return state.turn;
}

function Beginning() {
	return (
		<>
			<PageHead title={t('nav.exposure')} sentence={x('sentence')} />
			<Empty title={x('empty.title')}>
				<p>{x('empty.advice')}</p>
				<Command text="mamori exposure import banners.json.gz" />
			</Empty>
		</>
	);
}

interface AskingProps {
	query: string;
	view: View;
	onQuery: (query: string) => void;
	snapshots: Snapshot[];
	damaged: string[] | undefined;
	turn: number;
}

function Asking({ query, view, onQuery, snapshots, damaged, turn }: AskingProps) {
	const { params } = useRoute();
	const count = useAsk<CountAnswer>('count', { q: query, hosts: 'true' });
	const saved = useSaved();
	const wrong = count.error?.at !== undefined;
	const tab = (name: string) => href(['exposure'], { ...Object.fromEntries(params), view: name === 'results' ? null : name });
	return (
		<div class="exposure">
			<PageHead title={t('nav.exposure')} sentence={<Totals snapshots={snapshots} />} />
			{damaged && damaged.length > 0 && <p class="problem">{x('damaged', { names: damaged.join(x('comma')) })}</p>}
			<QueryBox query={query} onQuery={onQuery} problem={count.error} />
			{view !== 'saved' && <News />}
			<div class="ask-foot">
				<Counted count={count.data} busy={count.busy} error={count.error} retry={count.reload} />
				<span class="toolbar-end">
					<SaveButton query={wrong ? '' : query} />
					<Export query={query} total={count.data?.count} />
					<CopyLink />
				</span>
			</div>
			{query === '' && view === 'results' && <Hints onQuery={onQuery} />}
			<Tabs
				current={view}
				tabs={VIEWS.map((name): [string, string, number?] => (name === 'saved' && saved.data && saved.data.total > 0 ? [name, x('tab.saved'), saved.data.total] : [name, x(`tab.${name}`)]))}
				to={tab}
			/>
			{view === 'saved' ? (
				<SavedQueries />
			) : view === 'reports' ? (
				<Reports query={wrong ? '' : query} />
			) : wrong ? null : view === 'compare' ? (
				<Compare query={query} snapshots={snapshots} />
			) : (
				<div class="asked" key={turn}>
					<Facets query={query} onQuery={onQuery} />
					<div class="asked-main">
						{view === 'charts' ? (
							<Charts query={query} onQuery={onQuery} total={count.data?.count} />
						) : (
							<>
								<Histogram query={query} onQuery={onQuery} />
								<Results query={query} turn={turn} />
							</>
						)}
					</div>
				</div>
			)}
		</div>
	);
}

function Totals({ snapshots }: { snapshots: Snapshot[] }) {
	const newest = snapshots.reduce<string | null>((at, s) => (s.imported_at && (!at || s.imported_at > at) ? s.imported_at : at), null);
	const [before, after] = x('totals', { n: snapshots.reduce((n, s) => n + s.banners, 0), s: snapshots.length, at: '\u0000' }).split('\u0000');
	return (
		<>
			{before}
			<Time at={newest} />
			{after}
		</>
	);
}

function Counted({ count, busy, error, retry }: { count: CountAnswer | undefined; busy: boolean; error: ApiError | undefined; retry: () => void }) {
	if (error?.at !== undefined) return <span />;
	if (error) return <Failure error={error} retry={retry} quiet={count !== undefined} />;
	if (!count) return <span class="quiet">{x('counting')}</span>;
	return (
		<p class="counted" role="status" aria-busy={busy}>
			<strong>{x('count.now', { n: count.count })}</strong>
			{count.hosts !== undefined && <span>{x('count.hosts', { n: count.hosts })}</span>}
			<span class="quiet">{busy ? x('busy') : x('count.ms', { ms: count.ms < 0.1 ? '<0.1' : count.ms < 10 ? count.ms.toFixed(1) : Math.round(count.ms) })}</span>
		</p>
	);
}

function CopyLink() {
	useRoute();
	return (
		<span class="copy-link" title={x('link')}>
			<Copy text={location.href} label={x('link')} />
		</span>
	);
}

function Hints({ onQuery }: { onQuery: (query: string) => void }) {
	return (
		<div class="hints">
			<p>
				<span class="quiet">{x('examples')}</span>{' '}
				{EXAMPLES.map(([word, query]) => (
					<button key={query} type="button" class="hint" title={query} onClick={() => onQuery(query)}>
						{x(word)}
					</button>
				))}
			</p>
			<details>
				<summary>{x('search.help')}</summary>
				<ul>
					{(['help.1', 'help.2', 'help.3', 'help.4'] as const).map((word) => (
						<li key={word}>{x(word)}</li>
					))}
				</ul>
			</details>
		</div>
	);
}
