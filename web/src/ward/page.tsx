// The page of a ward: no account, a PIN, large buttons. It says of each machine when it updates, and lets the ward
// choose now, later, or hold with a reason and an end.
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Boundary } from '../ui/boundary';
import { DoorNotice } from '../ui/door-notice';
import { act, machines, open, session, WardError, type Machine, type Session } from './server';
import { from, initialLang, speak, spoken, w, when, zoneOf, type Lang, type Word } from './words';

const EVERY_MS = 20_000;

export function startWard(root: HTMLElement): void {
	speak(initialLang());
	render(
		<Boundary broken={(cause, again) => <Broken cause={cause} again={again} />}>
			<Ward />
		</Boundary>,
		root,
	);
}

function Broken({ cause, again }: { cause: unknown; again: () => void }) {
	return (
		<div class="ward">
			<main>
				<p class="problem" role="alert">
					{w('broken')}
				</p>
				<p>
					<button type="button" class="primary" onClick={again}>
						{w('broken.again')}
					</button>
				</p>
				<p class="quiet">{String(cause)}</p>
			</main>
		</div>
	);
}

const sentence = (cause: unknown) => (cause instanceof WardError && cause.code !== 'offline' ? cause.message : w('offline'));

function Ward() {
	const [language, setLanguage] = useState<Lang>(spoken());
	const [signed, setSigned] = useState<Session | null>(session.read());
	useEffect(() => {
		document.title = `${w('title')} · mamori`;
	}, [language]);
	const turn = () => {
		const next = language === 'ja' ? 'en' : 'ja';
		speak(next);
		setLanguage(next);
	};
	const leave = () => {
		session.forget();
		setSigned(null);
	};
	return (
		<div class="ward">
			<header>
				<h1>{signed?.group ?? w('title')}</h1>
				<span>
					<button type="button" class="bare" lang={language === 'ja' ? 'en' : 'ja'} onClick={turn}>
						{w('other')}
					</button>
					{signed && (
						<button type="button" class="bare" onClick={leave}>
							{w('leave')}
						</button>
					)}
				</span>
			</header>
			<main>{signed ? <Machines key={language} signed={signed} onEnd={leave} /> : <Pin onOpen={setSigned} />}</main>
		</div>
	);
}

function wardOfAddress(): string {
	try {
		return decodeURIComponent(location.hash.replace(/^#\/ward\/?/, '').split('?')[0] ?? '');
	} catch {
		return '';
	}
}

function Pin({ onOpen }: { onOpen: (signed: Session) => void }) {
	const given = wardOfAddress();
	const [group, setGroup] = useState(given);
	const [pin, setPin] = useState('');
	const [error, setError] = useState('');
	const [busy, setBusy] = useState(false);
	const send = async (event: Event) => {
		event.preventDefault();
		setBusy(true);
		try {
			onOpen(await open(group.trim(), pin));
		} catch (cause) {
			setError(sentence(cause));
			setPin('');
		}
		setBusy(false);
	};
	return (
		<form class="ward-pin" onSubmit={send}>
			<label>
				{w('ward')}
				<input required maxLength={100} value={group} autofocus={given === ''} autocomplete="off" onInput={(event) => setGroup(event.currentTarget.value)} />
			</label>
			<label>
				{w('pin')}
				<input required type="password" inputMode="numeric" minLength={6} maxLength={64} autocomplete="off" autofocus={given !== ''} value={pin} onInput={(event) => setPin(event.currentTarget.value)} />
			</label>
			{error && (
				<p class="problem" role="alert">
					{error}
				</p>
			)}
			<button type="submit" class="primary" disabled={busy}>
				{w('open')}
			</button>
			<p class="quiet">{w('pin.hint')}</p>
		</form>
	);
}

type Asking = { kind: 'now' | 'later' | 'hold'; machine: Machine } | null;

function Machines({ signed, onEnd }: { signed: Session; onEnd: () => void }) {
	const [rows, setRows] = useState<Machine[] | null>(null);
	const [error, setError] = useState('');
	const [said, setSaid] = useState('');
	const [asking, setAsking] = useState<Asking>(null);
	const load = async () => {
		try {
			setRows(await machines());
			setError('');
		} catch (cause) {
			if (cause instanceof WardError && cause.status === 401) return onEnd();
			setError(sentence(cause));
		}
	};
	useEffect(() => {
		void load();
		const timer = setInterval(() => document.visibilityState === 'visible' && void load(), EVERY_MS);
		return () => clearInterval(timer);
	}, []);
	const run = async (machine: Machine, body: Record<string, string>, done: string) => {
		try {
			await act(signed, machine.id, body);
			setSaid(done);
			setError('');
			setAsking(null);
			await load();
		} catch (cause) {
			if (cause instanceof WardError && cause.status === 401) return onEnd();
			setAsking(null);
			setError(sentence(cause));
		}
	};
	return (
		<>
			<p class="ward-said" role="status">
				{said}
			</p>
			{error && (
				<p class="problem" role="alert">
					{error}
				</p>
			)}
			{!rows && <p class="quiet">{w('loading')}</p>}
			{rows?.length === 0 && <p>{w('none')}</p>}
			<ul class="ward-machines">
				{rows?.map((machine) => (
					<Card key={machine.id} machine={machine} ask={(kind) => setAsking({ kind, machine })} release={() => run(machine, { do: 'release' }, w('release.done', { host: machine.name }))} />
				))}
			</ul>
			{rows && rows.length > 0 && (
				<p class="ward-print">
					<button type="button" onClick={() => print()}>
						{w('print')}
					</button>
				</p>
			)}
			{rows && <Notices group={signed.group} rows={rows} />}
			{asking && <Ask asking={asking} run={(body, done) => run(asking.machine, body, done)} close={() => setAsking(null)} />}
		</>
	);
}

function Card({ machine, ask, release }: { machine: Machine; ask: (kind: 'now' | 'later' | 'hold') => void; release: () => void }) {
	const held = machine.holds.length > 0;
	const now = Date.now();
	const open = machine.start !== null && machine.end !== null && Date.parse(machine.start) <= now && Date.parse(machine.end) > now;
	return (
		<li class={held ? 'held' : ''}>
			<h2>{machine.name}</h2>
			{machine.holds.map((hold) => (
				<p key={hold.id} class="ward-held">
					<b>{w('held')}</b> {hold.why} · {hold.until ? w('until', { when: when(hold.until) }) : w('until.open')} <span class="quiet">{w('by', { who: hold.by })}</span>
				</p>
			))}
			<p>{machine.updates > 0 ? w('updates', { n: machine.updates }) : w('updates.none')}</p>
			{machine.start && machine.end && (
				<p class="ward-slot">
					{open ? w('slot.now') : w('slot')}
					<b>
						{from(machine.start, machine.end, zoneOf(machine.tz))}
					</b>
				</p>
			)}
			{machine.why && <p class="quiet">{machine.why}</p>}
			{held && !machine.holds.some(({ own }) => own) && <p class="quiet">{w('not-own')}</p>}
			<div class="ward-buttons">
				{held ? (
					machine.holds.some(({ own }) => own) && (
						<button type="button" class="primary" onClick={release}>
							{w('release')}
						</button>
					)
				) : (
					<>
						<button type="button" disabled={machine.updates === 0} onClick={() => ask('now')}>
							{w('now')}
							<small>{w('now.hint')}</small>
						</button>
						<button type="button" onClick={() => ask('later')}>
							{w('later')}
							<small>{w('later.hint')}</small>
						</button>
						<button type="button" onClick={() => ask('hold')}>
							{w('hold')}
							<small>{w('hold.hint')}</small>
						</button>
					</>
				)}
			</div>
		</li>
	);
}

const SPANS: [string, Word][] = [
	['1', 'for.1'],
	['4', 'for.4'],
	['morning', 'for.morning'],
	['72', 'for.72'],
];

function endOf(span: string): string {
	const now = new Date();
	const end = span === 'morning' ? new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, 7) : new Date(now.getTime() + Number(span) * 3_600_000);
	return end.toISOString();
}

function Ask({ asking, run, close }: { asking: NonNullable<Asking>; run: (body: Record<string, string>, done: string) => Promise<void>; close: () => void }) {
	const dialog = useRef<HTMLDialogElement>(null);
	const host = asking.machine.name;
	useEffect(() => dialog.current?.showModal(), []);
	const title = w(`${asking.kind}.title`, { host });
	return (
		<dialog ref={dialog} class="ward-ask" aria-label={title} onClose={close}>
			<h2>{title}</h2>
			{asking.kind === 'now' && (
				<>
					<p>{w('now.body')}</p>
					<div class="ward-choices">
						<button type="button" class="primary" onClick={() => run({ do: 'now' }, w('now.done', { host }))}>
							{w('now.yes')}
						</button>
					</div>
				</>
			)}
			{asking.kind === 'later' && (
				<Spans
					choose={(span) => {
						const until = endOf(span);
						void run({ do: 'later', why: w('later.why'), until }, w('later.done', { host, when: when(until) }));
					}}
					spans={SPANS.slice(0, 3)}
				/>
			)}
			{asking.kind === 'hold' && <Hold host={host} run={run} />}
			<button type="button" class="ward-cancel" onClick={() => dialog.current?.close()}>
				{w('cancel')}
			</button>
		</dialog>
	);
}

function Spans({ choose, spans, chosen }: { choose: (span: string) => void; spans: [string, Word][]; chosen?: string }) {
	return (
		<div class="ward-choices">
			{spans.map(([span, word]) => (
				<button key={span} type="button" aria-pressed={chosen === undefined ? undefined : chosen === span} onClick={() => choose(span)}>
					{w(word)}
				</button>
			))}
		</div>
	);
}

const REASONS: Word[] = ['reason.surgery', 'reason.treatment', 'reason.device', 'reason.other'];

function Hold({ host, run }: { host: string; run: (body: Record<string, string>, done: string) => Promise<void> }) {
	const [reason, setReason] = useState<Word | null>(null);
	const [text, setText] = useState('');
	const [span, setSpan] = useState('morning');
	const why = reason === 'reason.other' ? text.trim() : reason ? w(reason) : '';
	const send = () => {
		const until = endOf(span);
		void run({ do: 'hold', why, until }, w('hold.done', { host, when: when(until) }));
	};
	return (
		<>
			<div class="ward-choices">
				{REASONS.map((word) => (
					<button key={word} type="button" aria-pressed={reason === word} onClick={() => setReason(word)}>
						{w(word)}
					</button>
				))}
			</div>
			{reason === 'reason.other' && <input autofocus maxLength={90} aria-label={w('reason.write')} placeholder={w('reason.write')} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
			{reason && (
				<>
					<h3>{w('hold.how-long')}</h3>
					<Spans choose={setSpan} spans={SPANS.slice(1)} chosen={span} />
					<button type="button" class="primary" disabled={why === ''} onClick={send}>
						{w('hold.yes')}
					</button>
				</>
			)}
		</>
	);
}

/** On paper only: one sheet for the machines that begin together before tomorrow ends. */
function Notices({ group, rows }: { group: string; rows: Machine[] }) {
	const now = new Date();
	const end = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 2).getTime();
	const sheets = new Map<string, Machine[]>();
	for (const row of rows)
		if (row.start && row.end && Date.parse(row.start) < end && Date.parse(row.end) > now.getTime()) sheets.set(`${row.start} ${row.end} ${row.back_by}`, [...(sheets.get(`${row.start} ${row.end} ${row.back_by}`) ?? []), row]);
	return (
		<div class="ward-paper">
			{sheets.size === 0 && <p>{w('print.none')}</p>}
			{[...sheets.values()].map((mine) => (
				<DoorNotice
					key={`${mine[0]!.start} ${mine[0]!.back_by}`}
					group={group}
					start={mine[0]!.start!}
					end={mine[0]!.end!}
					zone={zoneOf(mine[0]!.tz)}
					back_by={mine[0]!.back_by}
					hosts={mine.map(({ id, name, updates, start, holds }) => ({ id, name, patches: updates, held: holds.find(({ until }) => !until || Date.parse(until) > Date.parse(start!)) }))}
					updates={Math.max(...mine.map(({ updates }) => updates))}
				/>
			))}
		</div>
	);
}
