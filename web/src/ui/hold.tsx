// Holding a machine or a department back: never without a reason, and with an end.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { addDays, instantOf, isoDay } from '../format';
import { t, type Key } from '../i18n';
import { refreshAll } from '../live';
import type { Hold } from '../types-plan';
import { Time } from './bits';
import { FormDialog, messageOf, say } from './dialog';
import { Choice } from './form';

export const REASONS: Key[] = ['hold.reason.surgery', 'hold.reason.treatment', 'hold.reason.device', 'hold.reason.vendor'];
const SPANS: [string, Key][] = [
	['4', 'hold.for.4'],
	['morning', 'hold.for.morning'],
	['72', 'hold.for.72'],
	['168', 'hold.for.168'],
	['day', 'hold.for.day'],
];

function untilOf(choice: string, day: string): string | null {
	if (choice === 'morning') return instantOf(addDays(isoDay(), 1), '07:00');
	if (choice !== 'day') return new Date(Date.now() + Number(choice) * 3_600_000).toISOString();
	return /^\d{4}-\d\d-\d\d$/.test(day) ? instantOf(day, '23:59') : null;
}

/** `who` is a machine's or a department's name; `what` goes into the request. */
export function HoldButton({ who, what, hosts }: { who: string; what: { host: string } | { group: string }; hosts: number }) {
	const [open, setOpen] = useState(false);
	return (
		<>
			<button type="button" onClick={() => setOpen(true)}>
				{t('hold.button')}
			</button>
			{open && <HoldDialog who={who} what={what} hosts={hosts} onClose={() => setOpen(false)} />}
		</>
	);
}

function HoldDialog({ who, what, hosts, onClose }: { who: string; what: object; hosts: number; onClose: () => void }) {
	const [why, setWhy] = useState('');
	const [span, setSpan] = useState('morning');
	const [day, setDay] = useState(addDays(isoDay(), 7));
	const until = untilOf(span, day);
	const save = async () => {
		const made = await call<Hold>('POST', 'holds', { ...what, why: why.trim(), until });
		say({
			text: t('hold.done', { who }),
			action: {
				label: t('order.take-back'),
				run: async () => {
					await call('DELETE', `holds/${encodeURIComponent(made.id)}`);
					return t('hold.released', { who });
				},
			},
		});
	};
	return (
		<FormDialog title={t('hold.title', { who })} confirm={t('hold.confirm')} ready={why.trim() !== '' && until !== null} save={save} onClose={onClose}>
			<p>{t('hold.body', { n: hosts })}</p>
			<div class="chips" role="group" aria-label={t('reason')}>
				{REASONS.map((key) => (
					<button key={key} type="button" class="chip" aria-pressed={why === t(key)} onClick={() => setWhy(t(key))}>
						{t(key)}
					</button>
				))}
			</div>
			<label class="field">
				{t('reason')}
				<input autofocus required maxLength={160} value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
			</label>
			<div class="form-row">
				<Choice label={t('hold.until')} value={span} options={SPANS.map(([name, key]) => [name, t(key)])} set={setSpan} />
				{span === 'day' && (
					<label class="field">
						{t('hold.for.day')}
						<input type="date" required value={day} min={isoDay()} onInput={(event) => setDay(event.currentTarget.value)} />
					</label>
				)}
			</div>
			{until && (
				<p class="quiet">
					{t('hold.ends')} <Time at={until} />
				</p>
			)}
		</FormDialog>
	);
}

export function ReleaseButton({ hold }: { hold: Hold }) {
	const who = hold.host?.name ?? hold.group ?? '';
	const release = async () => {
		try {
			await call('DELETE', `holds/${encodeURIComponent(hold.id)}`);
			say({ text: t('hold.released', { who }) });
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
		refreshAll();
	};
	return (
		<button type="button" onClick={release}>
			{t('hold.release')}
		</button>
	);
}
