// 起点: what discovery starts from. Kept by the server, one by one or as a table; each change can be taken back.
import { useState } from 'preact/hooks';
import { call, fileBytes } from '../api';
import { instantOf, isoDay } from '../format';
import { refreshAll, useLive } from '../live';
import { useRoute } from '../router';
import { may } from '../session';
import type { List } from '../types';
import { Empty, Failure, Skeleton, Time } from '../ui/bits';
import { ConfirmButton, FormButton, messageOf, say } from '../ui/dialog';
import { Choice } from '../ui/form';
import { Rows } from '../ui/list';
import { Mark } from '../ui/marks';
import type { Column } from '../ui/table';
import { OWNERS, shown } from './model';
import type { KeptSeed, Owner } from './types';
import { said, x, xOr, type Word } from './words';

const pathOf = (seed: string) => `surface/seeds/${encodeURIComponent(seed)}`;

async function undo(change: number): Promise<string> {
	await call('POST', 'surface/seeds/undo', { change });
	return x('seed.undone');
}

function told(text: string, change: number | null | undefined): void {
	say({ text, ...(change ? { action: { label: x('decide.undo'), run: () => undo(change) } } : {}) });
}

const COLUMNS = (): Column<KeptSeed>[] => [
	{ id: 'value', title: said('seed.value'), cell: (s) => <bdi>{shown(s.value)}</bdi>, text: (s) => s.value, sort: (s) => s.value, wrap: true },
	{ id: 'kind', title: said('column.kind'), cell: (s) => xOr('seed.kind', s.kind), text: (s) => xOr('seed.kind', s.kind), sort: (s) => s.kind },
	{ id: 'owner', title: said('column.owner'), cell: (s) => `${xOr('owner', s.owner)}${s.company ? ` · ${shown(s.company, 60)}` : ''}`, text: (s) => `${xOr('owner', s.owner)} ${s.company ?? ''}`, sort: (s) => OWNERS.indexOf(s.owner), wrap: true },
	{ id: 'site', title: said('fact.site'), cell: (s) => shown([s.site, s.country].filter(Boolean).join(' · '), 60), text: (s) => [s.site, s.country].filter(Boolean).join(' '), sort: (s) => s.site, sparse: true, wrap: true },
	{
		id: 'consent',
		title: said('seed.consent'),
		cell: (s) =>
			s.expands ? (
				s.consent_by ? (
					<>
						{shown(s.consent_by, 60)} <Time at={s.consent_at} />
					</>
				) : (
					''
				)
			) : (
				<span class="state">
					<Mark shape="pause" tone="orange" />
					{s.why ?? x('seed.waiting')}
				</span>
			),
		text: (s) => s.consent_by ?? s.why ?? '',
		sparse: true,
		wrap: true,
	},
	{ id: 'note', title: said('seed.note'), cell: (s) => <bdi>{shown(s.note ?? '', 100)}</bdi>, text: (s) => s.note ?? '', sparse: true, wrap: true },
	{
		id: 'act',
		title: said('seed.change'),
		cell: (s) =>
			may('operator') ? (
				<span class="seed-acts">
					<SeedForm seed={s} />
					<ConfirmButton
						label={x('seed.remove')}
						title={x('seed.remove.title', { seed: shown(s.value, 60) })}
						body={<p>{x('seed.remove.body')}</p>}
						confirm={x('seed.remove')}
						danger
						act={async () => {
							const { change } = await call<{ change: number | null }>('DELETE', pathOf(s.seed));
							told(x('seed.removed', { seed: shown(s.value, 60) }), change);
						}}
					/>
				</span>
			) : (
				''
			),
		text: () => '',
	},
];

export function Seeds() {
	useRoute();
	const live = useLive<List<KeptSeed>>('surface/seeds?limit=1000');
	const rows = live.data?.items;
	return (
		<section class="panel">
			<h2>{x('seeds.title')}</h2>
			<p class="quiet">{x('seeds.note')}</p>
			{live.error && <Failure error={live.error} retry={live.reload} quiet={rows !== undefined} />}
			{!rows && !live.error && <Skeleton lines={4} />}
			{rows && (
				<Rows<KeptSeed>
					name="surface-seeds"
					caption={x('seeds.title')}
					columns={COLUMNS().filter(({ id }) => id !== 'act' || may('operator'))}
					rows={rows}
					keyOf={(s) => s.seed}
					filters={[]}
					most={200}
					toolbar={
						may('operator') ? (
							<>
								<SeedForm />
								<Import />
							</>
						) : undefined
					}
					empty={
						<Empty title={x('seeds.none')}>
							<p>{x('seeds.none.advice')}</p>
						</Empty>
					}
				/>
			)}
		</section>
	);
}

interface Fields {
	kind: string;
	value: string;
	owner: Owner;
	company: string;
	site: string;
	country: string;
	consentBy: string;
	consentAt: string;
	note: string;
	large: boolean;
}
const EMPTY: Fields = { kind: 'any', value: '', owner: 'self', company: '', site: '', country: '', consentBy: '', consentAt: '', note: '', large: false };
const fieldsOf = (s: KeptSeed): Fields => ({ kind: s.kind, value: s.value, owner: s.owner, company: s.company ?? '', site: s.site ?? '', country: s.country ?? '', consentBy: s.consent_by ?? '', consentAt: s.consent_at ? isoDay(s.consent_at) : '', note: s.note ?? '', large: s.large });

/** What may be a network or an AS. */
const LARGE = /^(network:|as:?\d|\d+\.\d+\.|[\da-f]{1,4}:[\da-f:]*:)/i;

/** A new one, or what is said about one that is kept. */
function SeedForm({ seed }: { seed?: KeptSeed }) {
	const [f, setF] = useState<Fields>(EMPTY);
	const set = (patch: Partial<Fields>) => setF({ ...f, ...patch });
	const line = (word: Word, key: 'company' | 'site' | 'country' | 'consentBy' | 'note', most: number) => (
		<label class="field">
			{x(word)}
			<input maxLength={most} value={f[key]} onInput={(event) => set({ [key]: event.currentTarget.value })} />
		</label>
	);
	const save = async () => {
		const name = seed?.seed ?? (f.kind === 'any' ? f.value.trim() : `${f.kind}:${f.value.trim()}`);
		const words = Object.entries({ company: f.company, site: f.site, country: f.country.toUpperCase(), consent_by: f.owner === 'contractor' ? f.consentBy : '', note: f.note }).filter(([, text]) => text.trim() !== '');
		const answer = await call<{ seed: KeptSeed; change: number | null }>('PUT', pathOf(name), {
			owner: f.owner,
			...Object.fromEntries(words.map(([key, text]) => [key, text.trim()])),
			...(f.owner === 'contractor' && f.consentBy.trim() && f.consentAt ? { consent_at: instantOf(f.consentAt, '12:00') } : {}),
			...(f.large ? { large: true } : {}),
		});
		told(x('seed.saved', { seed: shown(answer.seed.value, 60) }), answer.change);
	};
	return (
		<FormButton label={seed ? x('seed.edit') : x('seed.add')} primary={!seed} title={seed ? shown(seed.value, 60) : x('seed.add')} ready={seed !== undefined || f.value.trim() !== ''} start={() => setF(seed ? fieldsOf(seed) : EMPTY)} save={save}>
			{!seed && (
				<>
					<Choice label={x('column.kind')} value={f.kind} options={(['any', 'domain', 'name', 'network', 'as'] as const).map((kind): [string, string] => [kind, x(`seed.kind.${kind}`)])} set={(kind) => set({ kind })} />
					<label class="field">
						{x('seed.value')}
						<input required maxLength={200} spellcheck={false} value={f.value} placeholder={xOr('seed.hint', f.kind)} onInput={(event) => set({ value: event.currentTarget.value })} />
					</label>
				</>
			)}
			<Choice label={x('column.owner')} value={f.owner} options={OWNERS.map((owner): [string, string] => [owner, x(`owner.${owner}`)])} set={(owner) => set({ owner: owner as Owner })} />
			{f.owner !== 'self' && line('fact.company', 'company', 100)}
			{line('fact.site', 'site', 100)}
			{line('seed.country', 'country', 2)}
			{f.owner === 'contractor' && (
				<>
					<p class="quiet">{x('seed.consent.hint')}</p>
					{line('seed.consent.by', 'consentBy', 100)}
					<label class="field">
						{x('seed.consent.at')}
						<input type="date" max={isoDay()} value={f.consentAt} onInput={(event) => set({ consentAt: event.currentTarget.value })} />
					</label>
				</>
			)}
			{line('seed.note', 'note', 200)}
			{(f.kind === 'network' || f.kind === 'as' || (f.kind === 'any' && LARGE.test(f.value.trim()))) && (
				<label class="check">
					<input type="checkbox" checked={f.large} onChange={(event) => set({ large: event.currentTarget.checked })} /> {x('seed.large')}
				</label>
			)}
		</FormButton>
	);
}

interface Imported {
	read: number;
	kept: number;
	new: number;
	changed: number;
	bad: number;
	waiting: number;
	faults: { row: number; why: string }[];
	change: number | null;
}

function Import() {
	const [done, setDone] = useState<Imported | null>(null);
	const take = async (file: File | undefined) => {
		if (!file) return;
		try {
			const answer = await call<Imported>('POST', 'surface/seeds/import', { file: await fileBytes(file) });
			setDone(answer.bad > 0 ? answer : null);
			told(x('seeds.imported', { kept: answer.kept, n: answer.new, changed: answer.changed, bad: answer.bad }), answer.change);
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
		refreshAll();
	};
	return (
		<>
			<label class="button file-button" title={x('seeds.import.hint')}>
				{x('seeds.import')}
				<input
					type="file"
					class="unseen"
					accept=".csv,.xlsx,text/csv"
					onChange={(event) => {
						const input = event.currentTarget;
						void take(input.files?.[0]).finally(() => (input.value = ''));
					}}
				/>
			</label>
			{done && (
				<ul class="faults problem" role="alert">
					{done.faults.slice(0, 20).map(({ row, why }) => (
						<li key={row}>{x('seeds.fault', { row, why: shown(why, 200) })}</li>
					))}
				</ul>
			)}
		</>
	);
}
