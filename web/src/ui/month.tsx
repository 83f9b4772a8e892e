// Slots on paper-like tables: a month, and a week as the duty roster that every ward knows (departments down, days
// across). On a phone both become lists of the days that have something.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api';
import { addDays, clock, day, isoDay, monthStart, otherZone, shortDay, shortestDay, span, weekday, weekdayOf } from '../format';
import { lang, t } from '../i18n';
import { useLive } from '../live';
import type { List } from '../types';
import { Zone } from './slot';
import type { Blackout, CalendarSlot, DayList, NamedDay, PolicyItem, PolicyText } from '../types-plan';

const SHOWN = 4; // slots in a month's cell
const GROUPS_SHOWN = 2;

/** Weeks begin on Sunday in Japanese calendars, on Monday elsewhere. */
export const weekStart = (date: string): string => addDays(date, -((weekdayOf(date) - (lang() === 'ja' ? 0 : 1) + 7) % 7));

export const weekDays = (date: string): string[] => Array.from({ length: 7 }, (_, i) => addDays(weekStart(date), i));

export function monthWeeks(date: string): string[][] {
	const out: string[][] = [];
	const next = monthStart(date, 1);
	for (let at = weekStart(monthStart(date)); at < next; at = addDays(at, 7)) out.push(weekDays(at));
	return out;
}

export const monthTitle = (date: string): string => t('calendar.month', { year: date.slice(0, 4), month: t('calendar.month-digits') === '2' ? date.slice(5, 7) : String(Number(date.slice(5, 7))) });

function spansOf(blackouts: Blackout[], groups: string[]): NamedDay[] {
	const out: NamedDay[] = [];
	for (const { from, to, why } of blackouts) {
		let at = from ?? to ?? '';
		for (let i = 0; i < 400 && at !== '' && at <= (to ?? from ?? ''); i++, at = addDays(at, 1))
			out.push({ day: at, name: why ?? '', kind: 'blackout', group: groups.length > 0 ? groups.join(t('list.comma')) : null });
	}
	return out;
}

const listDays = (list: DayList): NamedDay[] =>
	list.csv
		.split('\n')
		.map((line) => line.trim().split(','))
		.filter(([date]) => /^\d{4}-\d\d-\d\d$/.test(date ?? ''))
		.map(([date, name]) => ({ day: date!, name: name || list.name, kind: 'list' }));

/** Holidays, named lists and blackouts. Where the calendar's answer has none they are read from the policies. */
export function useNamedDays(given: NamedDay[] | undefined): NamedDay[] {
	const lists = useLive<List<DayList>>(given ? null : 'day-lists?limit=1000');
	const policies = useLive<List<PolicyItem>>(given ? null : 'policies?limit=100');
	const [blackouts, setBlackouts] = useState<NamedDay[]>([]);
	const versions = (policies.data?.items ?? []).filter((p) => p.in_force).map((p) => `${p.name}\n${p.version}`);
	useEffect(() => {
		let gone = false;
		const ask = (text: string) => call<PolicyText>('GET', `policies/${encodeURIComponent(text.split('\n')[0]!)}`);
		void Promise.allSettled(versions.map(ask)).then((answers) => {
			const texts = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
			if (!gone) setBlackouts(texts.flatMap(({ policy }) => spansOf(policy?.install?.blackout ?? [], policy?.['applies-to']?.groups ?? [])));
		});
		return () => {
			gone = true;
		};
	}, [versions.join('\t')]);
	return given ?? [...(lists.data?.items ?? []).flatMap(listDays), ...blackouts];
}

interface Bunch {
	slot: CalendarSlot;
	groups: string[];
}

/** Departments with the same hours are one entry. */
function bunches(slots: CalendarSlot[]): Bunch[] {
	const out = new Map<string, Bunch>();
	for (const slot of slots) {
		const key = [slot.start, slot.end, slot.ready_by, slot.window].join();
		const bunch = out.get(key) ?? { slot, groups: [] };
		bunch.groups.push(slot.group ?? t('group.none'));
		out.set(key, bunch);
	}
	return [...out.values()];
}

function Names({ days, date }: { days: NamedDay[]; date: string }) {
	const mine = days.filter((d) => d.day === date);
	const seen = new Map(mine.map((d) => [`${d.kind} ${d.name} ${d.group ?? ''}`, d]));
	return (
		<>
			{[...seen.values()].map((d) => (
				<span key={`${d.kind} ${d.name} ${d.group}`} class={`named ${d.kind}`}>
					{d.kind === 'blackout' ? t('calendar.blackout', { why: d.name || '–' }) : d.name}
					{d.kind === 'blackout' && d.group ? ` (${d.group})` : ''}
				</span>
			))}
		</>
	);
}

/** 22:00–翌02:00 夜間 / 07:30 までに復帰 */
function Hours({ slot, to, children }: { slot: CalendarSlot; to: string; children?: ComponentChildren }) {
	const hours = span(slot.start, slot.end, slot.tz);
	const dash = hours.indexOf('–') + 1;
	return (
		<a class="slot" href={to} title={`${slot.window} · ${slot.policy}`}>
			<b>
				<i>{hours.slice(0, dash)}</i>
				<wbr />
				<i>{hours.slice(dash)}</i>
			</b>
			{children}
			{slot.ready_by && <span class="back-by">{t('calendar.back-by', { time: clock(slot.ready_by, slot.tz) })}</span>}
			<Zone name={otherZone(slot.tz, slot.start)} />
		</a>
	);
}

const dayClass = (date: string, days: NamedDay[]) => {
	const off = weekdayOf(date) === 0 || days.some((x) => x.day === date && x.kind === 'holiday');
	return [off ? 'off' : weekdayOf(date) === 6 ? 'saturday' : '', date === isoDay() ? 'today' : ''].filter(Boolean).join(' ');
};

/** Those that begin on that day by the clock of their machines. */
const ofDay = (slots: CalendarSlot[], date: string) => slots.filter((slot) => isoDay(slot.start, slot.tz) === date);

const groupText = (groups: string[]) => (groups.length <= GROUPS_SHOWN + 1 ? groups.join(t('list.comma')) : t('calendar.groups-more', { groups: groups.slice(0, GROUPS_SHOWN).join(t('list.comma')), n: groups.length - GROUPS_SHOWN }));

export function MonthTable({
	weeks,
	month,
	slots,
	days,
	to,
	grouped,
}: {
	weeks: string[][];
	/** A day of it. */
	month: string;
	slots: CalendarSlot[];
	days: NamedDay[];
	to: (slot: CalendarSlot) => string;
	/** Entries name their departments. */
	grouped: boolean;
}) {
	return (
		<table class="month">
			<caption class="unseen">{t('nav.calendar')}</caption>
			<thead>
				<tr>
					{weeks[0]!.map((d) => (
						<th key={d} scope="col">
							{weekday(weekdayOf(d))}
						</th>
					))}
				</tr>
			</thead>
			<tbody>
				{weeks.map((week) => (
					<tr key={week[0]}>
						{week.map((d) => {
							const mine = bunches(ofDay(slots, d));
							const named = days.some((x) => x.day === d);
							const quiet = mine.length === 0 && !named ? ' blank' : '';
							return (
								<td key={d} class={`${dayClass(d, days)}${d.slice(0, 7) === month.slice(0, 7) ? '' : ' other'}${quiet}`}>
									<time dateTime={d} title={day(d)}>
										<span class="n">{Number(d.slice(8))}</span>
										<span class="whole">{shortDay(d)}</span>
									</time>
									<Names days={days} date={d} />
									{mine.slice(0, SHOWN).map(({ slot, groups }) => (
										<Hours key={`${slot.start} ${slot.end} ${slot.window}`} slot={slot} to={to(slot)}>
											<span>{grouped ? groupText(groups) : slot.window}</span>
										</Hours>
									))}
									{mine.length > SHOWN && <span class="quiet">{t('more', { n: mine.length - SHOWN })}</span>}
								</td>
							);
						})}
					</tr>
				))}
			</tbody>
		</table>
	);
}

export function WeekTable({ week, slots, days, to, asGiven }: { week: string[]; slots: CalendarSlot[]; days: NamedDay[]; to: (slot: CalendarSlot) => string; /** Rows stay in their order. */ asGiven?: boolean }) {
	const groups = [...new Set(slots.map((slot) => slot.group ?? ''))];
	if (!asGiven) groups.sort((a, b) => a.localeCompare(b, lang(), { numeric: true }));
	return (
		<table class="roster">
			<caption class="unseen">{t('nav.calendar')}</caption>
			<thead>
				<tr>
					<th scope="col">{t('group')}</th>
					{week.map((d) => (
						<th key={d} scope="col" class={dayClass(d, days)}>
							<time dateTime={d} title={day(d)}>
								{shortestDay(d)}
							</time>
							<Names days={days} date={d} />
						</th>
					))}
				</tr>
			</thead>
			<tbody>
				{groups.map((group) => {
					const mine = slots.filter((slot) => (slot.group ?? '') === group);
					const hosts = Math.max(...mine.map((slot) => slot.hosts));
					return (
						<tr key={group}>
							<th scope="row">
								{group || t('group.none')}
								{hosts > 0 && <span class="quiet">{t('calendar.hosts', { n: hosts })}</span>}
							</th>
							{week.map((d) => {
								const here = ofDay(mine, d);
								return (
									<td key={d} data-label={shortDay(d)} class={`${dayClass(d, days)}${here.length === 0 ? ' blank' : ''}`}>
										{here.map((slot) => (
											<Hours key={`${slot.start} ${slot.window} ${slot.policy}`} slot={slot} to={to(slot)}>
												<span>{slot.window}</span>
											</Hours>
										))}
									</td>
								);
							})}
						</tr>
					);
				})}
			</tbody>
		</table>
	);
}
