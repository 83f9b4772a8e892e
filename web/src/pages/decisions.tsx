// 承認と保留: what people said about updates and machines: holds, verdicts, halted rings, vendors, workarounds.
import type { ComponentChild } from 'preact';
import { call } from '../api';
import { t } from '../i18n';
import { useLive } from '../live';
import { href, useRoute } from '../router';
import { may } from '../session';
import type { List as ListAnswer } from '../types';
import type { Halt, Hold, Mitigation, Verdict } from '../types-plan';
import { Empty, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { ConfirmButton } from '../ui/dialog';
import { Filter, List } from '../ui/list';
import { ReleaseButton } from '../ui/hold';
import { HaltLine } from '../ui/rings';
import type { Column } from '../ui/table';
import { Tabs } from '../ui/tabs';
import { UndoButton, VerdictMark } from '../ui/verdicts';
import { VendorsTab } from './vendors';

const TABS = ['holds', 'verdicts', 'halts', 'vendors', 'mitigations'] as const;

export function DecisionsPage() {
	const { params } = useRoute();
	const tab = TABS.find((name) => name === params.get('tab')) ?? 'holds';
	const halts = useLive<ListAnswer<Halt>>('halts?limit=1000');
	return (
		<>
			<PageHead title={t('nav.decisions')} sentence={t(`decisions.${tab}.sentence`)} />
			<Tabs current={tab} tabs={TABS.map((name) => [name, t(`decisions.${name}`), name === 'halts' ? halts.data?.total : undefined])} to={(name) => href(['decisions'], { tab: name === 'holds' ? null : name })} />
			{tab === 'holds' && <Holds />}
			{tab === 'verdicts' && <VerdictList />}
			{tab === 'halts' && <Halts halts={halts.data?.items} error={halts.error && <Failure error={halts.error} retry={halts.reload} />} />}
			{tab === 'vendors' && <VendorsTab />}
			{tab === 'mitigations' && <Mitigations />}
		</>
	);
}

const holdWho = (h: Hold) => h.host?.name ?? h.group ?? '';

const holdColumns: Column<Hold>[] = [
	{
		id: 'who',
		title: 'hold.who',
		cell: (h) => (h.host ? <a href={href(['hosts', h.host.id])}>{h.host.name}</a> : <a href={href(['hosts'], { group: h.group })}>{h.group}</a>),
		text: holdWho,
		sort: holdWho,
	},
	{ id: 'why', title: 'reason', wrap: 'wide', cell: (h) => h.why, text: (h) => h.why, sort: (h) => h.why },
	{ id: 'until', title: 'hold.until', cell: (h) => (h.until ? <Time at={h.until} ago /> : t('hold.open')), text: (h) => h.until ?? '', sort: (h) => h.until ?? '9' },
	{ id: 'by', title: 'hold.by', cell: (h) => h.by, text: (h) => h.by, sort: (h) => h.by },
	{ id: 'at', title: 'at', cell: (h) => <Time at={h.at} />, text: (h) => h.at, sort: (h) => h.at },
	{ id: 'released_at', title: 'hold.released-at', sparse: (h) => h.released_at !== null, cell: (h) => <Time at={h.released_at} />, text: (h) => h.released_at ?? '', sort: (h) => h.released_at },
	{ id: 'release', title: 'token.action', cell: (h) => (may('operator') && !h.released_at ? <ReleaseButton hold={h} /> : <span class="quiet">–</span>), text: () => '' },
];

const Ended = ({ name }: { name: string }) => <Filter name={name} label="decisions.past" options={[['true', t('decisions.past.show')]]} />;

function Holds() {
	return (
		<List<Hold>
			path="holds"
			name="holds"
			caption={t('decisions.holds')}
			columns={holdColumns}
			keyOf={(h) => h.id}
			filters={['ended']}
			order="until"
			toolbar={<Ended name="ended" />}
			empty={
				<Empty title={t('holds.none')}>
					<p>{t('holds.none.advice')}</p>
				</Empty>
			}
		/>
	);
}

const verdictColumns: Column<Verdict>[] = [
	{ id: 'patch', title: 'patch', wrap: true, cell: (v) => v.patch, text: (v) => v.patch, sort: (v) => v.patch },
	{ id: 'verdict', title: 'verdict', cell: (v) => <VerdictMark verdict={v.verdict} />, text: (v) => t(`verdict.${v.verdict}`), sort: (v) => v.verdict },
	{ id: 'group', title: 'group', cell: (v) => v.group ?? t('verdict.everywhere'), text: (v) => v.group ?? '', sort: (v) => v.group },
	{ id: 'reason', title: 'reason', wrap: 'wide', cell: (v) => v.reason, text: (v) => v.reason, sort: (v) => v.reason },
	{ id: 'by', title: 'hold.by', cell: (v) => v.by, text: (v) => v.by, sort: (v) => v.by },
	{ id: 'at', title: 'at', falling: true, cell: (v) => <Time at={v.at} />, text: (v) => v.at, sort: (v) => v.at },
	{ id: 'undone_at', title: 'verdict.undone-at', sparse: (v) => v.undone_at !== null, cell: (v) => <Time at={v.undone_at} />, text: (v) => v.undone_at ?? '', sort: (v) => v.undone_at },
	{ id: 'undo', title: 'token.action', cell: (v) => (may('approver') && !v.undone_at ? <UndoButton verdict={v} /> : <span class="quiet">–</span>), text: () => '' },
];

function VerdictList() {
	return (
		<List<Verdict>
			path="verdicts"
			name="verdicts"
			caption={t('decisions.verdicts')}
			columns={verdictColumns}
			keyOf={(v) => v.id}
			link={(v) => href(['patches', v.patch])}
			filters={['undone']}
			order="-at"
			toolbar={<Ended name="undone" />}
			empty={
				<Empty title={t('verdicts.none')}>
					<a href={href(['patches'])}>{t('verdicts.none.advice')}</a>
				</Empty>
			}
		/>
	);
}

function Halts({ halts, error }: { halts: Halt[] | undefined; error: ComponentChild }) {
	if (!halts) return <>{error || <Skeleton />}</>;
	if (halts.length === 0) return <Empty title={t('halts.none')} />;
	return (
		<div class="halts">
			{halts.map((halt) => (
				<HaltLine key={halt.id} halt={halt} named />
			))}
		</div>
	);
}

const mitigationColumns: Column<Mitigation>[] = [
	{ id: 'subject', title: 'mitigation.subject', cell: (m) => m.subject, text: (m) => m.subject, sort: (m) => m.subject },
	{ id: 'group', title: 'group', cell: (m) => m.group ?? t('verdict.everywhere'), text: (m) => m.group ?? '', sort: (m) => m.group },
	{ id: 'workaround', title: 'mitigation.workaround', wrap: 'wide', cell: (m) => m.workaround, text: (m) => m.workaround },
	{ id: 'owner', title: 'mitigation.owner', cell: (m) => m.owner, text: (m) => m.owner, sort: (m) => m.owner },
	{ id: 'by', title: 'hold.by', cell: (m) => m.by, text: (m) => m.by, sort: (m) => m.by },
	{ id: 'at', title: 'at', falling: true, cell: (m) => <Time at={m.at} />, text: (m) => m.at, sort: (m) => m.at },
	{ id: 'ended_at', title: 'mitigation.ended', sparse: (m) => m.ended_at !== null, wrap: true, cell: (m) => m.ended_at && <><Time at={m.ended_at} /> {m.ended_why}</>, text: (m) => m.ended_at ?? '', sort: (m) => m.ended_at },
	{ id: 'end', title: 'token.action', cell: (m) => (may('operator') && !m.ended_at ? <EndMitigation m={m} /> : <span class="quiet">–</span>), text: () => '' },
];

function EndMitigation({ m }: { m: Mitigation }) {
	return (
		<ConfirmButton
			label={t('mitigation.end')}
			title={t('mitigation.end.title', { what: m.subject })}
			body={<p>{t('mitigation.end.body')}</p>}
			confirm={t('mitigation.end')}
			act={() => call('DELETE', `mitigations/${encodeURIComponent(m.id)}`)}
		/>
	);
}

const subjectLink = (subject: string) => href([subject.startsWith('CVE-') ? 'vulnerabilities' : 'patches', subject]);

function Mitigations() {
	return (
		<List<Mitigation>
			path="mitigations"
			name="mitigations"
			caption={t('decisions.mitigations')}
			columns={mitigationColumns}
			keyOf={(m) => m.id}
			link={(m) => subjectLink(m.subject)}
			filters={['ended']}
			order="-at"
			toolbar={<Ended name="ended" />}
			empty={
				<Empty title={t('mitigations.none')}>
					<p>{t('mitigations.none.advice')}</p>
				</Empty>
			}
		/>
	);
}
