// Dates, sizes and scores as people read them. Times are shown in the reader's zone; the zone is in the hover text.
import { lang, t } from './i18n';

const WEEKDAYS = '日月火水木金土';
const two = (n: number) => String(n).padStart(2, '0');

function parse(time: string): Date | null {
	const date = new Date(time);
	return Number.isNaN(date.getTime()) ? null : date;
}

/** 2026年11月21日(土) 22:00 or 2026-11-21 22:00. */
export function dateTime(time: string): string {
	const date = parse(time);
	return date ? `${day(time)} ${two(date.getHours())}:${two(date.getMinutes())}` : time;
}

export function day(time: string): string {
	const d = parse(time);
	if (!d) return time;
	if (lang() === 'ja') return `${d.getFullYear()}年${d.getMonth() + 1}月${d.getDate()}日(${WEEKDAYS[d.getDay()]})`;
	return isoDay(d);
}

export function isoDay(d: Date): string {
	return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}

/** The exact moment with the reader's zone and offset. */
export function exact(time: string): string {
	const d = parse(time);
	if (!d) return time;
	const minutes = -d.getTimezoneOffset();
	const offset = `${minutes < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
	const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
	return `${isoDay(d)} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())} ${zone} (UTC${offset})`;
}

/** "3日前", "5 minutes ago", "in 2 hours"; stands beside an absolute time only. */
export function relative(time: string, now = Date.now()): string {
	const d = parse(time);
	if (!d) return '';
	const seconds = (d.getTime() - now) / 1000;
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
