// One policy: what follows from it, as a form and as text, checked while it is written; nothing is in force before
// it was shown what it will do. Every version stays and can be taken back.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, call } from '../api';
import { diff } from '../diff';
import { addDays, instantOf, isoDay, monthStart, shortDay, span } from '../format';
import { t, tOr } from '../i18n';
import { refreshAll, useLive } from '../live';
import { go, href, setParams, useRoute } from '../router';
import { may } from '../session';
import type { List as ListAnswer } from '../types';
import type { CalendarSlot, Checked, PolicyBody, PolicyItem, PolicyText, PolicyVersion, Remark, Slot } from '../types-plan';
import { Empty, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { ConfirmButton, Dialog, messageOf, Problem, say } from '../ui/dialog';
import { DiffView } from '../ui/diff-view';
import { Rows } from '../ui/list';
import { monthTitle, monthWeeks, MonthTable, useNamedDays } from '../ui/month';
import type { Column } from '../ui/table';
import { Tabs } from '../ui/tabs';
import { policyText, replaceBlock, replaceInner, tidy } from '../yaml';
import { appliesText } from './policies';
import { PolicyForm } from './policy-form';
import { RemarkList, TextEditor } from './policy-text';

const CHECK_MS = 350;
const TABS = ['plan', 'form', 'text', 'versions'] as const;

interface Judged {
	/** The text that this is about. */
	yaml: string | null;
	checked: Checked | null;
	slots: Slot[] | null;
	error: string;
}

/** The text checked and previewed by the server a moment after the last key. */
function useJudgement(yaml: string | null): Judged {
	const [judged, setJudged] = useState<Judged>({ yaml: null, checked: null, slots: null, error: '' });
	useEffect(() => {
		if (yaml === null) return;
		let gone = false;
		const judge = async () => {
			try {
				const checked = await call<Checked>('POST', 'policies/check', { yaml });
				const from = instantOf(monthStart(isoDay()));
				const until = instantOf(addDays(monthStart(isoDay(), 2), 7));
				const slots = checked.ok ? (await call<ListAnswer<Slot>>('POST', 'policies/preview', { yaml, from, until })).items : null;
				if (!gone) setJudged({ yaml, checked, slots, error: '' });
			} catch (cause) {
				if (!gone) setJudged((before) => ({ ...before, error: messageOf(cause) }));
			}
		};
		const timer = setTimeout(judge, CHECK_MS);
		return () => {
			gone = true;
			clearTimeout(timer);
		};
	}, [yaml]);
	return judged;
}

const fresh = (name: string): PolicyText => ({ name, version: 0, what: 'put', by: '', at: '', note: '', in_force: false, yaml: policyText({ policy: name }), policy: { policy: name } });

export function PolicyPage({ id }: { id: string }) {
	const { params } = useRoute();
	const isNew = params.get('new') === '1';
	const live = useLive<PolicyText>(`policies/${encodeURIComponent(id)}`);
	const stored = live.data ?? (isNew && live.error?.status === 404 ? fresh(id) : undefined);
	const back = <a href={href(['policies'])}>{t('nav.policies')}</a>;
	if (!stored)
		return (
			<>
				<PageHead kicker={back} title={id} />
				{live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton lines={10} />}
			</>
		);
	return <Loaded key={stored.name} stored={stored} />;
}

function Loaded({ stored }: { stored: PolicyText }) {
	const { params } = useRoute();
	const tab = TABS.find((name) => name === params.get('tab')) ?? (stored.version === 0 ? 'form' : 'plan');
	// What is written here and not saved; the version it began from is kept, so that a newer one is noticed.
	const [draft, setDraft] = useState<{ yaml: string; body: PolicyBody | null; base: PolicyText } | null>(null);
	const yaml = draft?.yaml ?? stored.yaml;
	const judged = useJudgement(yaml);
	const changed = draft !== null && draft.yaml !== draft.base.yaml;
	// What the form wrote counts at once: the server's word is about what was written a moment ago.
	const waiting = judged.yaml !== yaml && !judged.error;
	const told = judged.yaml === yaml ? judged.checked?.policy : undefined;
	const body = draft ? (draft.body ?? told ?? null) : (told ?? stored.policy);
	const writeText = (text: string) => setDraft({ yaml: text, body: null, base: draft?.base ?? stored });
	const writeBody = (key: string, next: PolicyBody) =>
		setDraft({ yaml: written(yaml, key, body, next), body: next, base: draft?.base ?? stored });
	const items = useLive<ListAnswer<PolicyItem>>('policies?limit=1000');
	const item = items.data?.items.find((p) => p.name === stored.name);
	useLeaveWarning(changed);
	return (
		<>
			<PageHead kicker={<a href={href(['policies'])}>{t('nav.policies')}</a>} title={stored.name} sentence={<Sentence stored={stored} item={item} slots={judged.slots} />}>
				{may('approver') && stored.in_force && <Delete name={stored.name} hosts={item?.hosts ?? 0} />}
			</PageHead>
			<Tabs
				current={tab}
				tabs={TABS.filter((name) => stored.version > 0 || name !== 'versions').map((name) => [name, t(`policy.tab.${name}`), name === 'versions' ? stored.version : undefined])}
				to={(name) => href(['policies', stored.name], { tab: name, new: params.get('new') })}
			/>
			{judged.error && <p class="problem" role="alert">{judged.error}</p>}
			{tab === 'plan' && (
				<>
					<RemarkList remarks={judged.checked?.remarks ?? []} to={(remark) => toLine(remark)} />
					<Preview slots={judged.slots} name={stored.name} body={body} />
				</>
			)}
			{tab === 'form' &&
				(body ? (
					<div class="beside">
						<PolicyForm body={body} write={writeBody} readOnly={!may('approver')} />
						<div>
							<RemarkList remarks={judged.checked?.remarks ?? []} to={(remark) => toLine(remark)} />
							<Preview slots={judged.slots} name={stored.name} body={body} />
						</div>
					</div>
				) : waiting ? (
					<Skeleton lines={10} />
				) : (
					<Empty title={t('policy.form.not-now')}>
						<p>{t('policy.form.not-now.advice')}</p>
					</Empty>
				))}
			{tab === 'text' && (
				<div class="beside">
					<TextEditor text={yaml} write={writeText} remarks={judged.checked?.remarks ?? []} readOnly={!may('approver')} />
					<div>
						<Preview slots={judged.slots} name={stored.name} body={body} />
					</div>
				</div>
			)}
			{tab === 'versions' && <Versions stored={stored} />}
			{changed && draft && <SaveBar draft={draft} stored={stored} judged={judged} hosts={item?.hosts ?? 0} drop={() => setDraft(null)} />}
		</>
	);
}

/** The text with one line of the policy written anew: as little of it as can be. */
function written(yaml: string, key: string, before: PolicyBody | null, next: PolicyBody): string {
	if (key === 'install' && before?.install && next.install) {
		const other = (k: string) => JSON.stringify(before.install?.[k]) !== JSON.stringify(next.install?.[k]);
		const changed = [...new Set([...Object.keys(before.install), ...Object.keys(next.install)])].filter(other);
		const inner = changed.length === 1 ? replaceInner(yaml, key, changed[0]!, tidy(changed[0]!, next.install[changed[0]!])) : null;
		if (inner !== null) return inner;
	}
	return replaceBlock(yaml, key, tidy(key, next[key])) ?? policyText(next);
}

/** The text's page, with the cursor where the remark points. */
function toLine({ line, column }: Remark): void {
	setParams({ tab: 'text', line: `${line}.${column}` });
}

/** A closed window asks first while something is not saved. */
function useLeaveWarning(changed: boolean): void {
	useEffect(() => {
		if (!changed) return;
		const ask = (event: BeforeUnloadEvent) => event.preventDefault();
		addEventListener('beforeunload', ask);
		return () => removeEventListener('beforeunload', ask);
	}, [changed]);
}

function Sentence({ stored, item, slots }: { stored: PolicyText; item: PolicyItem | undefined; slots: Slot[] | null }) {
	if (stored.version === 0) return <>{t('policy.sentence.new')}</>;
	if (!stored.in_force) return <>{t('policy.sentence.deleted')}</>;
	const next = (slots ?? []).find((slot) => Date.parse(slot.end) > Date.now());
	return (
		<>
			{t('policy.sentence', { who: appliesText(item?.applies ?? stored.policy?.['applies-to']), n: item?.hosts ?? 0 })}{' '}
			{next && t('policy.sentence.next', { when: `${shortDay(next.start)} ${span(next.start, next.end)}` })}
		</>
	);
}

/** The slots of this and the next month, before anything is saved. */
function Preview({ slots, name, body }: { slots: Slot[] | null; name: string; body: PolicyBody | null }) {
	const named = useNamedDays(undefined);
	const last = useRef(slots);
	if (slots) last.current = slots;
	const shown = slots ?? last.current;
	if (!shown) return <Skeleton lines={6} />;
	const months = [0, 1].map((n) => monthStart(isoDay(), n));
	const days = [
		...named.filter(({ kind }) => kind !== 'blackout'),
		...(body?.install?.blackout ?? []).flatMap(({ from, to, why }) => spanDays(from ?? to, to ?? from).map((day) => ({ day, name: why ?? '', kind: 'blackout' as const }))),
	];
	const rows: CalendarSlot[] = shown.map((slot) => ({ ...slot, group: null, hosts: 0, patches: 0 }));
	return (
		<section class={slots ? 'preview' : 'preview old'} aria-label={t('policy.preview')}>
			{shown.length === 0 && <p class="lead">{t('policy.preview.none')}</p>}
			{months.map((month) => (
				<div key={month}>
					<h2>{monthTitle(month)}</h2>
					<MonthTable weeks={monthWeeks(month)} month={month} slots={rows} days={days} to={() => href(['policies', name], { tab: 'form' })} grouped={false} />
				</div>
			))}
		</section>
	);
}

function spanDays(from: string | undefined, to: string | undefined): string[] {
	if (!from || !to) return [];
	const out: string[] = [];
	for (let at = from; at <= to && out.length < 400; at = addDays(at, 1)) out.push(at);
	return out;
}

function SaveBar({ draft, stored, judged, hosts, drop }: { draft: { yaml: string; base: PolicyText }; stored: PolicyText; judged: Judged; hosts: number; drop: () => void }) {
	const [open, setOpen] = useState(false);
	const errors = (judged.checked?.remarks ?? []).filter(({ level }) => level === 'error').length;
	return (
		<div class="save-bar" role="status">
			<span>{judged.checked && !judged.checked.ok ? t('policy.refused', { n: Math.max(1, errors) }) : t('policy.unsaved')}</span>
			<button type="button" onClick={drop}>
				{t('policy.drop')}
			</button>
			<button type="button" class="primary" disabled={!judged.checked?.ok} onClick={() => setOpen(true)}>
				{t('policy.save')}
			</button>
			{open && <SaveDialog draft={draft} stored={stored} remarks={judged.checked?.remarks ?? []} hosts={hosts} onClose={() => setOpen(false)} onSaved={drop} />}
		</div>
	);
}

function SaveDialog({
	draft,
	stored,
	remarks,
	hosts,
	onClose,
	onSaved,
}: {
	draft: { yaml: string; base: PolicyText };
	stored: PolicyText;
	remarks: Remark[];
	hosts: number;
	onClose: () => void;
	onSaved: () => void;
}) {
	const [note, setNote] = useState('');
	const [error, setError] = useState('');
	const [busy, setBusy] = useState(false);
	const save = async (event: Event) => {
		event.preventDefault();
		setBusy(true);
		try {
			const done = await call<{ name: string; version: number }>('PUT', `policies/${encodeURIComponent(stored.name)}`, { yaml: draft.yaml, note });
			onClose();
			onSaved();
			announce(stored, done.version);
			go(href(['policies', stored.name]));
			refreshAll();
		} catch (cause) {
			setError(messageOf(cause));
			setBusy(false);
		}
	};
	return (
		<Dialog title={t('policy.save.title', { name: stored.name })} onClose={onClose}>
			<form class="stack" onSubmit={save}>
				<p>{t('policy.save.body', { n: hosts })}</p>
				{stored.version > draft.base.version && <p class="problem">{t('policy.save.newer', { by: stored.by, version: stored.version })}</p>}
				<RemarkList remarks={remarks} />
				<DiffView lines={diff(stored.version > 0 ? stored.yaml : '', draft.yaml)} />
				<label class="field">
					{t('policy.note')}
					<input autofocus maxLength={120} value={note} placeholder={t('policy.note.hint')} onInput={(event) => setNote(event.currentTarget.value)} />
				</label>
				<Problem text={error} />
				<div class="dialog-actions">
					<button type="button" onClick={onClose}>
						{t('cancel')}
					</button>
					<button type="submit" class="primary" disabled={busy}>
						{t('policy.save.confirm')}
					</button>
				</div>
			</form>
		</Dialog>
	);
}

/** Says that it is in force, and takes it back on request. */
function announce(before: PolicyText, version: number): void {
	const path = `policies/${encodeURIComponent(before.name)}`;
	say({
		text: t('policy.saved', { name: before.name, version }),
		action: {
			label: t('order.take-back'),
			run: async () => {
				if (before.version > 0 && before.in_force) await call('POST', `${path}/revert`, { version: before.version });
				else await call('DELETE', path);
				return t('policy.taken-back', { name: before.name });
			},
		},
	});
}

function Delete({ name, hosts }: { name: string; hosts: number }) {
	const path = `policies/${encodeURIComponent(name)}`;
	const remove = async () => {
		await call('DELETE', path);
		go(href(['policies']));
		say({ text: t('policy.deleted', { name }), link: { label: t('policy.tab.versions'), href: href(['policies', name], { tab: 'versions' }) } });
	};
	return <ConfirmButton danger label={t('policy.delete')} title={t('policy.delete.title', { name })} body={<p>{t('policy.delete.body', { n: hosts })}</p>} confirm={t('delete')} act={remove} />;
}

const versionColumns = (stored: PolicyText): Column<PolicyVersion>[] => [
	{ id: 'version', title: 'policy.version', num: true, falling: true, cell: (v) => v.version, text: (v) => String(v.version), sort: (v) => v.version },
	{ id: 'what', title: 'audit.what', cell: (v) => (v.in_force ? <b>{t('policy.in-force')}</b> : tOr('policy.what', v.what)), text: (v) => tOr('policy.what', v.what), sort: (v) => v.what },
	{ id: 'at', title: 'at', falling: true, cell: (v) => <Time at={v.at} ago />, text: (v) => v.at, sort: (v) => v.at },
	{ id: 'by', title: 'policy.by', cell: (v) => v.by, text: (v) => v.by, sort: (v) => v.by },
	{ id: 'note', title: 'policy.note', wrap: true, cell: (v) => v.note, text: (v) => v.note },
	{ id: 'back', title: 'token.action', cell: (v) => <Revert stored={stored} version={v} />, text: () => '' },
];

function Versions({ stored }: { stored: PolicyText }) {
	const live = useLive<ListAnswer<PolicyVersion>>(`policies/${encodeURIComponent(stored.name)}/versions?limit=1000`);
	if (!live.data) return live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton />;
	return (
		<Rows<PolicyVersion>
			name={`policy-${stored.name}`}
			caption={t('policy.tab.versions')}
			columns={versionColumns(stored)}
			rows={live.data.items}
			keyOf={(v) => String(v.version)}
			filters={[]}
			order="-version"
			expand={(v) => <VersionDiff name={stored.name} version={v.version} />}
			empty={<Empty title={t('policies.none')} />}
		/>
	);
}

const useVersion = (name: string, version: number) => useLive<PolicyText>(version > 0 ? `policies/${encodeURIComponent(name)}?version=${version}` : null);

/** What this version changed, beside the one before. */
function VersionDiff({ name, version }: { name: string; version: number }) {
	const now = useVersion(name, version);
	const before = useVersion(name, version - 1);
	if (!now.data || (version > 1 && !before.data)) return <Skeleton lines={3} />;
	return <DiffView lines={diff(before.data?.yaml ?? '', now.data.yaml)} />;
}

function Revert({ stored, version }: { stored: PolicyText; version: PolicyVersion }) {
	if (version.in_force || version.what === 'delete' || !may('approver')) return <span class="quiet">–</span>;
	const back = async () => {
		const done = await call<{ version: number }>('POST', `policies/${encodeURIComponent(stored.name)}/revert`, { version: version.version });
		announce(stored, done.version);
	};
	return (
		<ConfirmButton
			label={t('policy.revert')}
			title={t('policy.revert.title', { version: version.version })}
			body={<RevertBody stored={stored} version={version.version} />}
			confirm={t('policy.revert')}
			act={back}
		/>
	);
}

function RevertBody({ stored, version }: { stored: PolicyText; version: number }) {
	const old = useVersion(stored.name, version);
	return (
		<>
			<p>{t('policy.revert.body')}</p>
			{old.data ? <DiffView lines={diff(stored.yaml, old.data.yaml)} /> : old.error ? <p class="problem">{(old.error as ApiError).message}</p> : <Skeleton lines={3} />}
		</>
	);
}
