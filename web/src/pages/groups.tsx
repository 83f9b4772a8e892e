// 部署グループ: which machines belong together, and by whose word: a department, chosen by hand, or by a rule that
// machines follow by themselves. Policies are made for them.
import { useState } from 'preact/hooks';
import { call, fileBytes } from '../api';
import { t } from '../i18n';
import { useLive } from '../live';
import { href, useRoute } from '../router';
import { may } from '../session';
import type { Group, GroupImport, GroupRule, List as ListAnswer } from '../types';
import { Count, Empty, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { FormButton, say } from '../ui/dialog';
import { Filter, Rows, Search } from '../ui/list';
import type { Column } from '../ui/table';
import { GroupForm } from './group-form';

/** How a group gets its machines. */
export type Way = 'department' | 'hand' | 'names' | 'rule';
export const WAYS: Way[] = ['department', 'hand', 'names', 'rule'];

export function wayOf({ kind, rule }: Group): Way {
	if ((kind ?? 'department') === 'department') return 'department';
	if (kind === 'hand') return 'hand';
	return rule && Object.keys(rule).join() === 'names' ? 'names' : 'rule';
}

const RULE_KEYS = ['names', 'os', 'tags', 'networks'] as const;

/** "端末名 xray-* または ct-*、OS windows": every part must fit. */
export function ruleText(rule: GroupRule | null | undefined): string {
	return RULE_KEYS.flatMap((key) => (rule?.[key]?.length ? [t(`group.rule.${key}`, { what: rule[key].join(t('group.rule.or')) })] : [])).join(t('group.rule.and'));
}

export function PolicyLinks({ names }: { names: string[] | undefined }) {
	if (!names?.length) return <span class="quiet">–</span>;
	return (
		<>
			{names.map((name, i) => (
				<span key={name}>
					{i > 0 && t('list.comma')}
					<a href={href(['policies', name])}>{name}</a>
				</span>
			))}
		</>
	);
}

const columns: Column<Group>[] = [
	{ id: 'group', title: 'group', cell: (g) => g.group, text: (g) => g.group ?? '', sort: (g) => g.group },
	{ id: 'way', title: 'group.way', cell: (g) => t(`group.way.${wayOf(g)}`), text: (g) => t(`group.way.${wayOf(g)}`), sort: (g) => WAYS.indexOf(wayOf(g)) },
	{ id: 'rule', title: 'group.rule', wrap: 'wide', sparse: true, cell: (g) => ruleText(g.rule), text: (g) => ruleText(g.rule) },
	{ id: 'hosts', title: 'hosts', num: true, falling: true, cell: (g) => <Count n={g.hosts} to={href(['groups', g.group ?? ''])} label={g.group ?? ''} />, text: (g) => String(g.hosts), sort: (g) => g.hosts },
	{ id: 'policies', title: 'nav.policies', wrap: true, cell: (g) => (g.policies?.length ? <PolicyLinks names={g.policies} /> : null), text: (g) => (g.policies ?? []).join(' '), sort: (g) => g.policies?.[0] ?? null },
	{ id: 'at', title: 'policy.changed', sparse: true, falling: true, cell: (g) => g.at && <Time at={g.at} />, text: (g) => g.at ?? '', sort: (g) => g.at },
	{ id: 'by', title: 'policy.by', sparse: true, cell: (g) => g.by, text: (g) => g.by ?? '', sort: (g) => g.by },
];

export function GroupsPage() {
	const { params } = useRoute();
	const live = useLive<ListAnswer<Group>>('groups?limit=1000');
	if (params.get('new') === '1') return <GroupForm />;
	const rows = (live.data?.items ?? []).filter(({ group }) => group !== null);
	return (
		<>
			<PageHead title={t('nav.groups')} sentence={t('groups.sentence')}>
				{may('operator') && <Import />}
				{may('operator') && (
					<a class="button primary" href={href(['groups'], { new: '1' })}>
						{t('group.new')}
					</a>
				)}
			</PageHead>
			{live.error && <Failure error={live.error} retry={live.reload} quiet={live.data !== undefined} />}
			{!live.data && !live.error && <Skeleton />}
			{live.data && (
				<Rows<Group>
					name="groups"
					caption={t('nav.groups')}
					columns={columns}
					rows={rows}
					keyOf={(g) => `${g.kind} ${g.group}`}
					link={(g) => href(['groups', g.group ?? ''])}
					filters={['q', 'way']}
					keep={(g, query) => !query.get('way') || wayOf(g) === query.get('way')}
					order="group"
					toolbar={
						<>
							<Search hint="search.groups" />
							<Filter name="way" label="group.way" options={WAYS.map((way) => [way, t(`group.way.${way}`)])} />
						</>
					}
					empty={
						<Empty title={t('groups.none')}>
							<p>{t('groups.none.advice')}</p>
						</Empty>
					}
				/>
			)}
		</>
	);
}

const MOVES_SHOWN = 12;

/** A directory's list of machines: what would change is shown before anything does. */
function Import() {
	const [csv, setCsv] = useState('');
	const [file, setFile] = useState<{ name: string; bytes: string } | null>(null);
	const [look, setLook] = useState<GroupImport | null>(null);
	const [error, setError] = useState('');
	const send = (dry_run: boolean) => call<GroupImport>('POST', 'groups/import', file ? { file: file.bytes, dry_run } : { csv, dry_run });
	const change = (text: string) => {
		setCsv(text);
		setFile(null);
		setLook(null);
	};
	const read = async (input: HTMLInputElement) => {
		const chosen = input.files?.[0];
		if (chosen) {
			change('');
			setFile({ name: chosen.name, bytes: await fileBytes(chosen) });
		}
		input.value = '';
	};
	const save = async () => {
		if (!look) {
			setLook(await send(true));
			return false;
		}
		const done = await send(false);
		say({ text: t('groups.import.done', { n: done.kept, moves: done.moves.length }) });
		return true;
	};
	return (
		<FormButton
			label={t('groups.import')}
			title={t('groups.import.title')}
			confirm={t(look ? 'groups.import.confirm' : 'groups.import.look', { n: look?.kept ?? 0 })}
			ready={(file !== null || csv.trim() !== '') && (look === null || look.kept > 0)}
			start={() => {
				change('');
				setError('');
			}}
			save={save}
		>
			<p>{t('groups.import.body')}</p>
			<label class="button">
				{t('groups.import.file')}
				<input type="file" class="unseen" accept=".xlsx,.csv,.txt,text/csv" onChange={(event) => void read(event.currentTarget).catch(() => setError(t('groups.import.unread')))} />
			</label>
			{file && <p>{file.name}</p>}
			{error && <p class="problem">{error}</p>}
			<label class="field">
				CSV
				<textarea rows={6} value={csv} spellcheck={false} placeholder={'host,group,tags\nnurse-3-01,病棟3階,pc'} onInput={(event) => change(event.currentTarget.value)} />
			</label>
			{look && <ImportLook look={look} />}
		</FormButton>
	);
}

function ImportLook({ look }: { look: GroupImport }) {
	const bad = look.skipped.malformed;
	return (
		<div class="names" role="status">
			<p>
				<strong>{t('groups.import.counts', { read: look.read, kept: look.kept })}</strong> {look.moves.length === 0 && t('groups.import.no-moves')}
			</p>
			{look.moves.length > 0 && (
				<>
					<h3>{t('groups.import.moves', { n: look.moves.length })}</h3>
					<ul>
						{look.moves.slice(0, MOVES_SHOWN).map(({ host, from, to }) => (
							<li key={host.id}>
								{host.name} <span class="quiet">{from ?? t('group.none')} →</span> {to}
							</li>
						))}
					</ul>
					{look.moves.length > MOVES_SHOWN && <p class="quiet">{t('more', { n: look.moves.length - MOVES_SHOWN })}</p>}
				</>
			)}
			{look.unknown.length > 0 && (
				<p class="problem">
					{t('groups.import.unknown', { n: look.skipped['unknown-host'] })} {look.unknown.slice(0, MOVES_SHOWN).join(t('list.comma'))}
				</p>
			)}
			{bad > 0 && <p class="problem">{t('groups.import.malformed', { n: bad })}</p>}
		</div>
	);
}
