// When discovery runs by itself, running it at once, and how far the one under way is.
import { useEffect, useRef, useState } from 'preact/hooks';
import { call } from '../api';
import { dateTime } from '../format';
import { number } from '../i18n';
import { refreshAll, useLive } from '../live';
import { href } from '../router';
import { may } from '../session';
import { Failure, Time } from '../ui/bits';
import { ConfirmButton, FormButton, messageOf, say, unsay } from '../ui/dialog';
import { Choice } from '../ui/form';
import { Mark } from '../ui/marks';
import type { Schedule } from './types';
import { x, xOr, type Word } from './words';

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

export const useSchedule = () => useLive<Schedule>('surface/schedule');

/** What is under way, wherever it was started. */
export function Progress() {
	const schedule = useSchedule().data;
	if (!schedule || (schedule.state === 'idle' && !schedule.progress)) return null;
	const p = schedule.progress;
	return (
		<div class="run-progress" role="status">
			<Mark shape={schedule.state === 'resting' ? 'pause' : 'play'} tone="sky" />
			<p>
				<strong>{x(schedule.state === 'resting' ? 'run.resting' : 'run.running')}</strong>{' '}
				{p && x('run.progress', { answered: p.answered ?? 0, waiting: p.waiting ?? 0, domains: p.domains ?? 0, hosts: p.hosts ?? 0 })}
			</p>
			{may('operator') && schedule.state !== 'idle' && (
				<ConfirmButton label={x('run.cancel')} title={x('run.cancel.title')} body={<p>{x('run.cancel.body')}</p>} confirm={x('run.cancel')} act={() => call('POST', 'surface/schedule/cancel')} />
			)}
		</div>
	);
}

/** “Begun” is over when the run is, or when nobody looks at these pages any more. */
export function useRunEnd(): void {
	const schedule = useSchedule().data;
	const known = schedule !== undefined;
	const ended = schedule?.last?.ended ?? '';
	const idle = schedule?.state === 'idle';
	const was = useRef<{ known: boolean; idle: boolean; ended: string }>({ known, idle, ended });
	useEffect(() => {
		const before = was.current;
		if (before.known && idle && (!before.idle || ended !== before.ended)) unsay(x('run.begun'));
		was.current = { known, idle, ended };
	}, [known, idle, ended]);
	useEffect(() => () => unsay(x('run.begun')), []);
}

export function RunNow({ primary }: { primary?: boolean }) {
	const schedule = useSchedule().data;
	if (!may('operator') || !schedule || schedule.state !== 'idle') return null;
	const run = async () => {
		try {
			await call('POST', 'surface/schedule/run');
			say({ text: x('run.begun') });
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
		refreshAll();
	};
	return (
		<button type="button" class={primary ? 'primary' : undefined} disabled={schedule.seeds === 0} title={schedule.seeds === 0 ? x('run.no-seeds') : x('run.now.hint')} onClick={run}>
			{x('run.now')}
		</button>
	);
}

function wordsOf(s: Schedule): string {
	if (s.every === 'off') return x('schedule.off');
	const day = s.every === 'weekly' && typeof s.day === 'string' ? xOr('weekday', s.day) : s.every === 'monthly' && s.day !== null ? x('schedule.day-of-month', { n: Number(s.day) }) : '';
	return x('schedule.words', { every: xOr('every', s.every), day, from: s.from, until: s.until, zone: s.zone });
}

export function SchedulePanel() {
	const live = useSchedule();
	const s = live.data;
	return (
		<section class="panel">
			<h2>{x('schedule.title')}</h2>
			{live.error && <Failure error={live.error} retry={live.reload} quiet={s !== undefined} />}
			{s && (
				<>
					<p>
						{wordsOf(s)}
						{s.next && (
							<>
								{' '}
								{x('schedule.next')} <Time at={s.next} />
							</>
						)}
					</p>
					<Progress />
					{s.last && (
						<p class={s.last.state === 'failed' ? 'problem' : 'quiet'}>
							{x(`last.${s.last.state}`)} <Time at={s.last.ended ?? s.last.began} />
							{s.last.by ? ` · ${s.last.by}` : ''}
							{s.last.why ? ` · ${s.last.why}` : ''}
							{s.last.run ? (
								<>
									{' '}
									<a href={href(['surface'])}>{x('last.run', { n: s.last.run })}</a>
								</>
							) : null}
						</p>
					)}
					<p class="host-actions">
						<RunNow primary />
						{may('operator') && <Change schedule={s} />}
					</p>
				</>
			)}
		</section>
	);
}

function Change({ schedule }: { schedule: Schedule }) {
	const [every, setEvery] = useState<string>(schedule.every);
	const [day, setDay] = useState('');
	const [from, setFrom] = useState(schedule.from);
	const [until, setUntil] = useState(schedule.until);
	return (
		<FormButton
			label={x('schedule.change')}
			title={x('schedule.title')}
			start={() => {
				setEvery(schedule.every);
				setDay(schedule.day === null ? '' : String(schedule.day));
				setFrom(schedule.from);
				setUntil(schedule.until);
			}}
			save={async () => {
				const s = await call<Schedule>('PUT', 'surface/schedule', {
					every,
					...(every === 'weekly' ? { day: WEEK.includes(day) ? day : 'sun' } : {}),
					...(every === 'monthly' ? { day: Number(day) >= 1 && Number(day) <= 31 ? Number(day) : 1 } : {}),
					...(every === 'off' ? {} : { from, until }),
				});
				say({ text: s.next ? x('schedule.saved', { at: dateTime(s.next) }) : x('schedule.off') });
			}}
		>
			<Choice label={x('schedule.every')} value={every} options={(['off', 'daily', 'weekly', 'monthly'] as const).map((one): [string, string] => [one, x(`every.${one}`)])} set={setEvery} />
			{every === 'weekly' && <Choice label={x('schedule.weekday')} value={WEEK.includes(day) ? day : 'sun'} options={WEEK.map((one): [string, string] => [one, x(`weekday.${one}` as Word)])} set={setDay} />}
			{every === 'monthly' && (
				<Choice label={x('schedule.day')} value={Number(day) >= 1 && Number(day) <= 31 ? day : '1'} options={Array.from({ length: 31 }, (_, i): [string, string] => [String(i + 1), number(i + 1)])} set={setDay} />
			)}
			{every !== 'off' && (
				<p class="time-pair">
					<label class="field">
						{x('schedule.from')}
						<input type="time" required value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
					</label>
					<label class="field">
						{x('schedule.until')}
						<input type="time" required value={until} onInput={(event) => setUntil(event.currentTarget.value)} />
					</label>
				</p>
			)}
			<p class="quiet">{x('schedule.hint')}</p>
		</FormButton>
	);
}
