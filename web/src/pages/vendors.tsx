// ベンダー検証: what each vendor of medical records or devices says about each update, and who has not answered.
import { useState } from 'preact/hooks';
import { call, fileBytes, withQuery } from '../api';
import { downloadBytes } from '../csv';
import { addDays, day, instantOf, isoDay } from '../format';
import { t } from '../i18n';
import { refreshAll, useLive } from '../live';
import { href, useRoute } from '../router';
import { may } from '../session';
import type { Group, List as ListAnswer } from '../types';
import type { Vendor, VendorAnswer } from '../types-plan';
import { Command, Count, Empty, Failure, Skeleton, Time } from '../ui/bits';
import { ConfirmButton, Dialog, FormButton, messageOf, Problem, say } from '../ui/dialog';
import { Picks, TextField } from '../ui/form';
import { Filter, List } from '../ui/list';
import { Mark, type Shape, type Tone } from '../ui/marks';
import type { Column } from '../ui/table';

const ANSWERS: Record<VendorAnswer['answer'], [Shape, Tone]> = { validated: ['check', 'green'], forbidden: ['cross', 'red'], unknown: ['ring', 'orange'] };

export function AnswerMark({ answer, overdue }: { answer: VendorAnswer['answer']; overdue?: boolean }) {
	const [shape, tone] = overdue ? (['triangle', 'red'] as const) : (ANSWERS[answer] ?? ['dash', 'grey']);
	return (
		<span class="state">
			<Mark shape={shape} tone={tone} />
			{t(overdue ? 'vendor.overdue' : `vendor.${answer}`)}
		</span>
	);
}

const answerColumns: Column<VendorAnswer>[] = [
	{ id: 'patch', title: 'patch', wrap: true, cell: (a) => a.title ?? a.patch, text: (a) => a.title ?? a.patch, sort: (a) => a.title ?? a.patch },
	{ id: 'vendor', title: 'vendor', cell: (a) => a.vendor, text: (a) => a.vendor, sort: (a) => a.vendor },
	{ id: 'answer', title: 'vendor.answer', cell: (a) => <AnswerMark answer={a.answer} overdue={a.overdue ?? false} />, text: (a) => t(`vendor.${a.answer}`), sort: (a) => `${a.overdue ? 0 : 1}${a.answer}` },
	{ id: 'due', title: 'vendor.due', cell: (a) => (a.due ? day(a.due) : <span class="quiet">–</span>), text: (a) => a.due ?? '', sort: (a) => a.due },
	{ id: 'hosts', title: 'vendor.waiting-hosts', num: true, falling: true, cell: (a) => <Count n={a.hosts} to={href(['patches', a.patch])} />, text: (a) => String(a.hosts), sort: (a) => a.hosts },
	{ id: 'note', title: 'vendor.note', wrap: true, sparse: true, cell: (a) => a.note, text: (a) => a.note ?? '' },
	{ id: 'at', title: 'vendor.answered', extra: true, falling: true, cell: (a) => <Time at={a.at} />, text: (a) => a.at ?? '', sort: (a) => a.at },
	{ id: 'by', title: 'hold.by', extra: true, cell: (a) => a.by, text: (a) => a.by ?? '', sort: (a) => a.by },
	{ id: 'set', title: 'token.action', cell: (a) => (may('approver') ? <SetAnswer a={a} /> : <span class="quiet">–</span>), text: () => '' },
];

/** What the vendor said by telephone. */
function SetAnswer({ a }: { a: VendorAnswer }) {
	const write = async (answer: string) => {
		try {
			await call('PUT', 'vendor-answers', { vendor: a.vendor, patch: a.patch, answer, note: a.note ?? '' });
			refreshAll();
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
	};
	return (
		<select aria-label={t('vendor.answer')} value={a.answer} onChange={(event) => write(event.currentTarget.value)}>
			{(Object.keys(ANSWERS) as VendorAnswer['answer'][]).map((name) => (
				<option key={name} value={name}>
					{t(`vendor.${name}`)}
				</option>
			))}
		</select>
	);
}

export function VendorsTab() {
	const { params } = useRoute();
	const live = useLive<ListAnswer<Vendor>>('vendors?limit=1000');
	if (!live.data) return live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton />;
	const names = live.data.items.map(({ name }) => name);
	return (
		<>
			<ul class="vendors">
				{live.data.items.map((v) => (
					<VendorCard key={v.name} v={v} chosen={params.get('vendor') === v.name} />
				))}
			</ul>
			<List<VendorAnswer>
				path="vendor-answers"
				name="vendor-answers"
				caption={t('decisions.vendors')}
				columns={answerColumns}
				keyOf={(a) => `${a.vendor} ${a.patch}`}
				link={(a) => href(['patches', a.patch])}
				filters={['vendor', 'answer', 'overdue']}
				order="answer"
				toolbar={
					<>
						{may('operator') && <VendorEdit />}
						<Filter name="vendor" label="vendor" options={names.map((name) => [name, name])} />
						<Filter name="answer" label="vendor.answer" options={Object.keys(ANSWERS).map((name) => [name, t(`vendor.${name as VendorAnswer['answer']}`)])} />
						<Filter name="overdue" label="overdue" options={[['true', t('vendor.overdue-only')]]} />
					</>
				}
				empty={<Empty title={t(names.length > 0 ? 'vendor.answers.none' : 'vendors.none')} />}
			/>
		</>
	);
}

function VendorCard({ v, chosen }: { v: Vendor; chosen: boolean }) {
	const sheet = async () => {
		try {
			const { file } = await call<{ file: string }>('GET', `vendors/${encodeURIComponent(v.name)}/sheet?form=xlsx`);
			downloadBytes(`mamori-${v.name}-${isoDay()}.xlsx`, file, 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet');
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
	};
	const filter = (more: Record<string, string>) => href(['decisions'], { tab: 'vendors', vendor: v.name, ...more });
	return (
		<li class={chosen ? 'chosen' : ''}>
			<h3>
				<a href={filter({})}>{v.name}</a>
			</h3>
			<p class="quiet">
				{t('vendor.hosts', { n: v.hosts })}
				{v.contact ? ` · ${v.contact}` : ''}
			</p>
			<p>
				<a href={filter({ answer: 'unknown' })}>{t('vendor.waiting', { n: v.waiting })}</a>
				{v.overdue > 0 && (
					<>
						{t('list.comma')}
						<a href={filter({ overdue: 'true' })} class="problem">
							{t('vendor.overdue-n', { n: v.overdue })}
						</a>
					</>
				)}
			</p>
			<div class="host-actions">
				{may('operator') && <VendorLink v={v} />}
				<button type="button" onClick={sheet}>
					{t('vendor.sheet')}
				</button>
				{may('approver') && <SheetImport v={v} />}
				{may('operator') && <VendorEdit v={v} />}
				{may('approver') && (
					<ConfirmButton
						danger
						label={t('delete')}
						title={t('vendor.delete.title', { name: v.name })}
						body={<p>{t('vendor.delete.body', { n: v.hosts })}</p>}
						confirm={t('delete')}
						act={() => call('DELETE', `vendors/${encodeURIComponent(v.name)}`)}
					/>
				)}
			</div>
		</li>
	);
}

function VendorLink({ v }: { v: Vendor }) {
	const [made, setMade] = useState<{ link: string; expires: string; waiting: number } | null>(null);
	const [open, setOpen] = useState(false);
	const [due, setDue] = useState(addDays(isoDay(), 14));
	const [error, setError] = useState('');
	const start = () => {
		setMade(null);
		setError('');
		setOpen(true);
	};
	const make = async (event: Event) => {
		event.preventDefault();
		try {
			setMade(await call('POST', `vendors/${encodeURIComponent(v.name)}/links`, { due: instantOf(due, '23:59') }));
			refreshAll();
		} catch (cause) {
			setError(messageOf(cause));
		}
	};
	return (
		<>
			<button type="button" onClick={start}>
				{t('vendor.link')}
			</button>
			{open && (
				<Dialog title={t('vendor.link.title', { name: v.name })} onClose={() => setOpen(false)}>
					<form class="stack" onSubmit={make}>
						<p>{t('vendor.link.body')}</p>
						<label class="field">
							{t('vendor.due')}
							<input type="date" required value={due} min={isoDay()} onInput={(event) => setDue(event.currentTarget.value)} />
						</label>
						<Problem text={error} />
						{made && (
							<>
								<Command text={made.link} />
								<p class="quiet">
									{t('vendor.link.once', { n: made.waiting })} <Time at={made.expires} />
								</p>
							</>
						)}
						<div class="dialog-actions">
							<button type="button" onClick={() => setOpen(false)}>
								{t('close')}
							</button>
							{!made && (
								<button type="submit" class="primary">
									{t('settings.links.create')}
								</button>
							)}
						</div>
					</form>
				</Dialog>
			)}
		</>
	);
}

function SheetImport({ v }: { v: Vendor }) {
	const take = async (files: FileList | null, input: HTMLInputElement) => {
		const file = files?.[0];
		if (!file) return;
		try {
			const done = await call<{ read: number; kept: number; skipped: Record<string, number> }>('POST', `vendors/${encodeURIComponent(v.name)}/sheet`, { file: await fileBytes(file) });
			say({ text: t('vendor.imported', { read: done.read, kept: done.kept, rest: done.read - done.kept }) });
			refreshAll();
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
		input.value = '';
	};
	return (
		<label class="button">
			{t('vendor.import')}
			<input type="file" class="unseen" accept=".xlsx,.csv,.txt,text/csv" onChange={(event) => take(event.currentTarget.files, event.currentTarget)} />
		</label>
	);
}

function VendorEdit({ v }: { v?: Vendor }) {
	const groups = useLive<ListAnswer<Group>>('groups?limit=1000');
	const [name, setName] = useState('');
	const [contact, setContact] = useState('');
	const [chosen, setChosen] = useState<string[]>([]);
	const scopes = (wanted: string) => (v?.scopes ?? []).filter(({ kind }) => kind === wanted).map(({ target }) => target);
	const start = () => {
		setName(v?.name ?? '');
		setContact(v?.contact ?? '');
		setChosen(scopes('group'));
	};
	const save = () => call('PUT', `vendors/${encodeURIComponent(name.trim())}`, { contact, groups: chosen, hosts: scopes('host') });
	const names = [...new Set([...(groups.data?.items ?? []).flatMap(({ group }) => (group ? [group] : [])), ...chosen])];
	return (
		<FormButton label={t(v ? 'change' : 'vendor.new')} title={v ? v.name : t('vendor.new')} ready={name.trim() !== ''} start={start} save={save}>
			{!v && <TextField label={t('vendor')} value={name} set={setName} />}
			<TextField label={t('vendor.contact')} value={contact} set={setContact} />
			<Picks label={t('vendor.groups')} all={names.map((group) => [group, group])} chosen={chosen} set={setChosen} />
			<p class="quiet">{t('vendor.groups.hint')}</p>
		</FormButton>
	);
}

/** What vendors say about one update. */
export function PatchVendors({ patch }: { patch: string }) {
	const live = useLive<ListAnswer<VendorAnswer>>(withQuery('vendor-answers', { patch, limit: 100 }));
	const rows = live.data?.items ?? [];
	if (rows.length === 0) return null;
	return (
		<section class="verdicts">
			<h2>
				<a href={href(['decisions'], { tab: 'vendors' })}>{t('decisions.vendors')}</a>
			</h2>
			<ul class="notices">
				{rows.map((a) => (
					<li key={a.vendor}>
						<AnswerMark answer={a.answer} overdue={a.overdue ?? false} />
						<span>
							{a.vendor} {a.note}{' '}
							<span class="quiet">
								{t('vendor.due')} <Time at={a.due} />
							</span>
						</span>
					</li>
				))}
			</ul>
		</section>
	);
}
