// 履歴: when, which machine, which update; one row per attempt, running ones first.
import { dateTime, duration, instantOf } from '../format';
import { t } from '../i18n';
import { useLive } from '../live';
import { href, setParams, useRoute } from '../router';
import type { Attempt, Host, List as ListAnswer, Patch, PatchState } from '../types';
import { Empty, PageHead, Tag, Time } from '../ui/bits';
import { DayFilter, Filter, GroupFilter, List, Search } from '../ui/list';
import { StateMark } from '../ui/marks';
import type { Column } from '../ui/table';

const OUTCOMES: PatchState[] = ['running', 'queued', 'installed', 'installed-pending-reboot', 'failed'];

/** What somebody else did on the machine is marked: it followed no plan of ours. */
function Title({ attempt: a }: { attempt: Attempt }) {
	return (
		<>
			{a.title} {a.trigger === 'outside' && <Tag shape="diamond" tone="orange">{t('history.outside')}</Tag>}
		</>
	);
}

const columns: Column<Attempt>[] = [
	{ id: 'title', title: 'patch', wrap: true, cell: (a) => <Title attempt={a} />, text: (a) => a.title, sort: (a) => a.title },
	{ id: 'state', title: 'outcome', cell: (a) => <StateMark state={a.state} />, text: (a) => t(`state.${a.state}`), sort: (a) => OUTCOMES.indexOf(a.state) },
	{ id: 'at', title: 'at', falling: true, cell: (a) => <Time at={a.at} />, text: (a) => a.at, sort: (a) => a.at },
	{ id: 'host', title: 'host', clip: true, cell: (a) => <a href={href(['hosts', a.host.id])}>{a.host.name}</a>, text: (a) => a.host.name, sort: (a) => a.host.name },
	{ id: 'group', title: 'group', clip: true, cell: (a) => a.group ?? <span class="quiet">–</span>, text: (a) => a.group ?? '', sort: (a) => a.group },
	{ id: 'why', title: 'reason', wrap: true, sparse: true, cell: (a) => a.why ?? '', text: (a) => a.why ?? '' },
	{ id: 'took', title: 'took', num: true, cell: (a) => (a.finished ? duration(a.at, a.finished) : '–'), text: (a) => (a.finished ? duration(a.at, a.finished) : ''), sort: (a) => (a.finished ? Date.parse(a.finished) - Date.parse(a.at) : null) },
	{ id: 'by', title: 'by', extra: true, cell: (a) => a.by ?? '', text: (a) => a.by ?? '', sort: (a) => a.by },
	{ id: 'from', title: 'from', extra: true, cell: (a) => a.from ?? '–', text: (a) => a.from ?? '', sort: (a) => a.from },
	{ id: 'to', title: 'to', extra: true, cell: (a) => a.to, text: (a) => a.to, sort: (a) => a.to },
	{ id: 'finished', title: 'finished', extra: true, cell: (a) => <Time at={a.finished} />, text: (a) => a.finished ?? '', sort: (a) => a.finished },
	{ id: 'words', title: 'words', extra: true, wrap: true, cell: (a) => <AttemptWords attempt={a} />, text: (a) => a.words ?? '' },
];

/** The package manager's own words, as they came. */
export function AttemptWords({ attempt }: { attempt: Attempt }) {
	return attempt.words ? <pre class="words">{attempt.words}</pre> : null;
}

function Detail({ attempt: a }: { attempt: Attempt }) {
	return (
		<div class="detail">
			<p>
				{a.finished && (
					<>
						{t('finished')} {dateTime(a.finished)}
					</>
				)}
				{a.by && ` · ${t(a.trigger === 'outside' ? 'outside-by' : 'ordered-by', { who: a.by })}`}
			</p>
			{a.packages.length > 0 && (
				<table class="plain">
					<thead>
						<tr>
							<th scope="col">{t('package')}</th>
							<th scope="col">{t('from')}</th>
							<th scope="col">{t('to')}</th>
						</tr>
					</thead>
					<tbody>
						{a.packages.map((p) => (
							<tr key={`${p.name}:${p.arch}`}>
								<td>
									{p.name} <span class="quiet">{p.arch}</span>
								</td>
								<td>{p.from ?? '–'}</td>
								<td>{p.to}</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
			{a.words ? <AttemptWords attempt={a} /> : <p class="quiet">{t('words.none')}</p>}
		</div>
	);
}

/** Days of the filters as instants, both days inclusive. */
function instant(day: string | null, end: boolean): string | null {
	if (!day) return null;
	return /^\d{4}-\d\d-\d\d$/.test(day) ? instantOf(day, end ? '23:59:59' : '00:00').replace(/\.\d+Z$/, 'Z') : null;
}

export function HistoryPage() {
	const { params } = useRoute();
	const hosts = useLive<ListAnswer<Host>>('hosts?limit=1000&sort=name');
	const patches = useLive<ListAnswer<Patch>>('patches?limit=1000&sort=title');
	const filters = ['q', 'from', 'to', 'group', 'host', 'patch', 'state'];
	return (
		<>
			<PageHead title={t('nav.history')} sentence={t('history.sentence')} />
			<List<Attempt>
				path="history"
				query={{ from: instant(params.get('from'), false), to: instant(params.get('to'), true) }}
				name="history"
				caption={t('nav.history')}
				columns={columns}
				keyOf={(a) => a.attempt}
				link={(a) => href(['patches', a.patch])}
				filters={filters}
				mark={(a) => (a.state === 'running' ? 'is-running' : undefined)}
				expand={(a) => (a.state === 'queued' ? null : <Detail attempt={a} />)}
				toolbar={
					<>
						<Search hint="search.history" />
						<Filter name="state" label="outcome" options={OUTCOMES.map((s) => [s, t(`state.${s}`)])} />
						<DayFilter name="from" label="from-day" />
						<DayFilter name="to" label="to-day" />
						<GroupFilter />
						<Filter name="host" label="host" options={(hosts.data?.items ?? []).map((h) => [h.id, h.name])} />
						<Filter name="patch" label="patch" options={(patches.data?.items ?? []).map((p) => [p.id, p.title])} />
						{filters.some((name) => params.get(name)) && (
							<button type="button" class="bare" onClick={() => setParams(Object.fromEntries(filters.map((name) => [name, null])))}>
								{t('filter.clear')}
							</button>
						)}
					</>
				}
				empty={
					<Empty title={t('empty.history')}>
						<p>
							<a href={href(['patches'])}>{t('empty.history.advice')}</a>
						</p>
					</Empty>
				}
			/>
		</>
	);
}
