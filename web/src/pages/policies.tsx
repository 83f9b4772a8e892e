// ポリシー: what will happen when, and by whose word. Also the lists of days that windows name.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { addDays, day, instantOf, isoDay } from '../format';
import { t } from '../i18n';
import { useLive } from '../live';
import { go, href, useRoute } from '../router';
import { may } from '../session';
import type { List as ListAnswer } from '../types';
import type { Applies, Calendar, DayList, PolicyItem, Slot } from '../types-plan';
import { Count, Empty, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { ConfirmButton, FormButton } from '../ui/dialog';
import { Rows, Search } from '../ui/list';
import { SlotTime } from '../ui/slot';
import type { Column } from '../ui/table';
import { Tabs } from '../ui/tabs';

/** "病棟3階、外来 · windows", or everybody. */
export function appliesText(applies: Applies | undefined): string {
	const parts = Object.values(applies ?? {}).map((names) => names.join(t('list.comma')));
	return parts.length > 0 ? parts.join(' · ') : t('policy.everybody');
}

interface Row extends PolicyItem {
	next: Slot | undefined;
}

const columns: Column<Row>[] = [
	{ id: 'name', title: 'policy', cell: (p) => p.name, text: (p) => p.name, sort: (p) => p.name },
	{ id: 'applies', title: 'policy.for', wrap: true, cell: (p) => appliesText(p.applies), text: (p) => appliesText(p.applies), sort: (p) => appliesText(p.applies) },
	{ id: 'hosts', title: 'hosts', num: true, falling: true, cell: (p) => <Count n={p.hosts} to={href(['policies', p.name], { tab: 'plan' })} />, text: (p) => String(p.hosts), sort: (p) => p.hosts },
	{ id: 'next', title: 'policy.next', cell: (p) => <SlotTime slot={p.next} />, text: (p) => p.next?.start ?? '', sort: (p) => p.next?.start ?? null },
	{ id: 'rank', title: 'policy.rank', num: true, extra: true, cell: (p) => p.rank ?? '–', text: (p) => String(p.rank ?? ''), sort: (p) => p.rank },
	{ id: 'at', title: 'policy.changed', falling: true, cell: (p) => <Time at={p.at} />, text: (p) => p.at, sort: (p) => p.at },
	{ id: 'by', title: 'policy.by', cell: (p) => p.by, text: (p) => p.by, sort: (p) => p.by },
	{ id: 'version', title: 'policy.version', num: true, cell: (p) => <a href={href(['policies', p.name], { tab: 'versions' })}>{p.version}</a>, text: (p) => String(p.version), sort: (p) => p.version },
	{ id: 'note', title: 'policy.note', wrap: true, extra: true, cell: (p) => p.note, text: (p) => p.note },
];

export function PoliciesPage() {
	const { params } = useRoute();
	const tab = params.get('tab') === 'days' ? 'days' : 'list';
	return (
		<>
			<PageHead title={t('nav.policies')} sentence={t('policies.sentence')}>
				{may('approver') && <a class="button" href={href(['assistant'])}>{t('assistant.title')}</a>}
				{may('approver') && <NewPolicy />}
			</PageHead>
			<Tabs
				current={tab}
				tabs={[
					['list', t('nav.policies')],
					['days', t('days.title')],
				]}
				to={(name) => href(['policies'], { tab: name === 'list' ? null : name })}
			/>
			{tab === 'list' ? <PolicyList /> : <DayLists />}
		</>
	);
}

/** The first slot of each policy that is not over. */
export function useNextSlots(): Map<string, Slot> {
	const today = isoDay();
	const live = useLive<Calendar>(`calendar?from=${instantOf(today)}&until=${instantOf(addDays(today, 62))}&limit=1000`);
	const next = new Map<string, Slot>();
	for (const slot of live.data?.items ?? []) if (!next.has(slot.policy) && Date.parse(slot.end) > Date.now()) next.set(slot.policy, slot);
	return next;
}

function PolicyList() {
	const live = useLive<ListAnswer<PolicyItem>>('policies?limit=1000');
	const next = useNextSlots();
	if (!live.data) return live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton />;
	const rows = live.data.items.filter((p) => p.in_force).map((p) => ({ ...p, next: next.get(p.name) }));
	return (
		<>
			{live.error && <Failure error={live.error} retry={live.reload} quiet />}
			<Rows<Row>
				name="policies"
				caption={t('nav.policies')}
				columns={columns}
				rows={rows}
				keyOf={(p) => p.name}
				link={(p) => href(['policies', p.name])}
				filters={['q']}
				order="name"
				toolbar={<Search hint="search.policies" />}
				empty={
					<Empty title={t('policies.none')}>
						<p>{t('policies.none.advice')}</p>
						{may('approver') && <a class="button primary" href={href(['assistant'])}>{t('assistant.start')}</a>}
					</Empty>
				}
			/>
		</>
	);
}

function NewPolicy() {
	const [name, setName] = useState('');
	const write = async () => go(href(['policies', name.trim()], { tab: 'form', new: '1' }));
	return (
		<FormButton primary label={t('policy.new')} title={t('policy.new')} confirm={t('policy.write')} ready={name.trim() !== ''} save={write}>
			<label class="field">
				{t('policy.name')}
				<input autofocus required pattern="[^\/]+" maxLength={21} value={name} onInput={(event) => setName(event.currentTarget.value)} />
			</label>
			<p class="quiet">{t('policy.name.hint')}</p>
		</FormButton>
	);
}

const dayColumns: Column<DayList>[] = [
	{ id: 'name', title: 'days.name', cell: (d) => d.name, text: (d) => d.name, sort: (d) => d.name },
	{ id: 'count', title: 'days.count', num: true, cell: (d) => d.count, text: (d) => String(d.count), sort: (d) => d.count },
	{ id: 'at', title: 'policy.changed', cell: (d) => <Time at={d.at} />, text: (d) => d.at ?? '', sort: (d) => d.at },
	{ id: 'by', title: 'policy.by', cell: (d) => d.by ?? '–', text: (d) => d.by ?? '', sort: (d) => d.by },
	{ id: 'change', title: 'token.action', cell: (d) => <DayListActions list={d} />, text: () => '' },
];

function DayLists() {
	const live = useLive<ListAnswer<DayList>>('day-lists?limit=1000');
	if (!live.data) return live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton />;
	return (
		<>
			<p class="lead">{t('days.sentence')}</p>
			<Rows<DayList>
				name="days"
				caption={t('days.title')}
				columns={dayColumns}
				rows={live.data.items}
				keyOf={(d) => d.name}
				filters={[]}
				toolbar={may('approver') && <DayListEdit label={t('days.new')} />}
				expand={(d) => <p>{days(d.csv)}</p>}
				empty={<Empty title={t('days.none')} />}
			/>
		</>
	);
}

const days = (csv: string) =>
	csv
		.split('\n')
		.map((line) => line.trim())
		.filter(Boolean)
		.map((line) => {
			const [date, name] = line.split(',');
			return `${day(date ?? '')}${name ? ` ${name}` : ''}`;
		})
		.join(t('list.comma'));

function DayListActions({ list }: { list: DayList }) {
	if (!may('approver') || !list.by) return <span class="quiet">–</span>;
	return (
		<span class="row-actions">
			<DayListEdit label={t('change')} list={list} />
			<ConfirmButton
				danger
				label={t('delete')}
				title={t('days.delete.title', { name: list.name })}
				body={<p>{t('days.delete.body')}</p>}
				confirm={t('delete')}
				act={() => call('DELETE', `day-lists/${encodeURIComponent(list.name)}`)}
			/>
		</span>
	);
}

function DayListEdit({ label, list }: { label: string; list?: DayList }) {
	const [name, setName] = useState('');
	const [csv, setCsv] = useState('');
	const start = () => {
		setName(list?.name ?? '休診日');
		setCsv(list?.csv ?? '');
	};
	return (
		<FormButton label={label} title={t('days.title')} start={start} save={() => call('PUT', `day-lists/${encodeURIComponent(name.trim())}`, { csv })}>
			<label class="field">
				{t('days.name')}
				<input required readOnly={list !== undefined} maxLength={32} value={name} onInput={(event) => setName(event.currentTarget.value)} />
			</label>
			<label class="field">
				{t('days.csv')}
				<textarea rows={10} required value={csv} placeholder={'2026-12-29,年末年始\n2026-12-30,年末年始'} onInput={(event) => setCsv(event.currentTarget.value)} />
			</label>
		</FormButton>
	);
}
