// First run: three questions, what will happen this week, one button. After it nothing has to be decided.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, withQuery } from '../api';
import { addDays, instantOf, isoDay, shortDay, span } from '../format';
import { t, useLang, type Key } from '../i18n';
import { refreshAll, useLive } from '../live';
import { go, href } from '../router';
import { may } from '../session';
import type { Group, List as ListAnswer } from '../types';
import type { Assistant, CalendarSlot, DayList, Slot } from '../types-plan';
import { PageHead, Skeleton } from '../ui/bits';
import { messageOf, Problem, say } from '../ui/dialog';
import { Choice } from '../ui/form';
import { useNamedDays, WeekTable } from '../ui/month';

const WAIT_MS = 250;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

interface Answers {
	quiet_from: string;
	quiet_to: string;
	server: { nth: number; weekday: string } | { days: string };
	pilot: string;
}

/** What a department is; the ready policies go by it. */
type Kind = 'ward' | 'outpatient' | 'server' | '';
const KINDS: [Exclude<Kind, ''>, RegExp][] = [
	['ward', /病棟|ward|icu|nicu|ナース/i],
	['outpatient', /外来|outpatient|opd|クリニック/i],
	['server', /サーバ|server|srv|電算|データセンター/i],
];
const guess = (group: string): Kind => KINDS.find(([, pattern]) => pattern.test(group))?.[0] ?? '';

interface Plan {
	answer: Assistant;
	slots: { name: string; slots: Slot[] }[];
}

async function ask(answers: Answers): Promise<Plan> {
	const answer = await call<Assistant>('POST', 'policies/assistant', { ...answers, dry_run: true });
	const from = instantOf(isoDay());
	const until = instantOf(addDays(isoDay(), 62));
	const slots = await Promise.all(answer.policies.map(async ({ name, yaml }) => ({ name, slots: (await call<ListAnswer<Slot>>('POST', 'policies/preview', { yaml, from, until })).items })));
	return { answer, slots };
}

export const readyTitle = (name: string): string => ({ hospital: t('assistant.for.hospital'), 'ward-night': t('assistant.for.ward'), 'outpatient-morning': t('assistant.for.outpatient'), 'server-inspection': t('assistant.for.server'), pilot: t('assistant.for.pilot') })[name] ?? name;

export function AssistantPage() {
	const language = useLang();
	const [answers, setAnswers] = useState<Answers>({ quiet_from: '22:00', quiet_to: '05:00', server: { nth: 2, weekday: 'sun' }, pilot: '' });
	const [plan, setPlan] = useState<Plan | null>(null);
	const [error, setError] = useState('');
	const [busy, setBusy] = useState(false);
	useEffect(() => {
		let gone = false;
		const timer = setTimeout(() => {
			ask(answers).then(
				(next) => {
					if (gone) return;
					setPlan(next);
					setError('');
				},
				(cause) => !gone && setError(messageOf(cause)),
			);
		}, WAIT_MS);
		return () => {
			gone = true;
			clearTimeout(timer);
		};
	}, [JSON.stringify(answers), language]);
	const groups = useLive<ListAnswer<Group>>('groups?limit=1000');
	const departments = (groups.data?.items ?? []).filter((g) => g.group && (g.kind ?? 'department') === 'department');
	const [kinds, setKinds] = useState<Record<string, Kind>>({});
	const kindOf = (group: string): Kind => kinds[group] ?? guess(group);
	const install = async () => {
		setBusy(true);
		try {
			await giveRoles(departments.map(({ group }) => [group!, kindOf(group!)]));
			const done = await call<Assistant>('POST', 'policies/assistant', { ...answers, dry_run: false });
			announce(done);
			refreshAll();
			go(href(['calendar']));
		} catch (cause) {
			setError(messageOf(cause));
			setBusy(false);
		}
	};
	return (
		<>
			<PageHead kicker={<a href={href(['policies'])}>{t('nav.policies')}</a>} title={t('assistant.title')} sentence={t('assistant.sentence')} />
			<div class="beside">
				<div>
					<Questions answers={answers} set={setAnswers}>
						<Departments groups={departments} kindOf={kindOf} set={(group, kind) => setKinds({ ...kinds, [group]: kind })} />
					</Questions>
					<Problem text={error} />
					<p class="assistant-go">
						<button type="button" class="primary big" disabled={busy || !plan || error !== '' || !may('approver')} onClick={install}>
							{t('assistant.install')}
						</button>
					</p>
					<p class="quiet">{t(may('approver') ? 'assistant.install.hint' : 'assistant.not-allowed')}</p>
				</div>
				<Outcome plan={plan} hosts={(kind) => departments.filter(({ group }) => kindOf(group!) === kind).reduce((sum, { hosts }) => sum + hosts, 0)} />
			</div>
		</>
	);
}

/** Departments that are wards, outpatient rooms or servers: guessed from their names, put right here. */
function Departments({ groups, kindOf, set }: { groups: Group[]; kindOf: (group: string) => Kind; set: (group: string, kind: Kind) => void }) {
	if (groups.length === 0) return null;
	const options: [string, string][] = [...KINDS.map(([kind]): [string, string] => [kind, t(`assistant.for.${kind}`)]), ['', t('assistant.kind.other')]];
	return (
		<details class="departments" open={groups.length <= 12}>
			<summary>{t('assistant.departments')}</summary>
			<ul>
				{groups.map(({ group, hosts }) => (
					<li key={group}>
						<label>
							<span>
								{group} <span class="quiet">{t('calendar.hosts', { n: hosts })}</span>
							</span>
							<select value={kindOf(group!)} onChange={(event) => set(group!, event.currentTarget.value as Kind)}>
								{options.map(([kind, title]) => (
									<option key={kind} value={kind}>
										{title}
									</option>
								))}
							</select>
						</label>
					</li>
				))}
			</ul>
		</details>
	);
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** Writes what each department is onto its machines. */
async function giveRoles(kinds: [string, Kind][]): Promise<void> {
	const rows: string[] = [];
	for (const [group, kind] of kinds) {
		if (kind === '') continue;
		for (let offset = 0; ; ) {
			const { items, total } = await call<ListAnswer<{ name: string }>>('GET', withQuery('hosts', { group, limit: 1000, offset: offset || null }));
			rows.push(...items.map(({ name }) => `${quoted(name)},${kind}`));
			offset += items.length;
			if (items.length === 0 || offset >= total) break;
		}
	}
	if (rows.length > 0) await call('POST', 'groups/import', { csv: `host,role\n${rows.join('\n')}\n` });
}

function Questions({ answers, set, children }: { answers: Answers; set: (next: Answers) => void; children: ComponentChildren }) {
	const groups = useLive<ListAnswer<Group>>('groups?limit=1000');
	const names = [...new Set((groups.data?.items ?? []).flatMap(({ group }) => (group ? [group] : [])))];
	return (
		<ol class="steps questions">
			<li>
				<p>{t('assistant.q1')}</p>
				<div class="form-row">
					<label class="field">
						{t('form.from')}
						<input type="time" required value={answers.quiet_from} onInput={(event) => event.currentTarget.value && set({ ...answers, quiet_from: event.currentTarget.value })} />
					</label>
					<label class="field">
						{t('form.to')}
						<input type="time" required value={answers.quiet_to} onInput={(event) => event.currentTarget.value && set({ ...answers, quiet_to: event.currentTarget.value })} />
					</label>
				</div>
			</li>
			<li>
				<p>{t('assistant.q2')}</p>
				<ServerDay answers={answers} set={set} />
			</li>
			<li>
				<p>{t('assistant.q3')}</p>
				<Choice label={t('assistant.pilot')} value={answers.pilot} options={[['', t('assistant.pilot.none')], ...names.map((name): [string, string] => [name, name])]} set={(pilot) => set({ ...answers, pilot })} />
			</li>
			{children && <li class="plain-step">{children}</li>}
		</ol>
	);
}

function ServerDay({ answers, set }: { answers: Answers; set: (next: Answers) => void }) {
	const lists = useLive<ListAnswer<DayList>>('day-lists?limit=1000');
	const { server } = answers;
	const named = 'days' in server;
	const kinds: [string, string][] = [...[1, 2, 3, 4].map((n): [string, string] => [String(n), t(`form.nth.${n}` as Key)]), ['0', t('form.nth.last')], ...(lists.data?.items ?? []).map(({ name }): [string, string] => [`=${name}`, name])];
	const choose = (value: string) => set({ ...answers, server: value.startsWith('=') ? { days: value.slice(1) } : { nth: Number(value), weekday: named ? 'sun' : server.weekday } });
	return (
		<div class="form-row">
			<Choice label={t('assistant.which')} value={named ? `=${server.days}` : String(server.nth)} options={kinds} set={choose} />
			{!named && <Choice label={t('form.weekdays')} value={server.weekday} options={WEEKDAYS.map((name) => [name, t(`form.day.${name}` as Key)])} set={(weekday) => set({ ...answers, server: { ...server, weekday } })} />}
		</div>
	);
}

const KIND_OF: Record<string, Kind> = { 'ward-night': 'ward', 'outpatient-morning': 'outpatient', 'server-inspection': 'server', hospital: '' };

function Outcome({ plan, hosts }: { plan: Plan | null; hosts: (kind: Kind) => number }) {
	const days = useNamedDays(undefined);
	if (!plan) return <Skeleton lines={8} />;
	const week = Array.from({ length: 7 }, (_, i) => addDays(isoDay(), i));
	const end = Date.parse(instantOf(addDays(isoDay(), 7)));
	const inOrder = [...plan.slots.slice(1), plan.slots[0]!]; // everybody else stands last
	const rows: CalendarSlot[] = inOrder.flatMap(({ name, slots }) => slots.filter((slot) => Date.parse(slot.start) < end).map((slot) => ({ ...slot, group: readyTitle(name), hosts: name in KIND_OF ? hosts(KIND_OF[name]!) : 0, patches: 0 })));
	const later = plan.slots.flatMap(({ name, slots }) => (slots[0] && Date.parse(slots[0].start) >= end ? [{ name, slot: slots[0] }] : []));
	return (
		<section class="preview">
			<h2>{t('assistant.week')}</h2>
			<WeekTable week={week} slots={rows} days={days} to={() => href(['assistant'])} asGiven />
			<ul class="notices">
				{later.map(({ name, slot }) => (
					<li key={name}>{t('assistant.later', { who: readyTitle(name), when: `${shortDay(slot.start)} ${span(slot.start, slot.end)}` })}</li>
				))}
			</ul>
			{(plan.answer.servers ?? []).length > 0 && (
				<>
					<p>{t('assistant.servers')}</p>
					<ul class="notices">
						{plan.answer.servers!.map(({ host, why }) => (
							<li key={host.id}>
								<a href={href(['hosts', host.id])}>{host.name}</a> <span class="quiet">{host.group ?? ''} {why}</span>
							</li>
						))}
					</ul>
				</>
			)}
			<p>{t(plan.answer.policies.some(({ name }) => name === 'pilot') ? 'assistant.rules.pilot' : 'assistant.rules')}</p>
			<details class="texts">
				<summary>{t('assistant.texts', { n: plan.answer.policies.length })}</summary>
				{plan.answer.policies.map(({ name, yaml }) => (
					<pre key={name} class="words">
						{yaml}
					</pre>
				))}
			</details>
		</section>
	);
}

/** What was there before comes back; what is new goes. */
function announce(done: Assistant): void {
	say({
		text: t('assistant.done', { n: done.policies.length }),
		link: { label: t('nav.policies'), href: href(['policies']) },
		action: {
			label: t('order.take-back'),
			run: async () => {
				for (const { name, version } of done.policies) {
					const path = `policies/${encodeURIComponent(name)}`;
					if (version > 1) await call('POST', `${path}/revert`, { version: version - 1 });
					else await call('DELETE', path);
				}
				return t('assistant.taken-back');
			},
		},
	});
}
