// 更新プログラム: where is this update?
import { bytes } from '../format';
import { t } from '../i18n';
import { href } from '../router';
import type { Patch, PatchState } from '../types';
import { Count, Empty, PageHead, Tag, Time } from '../ui/bits';
import { Filter, GroupFilter, List, Search } from '../ui/list';
import { SeverityMark, severityRank } from '../ui/marks';
import type { Column } from '../ui/table';

export const PATCH_STATES: PatchState[] = [
	'missing',
	'queued',
	'running',
	'failed',
	'kept-back',
	'installed-pending-reboot',
	'installed',
];

/** Every word for where an update stands, the most pressing first: what policies make of those above. */
export const LIFE_STATES: PatchState[] = [
	'failed',
	'running',
	'queued',
	'held',
	'waiting-window',
	'waiting-ring',
	'waiting-approval',
	'waiting-vendor',
	'vendor-forbidden',
	'mitigated',
	'withdrawn',
	'missing',
	'kept-back',
	'not-applicable',
	'installed-pending-reboot',
	'installed',
];

/** Whether a person may order it now. */
export const orderable = (x: { state: PatchState; recorded?: PatchState }) => ['missing', 'failed'].includes(x.recorded ?? x.state) && !['withdrawn', 'vendor-forbidden'].includes(x.state);

const count = (patch: Patch, state: PatchState) => patch.hosts[state] ?? 0;

function counted(state: PatchState, extra = false): Column<Patch> {
	return {
		id: state,
		title: `state.${state}`,
		num: true,
		falling: true,
		extra,
		cell: (p) => <Count n={count(p, state)} to={href(['patches', p.id], { state })} />,
		text: (p) => String(count(p, state)),
		sort: (p) => count(p, state),
	};
}

const columns: Column<Patch>[] = [
	{ id: 'title', title: 'patch', wrap: true, cell: (p) => p.title, text: (p) => p.title, sort: (p) => p.title, server: 'title' },
	{
		id: 'security',
		title: 'kind',
		cell: (p) => (p.security ? <Tag shape="diamond" tone="blue">{t('kind.security')}</Tag> : <span class="quiet">{t('kind.other')}</span>),
		text: (p) => t(p.security ? 'kind.security' : 'kind.other'),
		sort: (p) => (p.security ? 0 : 1),
	},
	{ id: 'severity', title: 'severity', cell: (p) => <SeverityMark severity={p.severity} />, text: (p) => t(`severity.${p.severity}`), sort: (p) => severityRank(p.severity), server: 'severity' },
	{ id: 'vulnerabilities', title: 'fixes', num: true, falling: true, cell: (p) => <Count n={p.vulnerabilities} to={href(['patches', p.id], { tab: 'fixes' })} />, text: (p) => String(p.vulnerabilities), sort: (p) => p.vulnerabilities },
	{ id: 'kev', title: 'kev', num: true, falling: true, cell: (p) => <Count n={p.kev} to={href(['patches', p.id], { tab: 'fixes' })} />, text: (p) => String(p.kev), sort: (p) => p.kev },
	counted('missing'),
	counted('queued', true),
	counted('running', true),
	counted('failed'),
	counted('installed'),
	counted('kept-back', true),
	{ id: 'size', title: 'size', num: true, falling: true, cell: (p) => bytes(p.size), text: (p) => String(p.size), sort: (p) => p.size, server: 'size' },
	{ id: 'first_seen', title: 'first-seen', extra: true, falling: true, cell: (p) => <Time at={p.first_seen} />, text: (p) => p.first_seen ?? '', sort: (p) => p.first_seen, server: 'first_seen' },
	{ id: 'origins', title: 'origins', extra: true, wrap: true, cell: (p) => p.origins, text: (p) => p.origins, sort: (p) => p.origins },
	{ id: 'id', title: 'id', extra: true, cell: (p) => <code>{p.id}</code>, text: (p) => p.id, sort: (p) => p.id },
];

export function PatchesPage() {
	return (
		<>
			<PageHead title={t('nav.patches')} />
			<List<Patch>
				path="patches"
				name="patches"
				caption={t('nav.patches')}
				columns={columns}
				keyOf={(p) => p.id}
				link={(p) => href(['patches', p.id])}
				filters={['q', 'security', 'state', 'group', 'host']}
				toolbar={
					<>
						<Search hint="search.patches" />
						<Filter
							name="security"
							label="kind"
							options={[
								['true', t('kind.security')],
								['false', t('kind.other')],
							]}
						/>
						<Filter name="state" label="state" options={PATCH_STATES.map((s) => [s, t(`state.${s}`)])} />
						<GroupFilter />
					</>
				}
				empty={
					<Empty title={t('empty.patches')}>
						<p>{t('empty.patches.advice')}</p>
					</Empty>
				}
			/>
		</>
	);
}
