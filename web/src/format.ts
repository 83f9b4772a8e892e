// Dates, sizes and scores as people read them. There is one clock for all: the hospital's, wherever the reader sits;
// hours of a window are told by the clock of the machine that they are for. The zone is in the hover text. A day
// without a time ("2026-11-24") is that day everywhere.
import { lang, t } from './i18n';

const WEEKDAYS = '日月火水木金土';
const two = (n: number) => String(n).padStart(2, '0');
const DAY_MS = 86_400_000;

/** The reader's own. */
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;
let hospital = HERE;
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
	let clock = clocks.get(zone);
	if (!clock) {
		clock = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
		clocks.set(zone, clock);
	}
	return clock;
}

/** Whether the browser knows a zone of this name. */
function known(zone: string): boolean {
	try {
		return Boolean(clockOf(zone));
	} catch {
		return false;
	}
}

/** The hospital's zone as the server names it; null leaves the reader's. */
export function setZone(zone: string | null | undefined): void {
	hospital = zone && known(zone) ? zone : HERE;
}

/** A zone that can be used: the given one, else the hospital's. */
export const zoneOr = (zone: string | null | undefined): string => (zone && known(zone) ? zone : hospital);

/** Wall-clock milliseconds, as if they were UTC. */
function wall(ms: number, zone: string): number {
	const part: Record<string, number> = {};
	for (const { type, value } of clockOf(zone).formatToParts(ms)) part[type] = Number(value);
	return Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second);
}

const offset = (ms: number, zone: string) => wall(ms, zone) - Math.floor(ms / 1000) * 1000;

/** Whether two zones show different times at this moment. */
const differ = (a: string, b: string, ms: number) => a !== b && offset(ms, a) !== offset(ms, b);

/** The hospital's zone where its clock is not the reader's; a slot's where it is neither the reader's. Else null. */
export function foreignZone(zone?: string | null, time?: string): string | null {
	const at = time ? Date.parse(time) : Date.now();
	const name = zoneOr(zone);
	return !Number.isNaN(at) && differ(name, HERE, at) ? name : null;
}

/** A zone that is not the hospital's, for a slot among the hospital's own. */
export function otherZone(zone: string | null | undefined, time: string): string | null {
	const name = zoneOr(zone);
	return differ(name, hospital, Date.parse(time)) ? name : null;
}

/** "Asia/Tokyo (UTC+09:00)" */
export function zoneText(zone: string, time?: string): string {
	const minutes = Math.round(offset(time ? Date.parse(time) : Date.now(), zone) / 60_000);
	return `${zone} (UTC${minutes < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)})`;
}

/** The instant of a clock time on a day; in a gap of daylight saving the moment after it. */
export function instantOf(date: string, time = '00:00', zone?: string): string {
	const local = Date.parse(`${date}T${time}Z`);
	const name = zoneOr(zone);
	const first = local - offset(local, name);
	return new Date(local - offset(first, name)).toISOString();
}

/** As a Date whose UTC parts are the clock's: of an instant by that zone's clock, of a day by itself. */
function parse(time: string, zone?: string | null): Date | null {
	if (/^\d{4}-\d\d-\d\d$/.test(time)) return new Date(`${time}T00:00:00Z`);
	const ms = Date.parse(time);
	return Number.isNaN(ms) ? null : new Date(wall(ms, zoneOr(zone)));
}

/** 2026年11月21日(土) 22:00 or 2026-11-21 22:00. */
export function dateTime(time: string, zone?: string | null): string {
	return parse(time) ? `${day(time, zone)} ${clock(time, zone)}` : time;
}

export function day(time: string, zone?: string | null): string {
	const d = parse(time, zone);
	if (!d) return time;
	if (lang() === 'ja') return `${d.getUTCFullYear()}年${d.getUTCMonth() + 1}月${d.getUTCDate()}日(${WEEKDAYS[d.getUTCDay()]})`;
	return d.toISOString().slice(0, 10);
}

/** The day of an instant by the hospital's clock: 2026-11-21. */
export function isoDay(time: string | number = Date.now(), zone?: string | null): string {
	return parse(new Date(time).toISOString(), zone)!.toISOString().slice(0, 10);
}

export const addDays = (date: string, n: number): string => new Date(Date.parse(date) + n * DAY_MS).toISOString().slice(0, 10);

/** 0 is Sunday. */
export const weekdayOf = (date: string): number => new Date(date).getUTCDay();

/** The first day of a month, by some after it. */
export function monthStart(date: string, by = 0): string {
	const d = new Date(date);
	return new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + by, 1)).toISOString().slice(0, 10);
}

/** 22:00 */
export function clock(time: string, zone?: string | null): string {
	const d = parse(time, zone);
	return d ? d.toISOString().slice(11, 16) : time;
}

/** 22:00–翌02:00, 22:00–02:00⁺¹ as timetables write it: an end on a later day says so. */
export function span(start: string, end: string, zone?: string | null): string {
	if (!parse(start) || !parse(end)) return `${start}–${end}`;
	const nights = Math.round((Date.parse(isoDay(end, zone)) - Date.parse(isoDay(start, zone))) / DAY_MS);
	const [from, to] = [clock(start, zone), clock(end, zone)];
	if (nights === 0) return `${from}–${to}`;
	if (lang() === 'ja') return `${from}–${nights === 1 ? '翌' : `${nights}日後 `}${to}`;
	return `${from}–${to}⁺${'⁰¹²³⁴⁵⁶⁷⁸⁹'[nights] ?? ''}`;
}

/** 11月24日(火), Tue 24 Nov: where the year is plain. */
export function shortDay(time: string, zone?: string | null): string {
	const d = parse(time, zone);
	if (!d) return time;
	if (lang() === 'ja') return `${d.getUTCMonth() + 1}月${d.getUTCDate()}日(${WEEKDAYS[d.getUTCDay()]})`;
	return d.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' });
}

/** 11/24(火), Tue 24: of a day. */
export function shortestDay(date: string): string {
	const [, month, n] = date.split('-').map(Number);
	return lang() === 'ja' ? `${month}/${n}(${weekday(weekdayOf(date))})` : `${weekday(weekdayOf(date))} ${n}`;
}

/** The weekday in one letter or three: 火, Tue. */
export function weekday(n: number): string {
	return lang() === 'ja' ? WEEKDAYS[n]! : ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][n]!;
}

/** The exact moment with its zone and offset. */
export function exact(time: string, zone?: string | null): string {
	const d = parse(time, zone);
	return d ? `${d.toISOString().slice(0, 19).replace('T', ' ')} ${zoneText(zoneOr(zone), time)}` : time;
}

/** "3日前", "5 minutes ago", "in 2 hours"; stands beside an absolute time only. */
export function relative(time: string, now = Date.now()): string {
	const seconds = (Date.parse(time) - now) / 1000;
	if (Number.isNaN(seconds)) return '';
	const size = Math.abs(seconds);
	if (size < 45) return t('time.now');
	const format = new Intl.RelativeTimeFormat(lang(), { numeric: 'always' });
	if (size < 3600) return format.format(Math.round(seconds / 60), 'minute');
	if (size < 86_400) return format.format(Math.round(seconds / 3600), 'hour');
	if (size < 86_400 * 60) return format.format(Math.round(seconds / 86_400), 'day');
	if (size < 86_400 * 730) return format.format(Math.round(seconds / 86_400 / 30.44), 'month');
	return format.format(Math.round(seconds / 86_400 / 365.25), 'year');
}

/** How long between two moments: "4 分 12 秒". */
export function duration(from: string, to: string): string {
	const seconds = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
	if (Number.isNaN(seconds)) return '';
	if (seconds < 60) return t('time.seconds', { n: seconds });
	if (seconds < 3600) return t('time.minutes', { n: Math.floor(seconds / 60), s: seconds % 60 });
	return t('time.hours', { n: Math.floor(seconds / 3600), m: Math.floor((seconds % 3600) / 60) });
}

export function bytes(n: number): string {
	const units = ['B', 'KB', 'MB', 'GB', 'TB'];
	let value = n;
	let unit = 0;
	while (value >= 1000 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** EPSS is a probability: 0.0432 → "4.3%". */
export function probability(p: number): string {
	return p > 0 && p < 0.001 ? '<0.1%' : `${(p * 100).toFixed(1)}%`;
}

/** "84%" rounded down, so that 100% means all of them. */
export function share(part: number, of: number): string {
	return of > 0 ? `${Math.floor((part / of) * 100)}%` : '–';
}

let names: { language: string; of: Intl.DisplayNames } | null = null;

/** 日本 of JP; what is no code stays. */
export function countryName(code: string): string {
	if (!/^[A-Za-z]{2}$/.test(code)) return code;
	if (names?.language !== lang()) names = { language: lang(), of: new Intl.DisplayNames([lang()], { type: 'region' }) };
	return names.of.of(code.toUpperCase()) ?? code;
}
