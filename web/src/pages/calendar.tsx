// 適用予定: what happens when, by department, for people who have never seen a policy. Its state is in the address,
// so that a ward keeps its own month as a bookmark.
import { useEffect } from 'preact/hooks';
import { withQuery } from '../api';
import { addDays, day, foreignZone, instantOf, isoDay, monthStart, shortDay, zoneText } from '../format';
import { lang, t } from '../i18n';
import { useLive } from '../live';
import { href, setParams, useRoute } from '../router';
import type { Calendar, CalendarSlot } from '../types-plan';
import { Empty, Failure, PageHead, Skeleton } from '../ui/bits';
import { GroupFilter } from '../ui/list';
import { monthTitle, monthWeeks, MonthTable, useNamedDays, weekDays, WeekTable, weekStart } from '../ui/month';
import { Tabs } from '../ui/tabs';
import { TomorrowNotice } from './notice';

type View = 'week' | 'month' | 'tomorrow';

const anchorOf = (text: string | null): string => (text && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : isoDay());

const moved = (view: View, on: string, by: number): string => (view === 'week' ? addDays(on, 7 * by) : monthStart(on, by));

const show = (on: string) => setParams({ on: on === isoDay() ? null : on });

function titleOf(view: View, on: string): string {
	if (view === 'month') return monthTitle(on);
	const start = weekStart(on);
	const end = addDays(start, 6);
	return `${day(start)} – ${lang() === 'ja' ? shortDay(end) : day(end)}`;
}

/** ← → turn, t goes to today, w and m choose the view. */
function useTurning(view: View, on: string): void {
	useEffect(() => {
		const turn = (event: KeyboardEvent) => {
			if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
			if (event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
			const actions: Record<string, () => void> = {
				ArrowLeft: () => show(moved(view, on, -1)),
				ArrowRight: () => show(moved(view, on, 1)),
				t: () => show(isoDay()),
				w: () => setParams({ view: null }),
				m: () => setParams({ view: 'month' }),
			};
			const action = view === 'tomorrow' && event.key.startsWith('Arrow') ? undefined : actions[event.key];
			if (!action) return;
			event.preventDefault();
			action();
		};
		document.addEventListener('keydown', turn);
		return () => document.removeEventListener('keydown', turn);
	}, [view, on]);
}

export function CalendarPage() {
	const { params } = useRoute();
	const asked = params.get('view');
	const view: View = asked === 'month' || asked === 'tomorrow' ? asked : 'week';
	const on = anchorOf(params.get('on'));
	const group = params.get('group') ?? '';
	useTurning(view, on);
	return (
		<div class={`calendar ${view}`}>
			<PageHead kicker={group || t('calendar.all-groups')} title={view === 'tomorrow' ? t('calendar.tomorrow') : titleOf(view, on)} sentence={view === 'tomorrow' ? undefined : t('calendar.sentence')}>
				<button type="button" onClick={() => print()}>
					{t('print')}
				</button>
			</PageHead>
			<Tabs
				current={view}
				tabs={[
					['week', t('calendar.week')],
					['month', t('calendar.month-view')],
					['tomorrow', t('calendar.tomorrow')],
				]}
				to={(name) => href(['calendar'], { view: name === 'week' ? null : name, on: params.get('on'), group })}
			/>
			<div class="toolbar">
				<GroupFilter />
				{view !== 'tomorrow' && <Turn view={view} on={on} />}
			</div>
			{view === 'tomorrow' ? <TomorrowNotice group={group} /> : <Slots view={view} on={on} group={group} />}
		</div>
	);
}

function Turn({ view, on }: { view: View; on: string }) {
	const unit = view === 'week' ? 'week' : 'month';
	return (
		<span class="turn">
			<button type="button" onClick={() => show(moved(view, on, -1))} aria-label={t(`calendar.${unit}-before`)} title={`${t(`calendar.${unit}-before`)} (←)`}>
				‹
			</button>
			<button type="button" onClick={() => show(isoDay())} title="t">
				{t('calendar.today')}
			</button>
			<button type="button" onClick={() => show(moved(view, on, 1))} aria-label={t(`calendar.${unit}-after`)} title={`${t(`calendar.${unit}-after`)} (→)`}>
				›
			</button>
		</span>
	);
}

function Slots({ view, on, group }: { view: View; on: string; group: string }) {
	const weeks = view === 'week' ? [weekDays(on)] : monthWeeks(on);
	const first = weeks[0]![0]!;
	const until = addDays(weeks.at(-1)![6]!, 1);
	const live = useLive<Calendar>(withQuery('calendar', { from: instantOf(first), until: instantOf(until), group, limit: 1000 }));
	const days = useNamedDays(live.data?.days);
	if (!live.data) return live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton lines={10} />;
	const slots = live.data.items;
	const foreign = foreignZone();
	const { emergency, missed } = live.data.outside ?? { emergency: false, missed: false };
	const outside = emergency && missed ? 'both' : emergency ? 'emergency' : missed ? 'missed' : 'none';
	const to = (slot: CalendarSlot) => href(['policies', slot.policy]);
	return (
		<>
			{live.error && <Failure error={live.error} retry={live.reload} quiet />}
			<p class="sentence outside">{t(`calendar.outside.${outside}`)}</p>
			{slots.length === 0 && (
				<Empty title={t('calendar.none')}>
					<a href={href(['policies'])}>{t('calendar.none.advice')}</a>
				</Empty>
			)}
			{view === 'week' ? <WeekTable week={weeks[0]!} slots={slots} days={days} to={to} /> : <MonthTable weeks={weeks} month={on} slots={slots} days={days} to={to} grouped={group === ''} />}
			<p class="quiet">{foreign ? t('calendar.zone', { zone: zoneText(foreign) }) : ''} {t('calendar.note')}</p>
		</>
	);
}
