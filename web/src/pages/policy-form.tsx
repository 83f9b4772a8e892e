// The policy as questions. Each section writes its own line of the policy and leaves the others alone; what the form
// does not ask stays as it was written.
import { useState } from 'preact/hooks';
import { weekday } from '../format';
import { lang, t, tOr, type Key } from '../i18n';
import { useLive } from '../live';
import type { List as ListAnswer } from '../types';
import type { Applies, ApproveRule, Blackout, DayList, Emergency, MitigationRow, PolicyBody, PolicyWindow, Reboot, Ring } from '../types-plan';
import { Check, Choice, Duration, NumberField, Picks, Section, TextField, Words } from '../ui/form';

type Write = (key: string, next: PolicyBody) => void;

export function PolicyForm({ body, write, readOnly }: { body: PolicyBody; write: Write; readOnly: boolean }) {
	const put = (key: string, value: unknown) => write(key, { ...body, [key]: value });
	const install = (key: string, value: unknown) => {
		const next: Record<string, unknown> = { ...body.install, [key]: value };
		if (value === undefined) delete next[key];
		put('install', Object.keys(next).length > 0 ? next : undefined);
	};
	return (
		<fieldset class="policy-form" disabled={readOnly}>
			<Who applies={body['applies-to'] ?? {}} put={(next) => put('applies-to', next)} />
			<Windows windows={body.install?.windows} put={(next) => install('windows', next)} />
			<Blackouts items={body.install?.blackout} put={(next) => install('blackout', next)} />
			<Approval rules={body.approve} put={(next) => put('approve', next)} />
			<Restart reboot={body.reboot} put={(next) => put('reboot', next)} />
			<Rings rings={body.rings} put={(next) => put('rings', next)} />
			<Urgent emergency={body.emergency} put={(next) => put('emergency', next)} />
			<Others body={body} />
		</fieldset>
	);
}

const without = <T extends object>(value: T, key: keyof T): T => {
	const next = { ...value };
	delete next[key];
	return next;
};

const set = <T extends object, K extends keyof T>(value: T, key: K, next: T[K] | undefined): T => (next === undefined ? without(value, key) : { ...value, [key]: next });

const replaced = <T,>(items: T[], i: number, next: T): T[] => items.map((item, k) => (k === i ? next : item));

/** A wider policy counts until this one has a word. */
function Inherited({ start, text }: { start: () => void; text: Key }) {
	return (
		<p class="inherited">
			<span class="quiet">{t(text)}</span>{' '}
			<button type="button" onClick={start}>
				{t('form.own')}
			</button>
		</p>
	);
}

function Who({ applies, put }: { applies: Applies; put: (next: Applies | undefined) => void }) {
	const groups = useLive<ListAnswer<{ group: string | null }>>('groups?limit=1000');
	const known = (groups.data?.items ?? []).flatMap(({ group }) => (group ? [group] : []));
	const change = (key: keyof Applies, names: string[]) => {
		const next = set(applies, key, names.length > 0 ? names : undefined);
		put(Object.keys(next).length > 0 ? next : undefined);
	};
	return (
		<Section title={t('form.who')} hint={t('form.who.hint')}>
			<Picks label={t('form.groups')} all={[...new Set([...known, ...(applies.groups ?? [])])].map((name) => [name, name])} chosen={applies.groups ?? []} set={(names) => change('groups', names)} />
			<Picks
				label={t('os')}
				all={[
					['windows', 'Windows'],
					['linux', 'Linux'],
				]}
				chosen={applies.os ?? []}
				set={(names) => change('os', names)}
			/>
			<div class="form-row">
				<Words label={t('form.tags')} words={applies.tags ?? []} set={(names) => change('tags', names)} />
				<Words label={t('form.roles')} words={applies.roles ?? []} set={(names) => change('roles', names)} />
				<Words label={t('form.names')} words={applies.names ?? []} set={(names) => change('names', names)} hint="ward3-*" />
			</div>
		</Section>
	);
}

/* ---- windows ---- */

const RULES = ['weekly', 'nth', 'monthly', 'patch-tuesday', 'dates', 'days'] as const;
type Rule = (typeof RULES)[number];
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const dayNames = (): [string, string][] => DAYS.map((name, i) => [name, weekday((i + 1) % 7)]);

const ruleOf = (w: PolicyWindow): Rule => RULES.find((rule) => w[rule] !== undefined) ?? 'weekly';

const EMPTY: Record<Rule, Partial<PolicyWindow>> = {
	weekly: { weekly: ['tue'] },
	nth: { nth: [2], weekday: ['sat'] },
	monthly: { monthly: [1] },
	'patch-tuesday': { 'patch-tuesday': '+7d' },
	dates: { dates: [] },
	days: { days: '休診日' },
};

/** Another rule, the same hours; the keys of a rule stand where people read them first. */
function withRule(w: PolicyWindow, rule: Rule): PolicyWindow {
	const { name, weekly, monthly, nth, weekday: on, 'patch-tuesday': tuesday, dates, days, ...hours } = w;
	return { ...(name === undefined ? {} : { name }), ...EMPTY[rule], ...hours };
}

function Windows({ windows, put }: { windows: PolicyWindow[] | undefined; put: (next: PolicyWindow[] | undefined) => void }) {
	const add = () => put([...(windows ?? []), { name: freeName(windows ?? []), weekly: ['tue', 'thu'], at: '22:00', for: '4h', cutoff: '1h', 'ready-by': '07:00' }]);
	return (
		<Section title={t('form.windows')} hint={t('form.windows.hint')}>
			{windows === undefined && <Inherited start={add} text="form.inherited" />}
			{windows?.map((w, i) => (
				<WindowCard key={i} w={w} put={(next) => put(replaced(windows, i, next))} remove={() => put(windows.length > 1 ? windows.filter((_, k) => k !== i) : undefined)} />
			))}
			{windows && (
				<button type="button" onClick={add}>
					{t('form.windows.add')}
				</button>
			)}
		</Section>
	);
}

function freeName(windows: PolicyWindow[]): string {
	const base = lang() === 'ja' ? '夜間' : 'night';
	for (let i = 1; ; i++) {
		const name = i === 1 ? base : `${base}${i}`;
		if (!windows.some((w) => w.name === name)) return name;
	}
}

function WindowCard({ w, put, remove }: { w: PolicyWindow; put: (next: PolicyWindow) => void; remove: () => void }) {
	const rule = ruleOf(w);
	return (
		<div class="card">
			<div class="form-row">
				<TextField label={t('form.window.name')} value={w.name ?? ''} set={(name) => put(set(w, 'name', name || undefined))} />
				<Choice label={t('form.window.rule')} value={rule} options={RULES.map((name) => [name, t(`form.rule.${name}`)])} set={(name) => put(withRule(w, name as Rule))} />
				<button type="button" class="bare end" onClick={remove}>
					{t('form.remove')}
				</button>
			</div>
			<RuleFields w={w} rule={rule} put={put} />
			<div class="form-row">
				<label class="field">
					{t('form.window.at')}
					<input type="time" required value={w.at.padStart(5, '0')} onInput={(event) => event.currentTarget.value && put({ ...w, at: event.currentTarget.value })} />
				</label>
				<Duration label={t('form.window.for')} value={w.for} units="mh" set={(text) => put({ ...w, for: text })} />
				<Duration label={t('form.window.cutoff')} value={w.cutoff ?? '0m'} units="mh" set={(text) => put(set(w, 'cutoff', /^0/.test(text) ? undefined : text))} />
				<label class="field">
					{t('form.window.ready-by')}
					<input type="time" value={(w['ready-by'] ?? '').padStart(w['ready-by'] ? 5 : 0, '0')} onInput={(event) => put(set(w, 'ready-by', event.currentTarget.value || undefined))} />
				</label>
			</div>
		</div>
	);
}

const NTHS: [string, Key][] = [
	['1', 'form.nth.1'],
	['2', 'form.nth.2'],
	['3', 'form.nth.3'],
	['4', 'form.nth.4'],
	['5', 'form.nth.5'],
	['last', 'form.nth.last'],
];

const place = (text: string): number | 'last' => (text === 'last' ? 'last' : Number(text));

function RuleFields({ w, rule, put }: { w: PolicyWindow; rule: Rule; put: (next: PolicyWindow) => void }) {
	if (rule === 'weekly') return <Picks label={t('form.weekdays')} all={dayNames()} chosen={w.weekly ?? []} set={(names) => put({ ...w, weekly: names })} order={DAYS} />;
	if (rule === 'nth')
		return (
			<>
				<Picks label={t('form.nth')} all={NTHS.map(([name, key]) => [name, t(key)])} chosen={(w.nth ?? []).map(String)} set={(names) => put({ ...w, nth: names.map(place) })} order={NTHS.map(([name]) => name)} />
				<Picks label={t('form.weekdays')} all={dayNames()} chosen={w.weekday ?? []} set={(names) => put({ ...w, weekday: names })} order={DAYS} />
				<Months w={w} put={put} />
			</>
		);
	if (rule === 'monthly')
		return (
			<>
				<Words label={t('form.monthdays')} words={(w.monthly ?? []).map(String)} set={(names) => put({ ...w, monthly: names.map(place) })} hint="1, 15, last" />
				<Months w={w} put={put} />
			</>
		);
	if (rule === 'patch-tuesday')
		return (
			<NumberField label={t('form.tuesday')} value={Number.parseInt((w['patch-tuesday'] ?? '+0d').replace('+', ''), 10)} min={0} max={60} set={(n) => put({ ...w, 'patch-tuesday': `+${n}d` })} />
		);
	if (rule === 'dates') return <Dates dates={w.dates ?? []} set={(dates) => put({ ...w, dates })} />;
	return <NamedList w={w} put={put} />;
}

function Months({ w, put }: { w: PolicyWindow; put: (next: PolicyWindow) => void }) {
	const all = Array.from({ length: 12 }, (_, i): [string, string] => [String(i + 1), t('form.month', { n: i + 1 })]);
	return (
		<Picks
			label={t('form.months')}
			all={all}
			chosen={(w.months ?? []).map(String)}
			set={(names) => put(set(w, 'months', names.length > 0 ? names.map(Number) : undefined))}
			order={all.map(([name]) => name)}
		/>
	);
}

function Dates({ dates, set: put }: { dates: string[]; set: (dates: string[]) => void }) {
	const [next, setNext] = useState('');
	const add = () => {
		if (next && !dates.includes(next)) put([...dates, next].sort());
		setNext('');
	};
	return (
		<div class="form-row">
			<label class="field">
				{t('form.dates')}
				<input type="date" value={next} onInput={(event) => setNext(event.currentTarget.value)} />
			</label>
			<button type="button" disabled={next === ''} onClick={add}>
				{t('form.add')}
			</button>
			<span class="chips">
				{dates.map((date) => (
					<button key={date} type="button" class="chip" onClick={() => put(dates.filter((d) => d !== date))} aria-label={`${date} ${t('form.remove')}`}>
						{date} ×
					</button>
				))}
			</span>
		</div>
	);
}

function NamedList({ w, put }: { w: PolicyWindow; put: (next: PolicyWindow) => void }) {
	const lists = useLive<ListAnswer<DayList>>('day-lists?limit=1000');
	const names = [...new Set([...(lists.data?.items ?? []).map(({ name }) => name), '祝日', ...(w.days ? [w.days] : [])])];
	return <Choice label={t('form.days')} value={w.days ?? ''} options={names.map((name) => [name, name])} set={(days) => put({ ...w, days })} />;
}

function Blackouts({ items, put }: { items: Blackout[] | undefined; put: (next: Blackout[] | undefined) => void }) {
	const add = () => put([...(items ?? []), { from: nextYear(), to: nextYear(3), why: lang() === 'ja' ? '年末年始' : 'New Year' }]);
	return (
		<Section title={t('form.blackout')} hint={t('form.blackout.hint')}>
			{items?.map((item, i) => (
				<div key={i} class="form-row">
					<label class="field">
						{t('form.from')}
						<input type="date" value={item.from ?? ''} onInput={(event) => put(replaced(items, i, set(item, 'from', event.currentTarget.value || undefined)))} />
					</label>
					<label class="field">
						{t('form.to')}
						<input type="date" value={item.to ?? ''} onInput={(event) => put(replaced(items, i, set(item, 'to', event.currentTarget.value || undefined)))} />
					</label>
					<TextField label={t('reason')} value={item.why ?? ''} set={(why) => put(replaced(items, i, set(item, 'why', why || undefined)))} />
					<button type="button" class="bare" onClick={() => put(items.length > 1 ? items.filter((_, k) => k !== i) : undefined)}>
						{t('form.remove')}
					</button>
				</div>
			))}
			<button type="button" onClick={add}>
				{t('form.blackout.add')}
			</button>
		</Section>
	);
}

function nextYear(dayOfJanuary = 0): string {
	const year = new Date().getFullYear();
	return dayOfJanuary > 0 ? `${year + 1}-01-0${dayOfJanuary}` : `${year}-12-29`;
}

/* ---- approval ---- */

const CLASSES = ['any', 'security', 'bugfix', 'feature'];
const SEVERITIES = ['critical', 'high', 'medium', 'low'];

function Approval({ rules, put }: { rules: ApproveRule[] | undefined; put: (next: ApproveRule[] | undefined) => void }) {
	const add = () => put([...(rules ?? []), { classification: 'security', after: '3d' }]);
	const swap = (i: number) => {
		const next = [...(rules ?? [])];
		[next[i - 1], next[i]] = [next[i]!, next[i - 1]!];
		put(next);
	};
	return (
		<Section title={t('form.approve')} hint={t('form.approve.hint')}>
			{rules === undefined && <Inherited start={add} text="form.inherited" />}
			<ol class="rules">
				{rules?.map((rule, i) => (
					<li key={i} class="card">
						<RuleCard rule={rule} put={(next) => put(replaced(rules, i, next))} />
						<span class="row-actions corner">
							<button type="button" class="bare" disabled={i === 0} onClick={() => swap(i)} aria-label={t('form.up')} title={t('form.up')}>
								↑
							</button>
							<button type="button" class="bare" onClick={() => put(rules.filter((_, k) => k !== i))}>
								{t('form.remove')}
							</button>
						</span>
					</li>
				))}
			</ol>
			{rules && (
				<button type="button" onClick={add}>
					{t('form.approve.add')}
				</button>
			)}
		</Section>
	);
}

function RuleCard({ rule, put }: { rule: ApproveRule; put: (next: ApproveRule) => void }) {
	const approval = (never: boolean) => put(never ? { ...without(rule, 'after'), never: true } : { ...without(rule, 'never'), after: '3d' });
	return (
		<>
			<div class="form-row">
				<Choice label={t('form.class')} value={rule.classification ?? 'any'} options={CLASSES.map((name) => [name, t(`form.class.${name}` as Key)])} set={(name) => put(set(rule, 'classification', name === 'any' ? undefined : name))} />
				<TextField label={t('form.app')} value={rule.app ?? ''} set={(app) => put(set(rule, 'app', app || undefined))} hint={t('form.app.hint')} />
				<Choice
					label={t('form.decision')}
					value={rule.never ? 'never' : 'after'}
					options={[
						['after', t('form.approve.after')],
						['never', t('form.approve.never')],
					]}
					set={(name) => approval(name === 'never')}
				/>
				{!rule.never && <Duration label={t('form.age')} value={rule.after ?? '0d'} units="hd" set={(after) => put({ ...rule, after })} />}
			</div>
			<Picks label={t('severity')} all={SEVERITIES.map((name) => [name, tOr('severity', name)])} chosen={rule.severity ?? []} set={(names) => put(set(rule, 'severity', names.length > 0 ? names : undefined))} order={SEVERITIES} />
			<Check label={t('form.kev')} on={rule['known-exploited'] === true} set={(on) => put(set(rule, 'known-exploited', on || undefined))} />
		</>
	);
}

/* ---- restarts ---- */

const MODES = ['if-needed', 'never', 'always', 'prompt'];

function Restart({ reboot, put }: { reboot: Reboot | undefined; put: (next: Reboot | undefined) => void }) {
	if (!reboot)
		return (
			<Section title={t('reboot')}>
				<Inherited start={() => put({ mode: 'if-needed', unit: 'atomic', 'logged-on': 'when-idle' })} text="form.inherited" />
			</Section>
		);
	const prompt = reboot.prompt ?? { defer: 3, every: '1h', deadline: '24h' };
	return (
		<Section title={t('reboot')}>
			<div class="form-row">
				<Choice label={t('form.reboot.mode')} value={reboot.mode ?? 'if-needed'} options={MODES.map((name) => [name, t(`form.reboot.${name}` as Key)])} set={(mode) => put({ ...reboot, mode })} />
				<Choice
					label={t('form.logged-on')}
					value={reboot['logged-on'] ?? 'when-idle'}
					options={['when-idle', 'never', 'force'].map((name) => [name, t(`form.logged-on.${name}` as Key)])}
					set={(name) => put({ ...reboot, 'logged-on': name })}
				/>
			</div>
			<Check label={t('form.atomic')} on={reboot.unit === 'atomic'} set={(on) => put({ ...reboot, unit: on ? 'atomic' : 'separate' })} />
			{reboot.mode === 'prompt' && (
				<div class="form-row">
					<NumberField label={t('form.defer')} value={prompt.defer ?? 3} min={0} max={100} set={(defer) => put({ ...reboot, prompt: { ...prompt, defer } })} />
					<Duration label={t('form.every')} value={prompt.every ?? '1h'} units="mh" set={(every) => put({ ...reboot, prompt: { ...prompt, every } })} />
					<Duration label={t('form.deadline')} value={prompt.deadline ?? '24h'} units="hd" set={(deadline) => put({ ...reboot, prompt: { ...prompt, deadline } })} />
				</div>
			)}
		</Section>
	);
}

/* ---- rings ---- */

function Rings({ rings, put }: { rings: Ring[] | undefined; put: (next: Ring[] | undefined) => void }) {
	const first = (): Ring[] => [
		{ name: 'pilot', groups: [], soak: '1d', 'min-success': 0.9 },
		{ name: 'rest', 'max-at-once': '20%', 'error-stop': 3 },
	];
	return (
		<Section title={t('form.rings')} hint={t('form.rings.hint')}>
			{rings === undefined && <Inherited start={() => put(first().map((ring) => (ring.groups ? without(ring, 'groups') : ring)).map((ring, i) => (i === 0 ? { ...ring, tags: ['pilot'] } : ring)))} text="form.inherited" />}
			{rings?.map((ring, i) => (
				<RingCard key={i} ring={ring} put={(next) => put(replaced(rings, i, next))} remove={() => put(rings.length > 1 ? rings.filter((_, k) => k !== i) : undefined)} />
			))}
			{rings && (
				<button type="button" onClick={() => put([...rings.slice(0, -1), { name: `ring-${rings.length}`, tags: [`ring-${rings.length}`], soak: '1d' }, ...rings.slice(-1)])}>
					{t('form.rings.add')}
				</button>
			)}
		</Section>
	);
}

function RingCard({ ring, put, remove }: { ring: Ring; put: (next: Ring) => void; remove: () => void }) {
	const groups = useLive<ListAnswer<{ group: string | null }>>('groups?limit=1000');
	const known = (groups.data?.items ?? []).flatMap(({ group }) => (group ? [group] : []));
	const success = Math.round((ring['min-success'] ?? 0.9) * 100);
	return (
		<div class="card">
			<div class="form-row">
				<TextField label={t('form.ring.name')} value={ring.name} set={(name) => put({ ...ring, name })} />
				<Duration label={t('form.ring.soak')} value={ring.soak ?? '1d'} units="hd" set={(soak) => put({ ...ring, soak })} />
				<NumberField label={t('form.ring.success')} value={success} min={1} max={100} set={(n) => put({ ...ring, 'min-success': n / 100 })} />
				<TextField label={t('form.ring.at-once')} value={String(ring['max-at-once'] ?? '')} set={(text) => put(set(ring, 'max-at-once', /^\d+$/.test(text) ? Number(text) : text || undefined))} hint="20%" />
				<NumberField label={t('form.ring.error-stop')} value={ring['error-stop'] ?? 3} min={0} max={1000} set={(n) => put({ ...ring, 'error-stop': n })} />
				<button type="button" class="bare end" onClick={remove}>
					{t('form.remove')}
				</button>
			</div>
			<Picks label={t('form.groups')} all={[...new Set([...known, ...(ring.groups ?? [])])].map((name) => [name, name])} chosen={ring.groups ?? []} set={(names) => put(set(ring, 'groups', names.length > 0 ? names : undefined))} />
			<Words label={t('form.tags')} words={ring.tags ?? []} set={(names) => put(set(ring, 'tags', names.length > 0 ? names : undefined))} />
			{!ring.tags?.length && !ring.groups?.length && <p class="quiet">{t('form.ring.rest')}</p>}
		</div>
	);
}

/* ---- emergency, others ---- */

function Urgent({ emergency, put }: { emergency: Emergency | 'off' | undefined; put: (next: Emergency | undefined) => void }) {
	const on = typeof emergency === 'object' ? emergency : null;
	return (
		<Section title={t('form.emergency')} hint={t('form.emergency.hint')}>
			<Check label={t('form.emergency.on')} on={on !== null} set={(yes) => put(yes ? { when: ['known-exploited', 'exposed'], within: '38m', mitigate: 'at-once', reboot: 'ward-consents' } : undefined)} />
			{on && (
				<div class="form-row">
					<Duration label={t('form.within')} value={on.within ?? '38m'} units="mhd" set={(within) => put({ ...on, within })} />
					<Choice label={t('reboot')} value={on.reboot ?? 'ward-consents'} options={['ward-consents', 'never', 'force'].map((name) => [name, t(`form.emergency.${name}` as Key)])} set={(reboot) => put({ ...on, reboot })} />
				</div>
			)}
			{on && <p class="quiet">{t('form.mitigations')}</p>}
			{on?.mitigations?.map((row, i) => (
				<MitigationCard
					key={i}
					row={row}
					put={(next) => put({ ...on, mitigate: 'at-once', mitigations: replaced(on.mitigations!, i, next) })}
					remove={() => put(set(on, 'mitigations', on.mitigations!.length > 1 ? on.mitigations!.filter((_, k) => k !== i) : undefined))}
				/>
			))}
			{on && (
				<button type="button" onClick={() => put({ ...on, mitigate: 'at-once', mitigations: [...(on.mitigations ?? []), { patch: 'samba', 'stop-service': ['smbd', 'nmbd'] }] })}>
					{t('form.mitigation.add')}
				</button>
			)}
		</Section>
	);
}

function MitigationCard({ row, put, remove }: { row: MitigationRow; put: (next: MitigationRow) => void; remove: () => void }) {
	const words = (key: 'stop-service' | 'close-port' | 'except', hint: string) => (
		<Words label={t(`form.mitigation.${key}`)} words={row[key] ?? []} set={(list) => put(set(row, key, list.length > 0 ? list : undefined))} hint={hint} />
	);
	return (
		<div class="card">
			<div class="form-row">
				<TextField label={t('form.mitigation.patch')} value={row.patch} set={(patch) => put({ ...row, patch })} hint="samba" />
				{words('stop-service', 'smbd, nmbd')}
				{words('close-port', '445/tcp')}
				{(row['close-port'] || row.except) && words('except', '10.1.0.0/16')}
				<button type="button" class="bare end" onClick={remove}>
					{t('form.remove')}
				</button>
			</div>
			<Check label={t('form.mitigation.even-held')} on={row['even-held'] === true} set={(yes) => put(set(row, 'even-held', yes || undefined))} />
		</div>
	);
}

const ASKED = ['policy', 'applies-to', 'rank', 'install', 'approve', 'reboot', 'rings', 'emergency'];

function Others({ body }: { body: PolicyBody }) {
	const more = [...Object.keys(body).filter((key) => !ASKED.includes(key)), ...Object.keys(body.install ?? {}).filter((key) => key !== 'windows' && key !== 'blackout')];
	if (more.length === 0) return null;
	return <p class="quiet">{t('form.others', { keys: more.join(t('list.comma')) })}</p>;
}

