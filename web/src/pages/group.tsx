// One group: who is in it and why, what is made for it, and how to change it.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { t } from '../i18n';
import { refreshAll, useLive } from '../live';
import { go, href, useRoute } from '../router';
import { may } from '../session';
import type { Group, GroupRule, Host, List as ListAnswer } from '../types';
import { Empty, Facts, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { ConfirmButton, FormButton, messageOf, say } from '../ui/dialog';
import { HostPicker, type Chosen } from '../ui/hosts';
import { Rows, Search } from '../ui/list';
import type { Column } from '../ui/table';
import { GroupForm } from './group-form';
import { PolicyLinks, ruleText, wayOf } from './groups';

/** Of a department the answer is the list of hosts, which knows more. */
export interface Member extends Partial<Omit<Host, 'group'>> {
	id: string;
	name: string;
	group: string | null;
}

export const groupPath = (name: string) => `groups/${encodeURIComponent(name)}`;

/** Who is in it: of a department those whose department it is. */
export const membersPath = (g: Group) => (wayOf(g) === 'department' ? `hosts?group=${encodeURIComponent(g.group ?? '')}&limit=1000` : `${groupPath(g.group ?? '')}/hosts`);

/** Puts a group back as it was. */
export async function putBack(name: string, rule: GroupRule | null, members: string[]): Promise<string> {
	await call('PUT', groupPath(name), { rule });
	if (!rule) await setMembers(name, members);
	return t('group.put-back', { name });
}

/** Its page goes first: it would ask for what is no more. */
export async function leaveAndDelete(name: string): Promise<void> {
	go(href(['groups']));
	await new Promise((resolve) => setTimeout(resolve));
	await call('DELETE', groupPath(name));
	refreshAll();
}

/** Of a group made by hand: exactly these. */
export async function setMembers(name: string, wanted: string[]): Promise<void> {
	const { items } = await call<ListAnswer<Member>>('GET', `${groupPath(name)}/hosts`);
	const now = items.map(({ id }) => id);
	const come = wanted.filter((id) => !now.includes(id));
	const leave = now.filter((id) => !wanted.includes(id));
	if (come.length > 0) await call('POST', `${groupPath(name)}/hosts`, { hosts: come });
	if (leave.length > 0) await call('POST', `${groupPath(name)}/remove`, { hosts: leave });
}

const setDepartment = async (hosts: Member[], group: (host: Member) => string | null) => {
	for (const host of hosts) await call('PATCH', `hosts/${encodeURIComponent(host.id)}`, { group: group(host) });
};

/** Machines go into a group, or out of it; how to undo that. */
async function change(g: Group, hosts: Member[], add: boolean): Promise<() => Promise<void>> {
	const name = g.group ?? '';
	if (wayOf(g) === 'department') {
		await setDepartment(hosts, () => (add ? name : null));
		return () => setDepartment(hosts, (host) => host.group);
	}
	const send = async (verb: string) => void (await call('POST', `${groupPath(name)}/${verb}`, { hosts: hosts.map(({ id }) => id) }));
	await send(add ? 'hosts' : 'remove');
	return () => send(add ? 'remove' : 'hosts');
}

async function changeAndSay(g: Group, hosts: Member[], add: boolean): Promise<void> {
	const undo = await change(g, hosts, add);
	say({
		text: t(add ? 'group.added' : 'group.removed', { n: hosts.length, name: g.group ?? '' }),
		action: {
			label: t('order.take-back'),
			run: async () => {
				await undo();
				return t('group.put-back', { name: g.group ?? '' });
			},
		},
	});
	refreshAll();
}

const columns: Column<Member>[] = [
	{ id: 'name', title: 'host', cell: (h) => h.name, text: (h) => h.name, sort: (h) => h.name },
	{ id: 'group', title: 'group.way.department', cell: (h) => h.group ?? <span class="quiet">–</span>, text: (h) => h.group ?? '', sort: (h) => h.group },
];

const departmentColumns: Column<Member>[] = [
	columns[0]!,
	{ id: 'sentence', title: 'state', wrap: 'wide', cell: (h) => h.sentence, text: (h) => h.sentence ?? '', sort: (h) => h.sentence },
	{ id: 'last_seen', title: 'last-seen', falling: true, cell: (h) => <Time at={h.last_seen} />, text: (h) => h.last_seen ?? '', sort: (h) => h.last_seen },
];

export function GroupPage({ id }: { id: string }) {
	const { params } = useRoute();
	const live = useLive<ListAnswer<Group>>('groups?limit=1000');
	const group = live.data?.items.find((g) => g.group === id);
	const back = <a href={href(['groups'])}>{t('nav.groups')}</a>;
	if (!group)
		return (
			<>
				<PageHead kicker={back} title={id} />
				{live.error && !live.data && <Failure error={live.error} retry={live.reload} />}
				{!live.error && !live.data && <Skeleton lines={8} />}
				{live.data && (
					<Empty title={t('group.missing')}>
						<a href={href(['groups'])}>{t('group.missing.advice')}</a>
					</Empty>
				)}
			</>
		);
	if (params.get('edit') === '1' && wayOf(group) !== 'department') return <GroupForm key={id} group={group} />;
	return <Loaded key={id} g={group} />;
}

function Loaded({ g }: { g: Group }) {
	const name = g.group ?? '';
	const way = wayOf(g);
	const live = useLive<ListAnswer<Member>>(membersPath(g));
	return (
		<>
			<PageHead kicker={<a href={href(['groups'])}>{t('nav.groups')}</a>} title={name} sentence={t(`group.sentence.${way}`, { n: g.hosts })}>
				{way !== 'department' && may('operator') && (
					<>
						<Delete g={g} />
						<a class="button" href={href(['groups', name], { edit: '1' })}>
							{t('change')}
						</a>
					</>
				)}
				{(way === 'department' || way === 'hand') && may('operator') && <Add g={g} members={live.data?.items ?? []} />}
			</PageHead>
			<Facts
				rows={[
					['group.way', t(`group.way.${way}`)],
					...(g.rule ? [['group.rule', ruleText(g.rule)] as ['group.rule', string]] : []),
					['nav.policies', <PolicyLinks names={g.policies} />],
					...(g.at ? [['policy.changed', <Changed g={g} />] as ['policy.changed', ReturnType<typeof Changed>]] : []),
				]}
			/>
			{live.error && <Failure error={live.error} retry={live.reload} quiet={live.data !== undefined} />}
			{!live.data && !live.error && <Skeleton />}
			{live.data && <Members g={g} rows={live.data.items} />}
		</>
	);
}

const Changed = ({ g }: { g: Group }) => (
	<>
		<Time at={g.at} /> {g.by}
	</>
);

function Members({ g, rows }: { g: Group; rows: Member[] }) {
	const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
	const way = wayOf(g);
	const byHand = (way === 'hand' || way === 'department') && may('operator');
	const picked = rows.filter(({ id }) => chosen.has(id));
	const remove = async () => {
		try {
			await changeAndSay(g, picked, false);
			setChosen(new Set());
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
	};
	return (
		<Rows<Member>
			name={`group-${g.group ?? ''}`}
			caption={t('hosts')}
			columns={way === 'department' ? departmentColumns : columns}
			rows={rows}
			keyOf={(h) => h.id}
			link={(h) => href(['hosts', h.id])}
			filters={['q']}
			order="name"
			selection={byHand ? { keys: chosen, set: setChosen } : undefined}
			toolbar={
				<>
					<Search hint="search.members" />
					{way === 'department' && <a href={href(['hosts'], { group: g.group })}>{t('group.hosts')}</a>}
					{byHand && picked.length > 0 && (
						<button type="button" onClick={remove}>
							{t('group.remove', { n: picked.length })}
						</button>
					)}
				</>
			}
			empty={
				<Empty title={t('group.empty')}>
					<p>{t(way === 'hand' ? 'group.empty.hand' : 'group.empty.rule')}</p>
				</Empty>
			}
		/>
	);
}

function Add({ g, members }: { g: Group; members: Member[] }) {
	const [chosen, setChosen] = useState<Chosen>(new Map());
	const save = () => changeAndSay(g, [...chosen.values()], true);
	return (
		<FormButton primary label={t('group.add')} title={t('group.add.title', { name: g.group ?? '' })} confirm={t('group.add.confirm', { n: chosen.size })} ready={chosen.size > 0} start={() => setChosen(new Map())} save={save}>
			{wayOf(g) === 'department' && <p>{t('group.add.department')}</p>}
			<HostPicker chosen={chosen} set={setChosen} without={new Set(members.map(({ id }) => id))} />
		</FormButton>
	);
}

function Delete({ g }: { g: Group }) {
	const name = g.group ?? '';
	const used = g.policies ?? [];
	if (used.length > 0)
		return (
			<button type="button" disabled title={t('group.delete.used', { policies: used.join(t('list.comma')) })}>
				{t('group.delete')}
			</button>
		);
	const act = async () => {
		const { items } = await call<ListAnswer<Member>>('GET', `${groupPath(name)}/hosts`);
		try {
			await leaveAndDelete(name);
			say({ text: t('group.deleted', { name }), action: { label: t('order.take-back'), run: () => putBack(name, g.rule ?? null, items.map(({ id }) => id)) } });
		} catch (cause) {
			say({ text: messageOf(cause) }); // the dialog went with the page
		}
	};
	return <ConfirmButton danger label={t('group.delete')} title={t('group.delete.title', { name })} body={<p>{t('group.delete.body', { n: g.hosts })}</p>} confirm={t('delete')} act={act} />;
}
