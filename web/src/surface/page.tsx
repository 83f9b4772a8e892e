// 攻撃対象領域: what the internet can see of us. One run is shown at a time, the newest unless the address names another.
import type { VNode } from 'preact';
import { t } from '../i18n';
import { href, useRoute } from '../router';
import { Command, Empty, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { Tabs } from '../ui/tabs';
import { AssetPage } from './asset';
import { Assets } from './assets';
import { Changes } from './changes';
import { Gateways } from './gateways';
import { Graph } from './graph';
import { isOpen, near } from './model';
import { Reports } from './reports';
import { RiskPage, Risks } from './risks';
import { RunPicker, shownOf, useRisks, useRuns, type Shown } from './run';
import { RunNow, SchedulePanel, useRunEnd } from './schedule';
import { Seeds } from './seeds';
import { Sources } from './sources';
import { Summary } from './summary';
import { x } from './words';

const VIEWS = ['summary', 'risks', 'assets', 'graph', 'changes', 'gateways', 'sources', 'reports'] as const;

/** What every page here needs first: the runs. */
function WithRun({ children }: { children: (at: Shown) => VNode }) {
	const { params } = useRoute();
	const { newest, runs, complete } = useRuns();
	useRunEnd();
	const asked = params.get('run');
	if (!newest.data || (asked && !complete && runs.length > 0))
		return (
			<>
				<PageHead title={t('nav.surface')} />
				{newest.error ? <Failure error={newest.error} retry={newest.reload} /> : <Skeleton lines={12} />}
			</>
		);
	const at = shownOf(runs, asked);
	return at ? children(at) : <Beginning />;
}

export function SurfacePage() {
	return <WithRun>{(at) => <Views at={at} />}</WithRun>;
}

/** KIND:NAME, or risk:RISK. */
export function ThingPage({ id }: { id: string }) {
	return <WithRun>{(at) => (id.startsWith('risk:') ? <RiskPage risk={id.slice(5)} at={at} /> : <AssetPage id={id} at={at} />)}</WithRun>;
}

function Beginning() {
	return (
		<>
			<PageHead title={t('nav.surface')} />
			<Empty title={x('empty.title')}>
				<p>{x('empty.advice')}</p>
				<Command text="mamori surface discover --seed example.co.jp --seed 'name:医療法人 例'" />
			</Empty>
			<SchedulePanel />
			<Seeds />
		</>
	);
}

function Sentence({ at }: { at: Shown }) {
	const [before, after] = x(at.param ? 'sentence.old' : 'sentence', { n: at.run.run, at: '\u0000' }).split('\u0000');
	return (
		<>
			{before}
			<Time at={at.run.ended ?? at.run.began} />
			{after}
			{at.param && (
				<>
					{' '}
					<a href={href(['surface'])}>{x('sentence.newest')}</a>
				</>
			)}
		</>
	);
}

function Views({ at }: { at: Shown }) {
	const { params } = useRoute();
	const view = VIEWS.find((name) => name === params.get('view')) ?? 'summary';
	const risks = useRisks(at);
	const open = risks.rows?.filter(isOpen).length;
	return (
		<div class="surface">
			<PageHead title={t('nav.surface')} sentence={<Sentence at={at} />}>
				<RunPicker shown={at} />
				<RunNow />
			</PageHead>
			<Tabs
				current={view}
				tabs={VIEWS.map((name): [string, string, number?] => (name === 'risks' && open !== undefined ? [name, x('tab.risks'), open] : [name, x(`tab.${name}`)]))}
				to={(name) => href(['surface'], { ...near(params), view: name === VIEWS[0] ? null : name })}
			/>
			{view === 'summary' && <Summary shown={at} />}
			{view === 'risks' && <Risks shown={at} />}
			{view === 'assets' && <Assets shown={at} />}
			{view === 'graph' && <Graph shown={at} />}
			{view === 'changes' && <Changes shown={at} />}
			{view === 'gateways' && <Gateways shown={at} />}
			{view === 'sources' && <Sources shown={at} />}
			{view === 'reports' && <Reports shown={at} />}
		</div>
	);
}
