// By when to act: the action in a word and a shape, the day, and why.
import { day } from '../format';
import { t, tOr } from '../i18n';
import type { Action } from '../types';
import { Mark, type Shape, type Tone } from './marks';

export const ACTIONS: Action[] = ['act-now', 'within-days', 'next-window', 'watch'];
export const DUES = ['overdue', 'today', 'week', 'month'] as const;

const MARKS: Record<Action, [Shape, Tone]> = {
	'act-now': ['triangle', 'red'],
	'within-days': ['diamond', 'orange'],
	'next-window': ['clock', 'sky'],
	watch: ['ring', 'grey'],
};

export function ActionMark({ action }: { action: Action | null }) {
	if (!action) return <span class="quiet">–</span>;
	const [shape, tone] = MARKS[action] ?? ['dash', 'grey'];
	return (
		<span class="state">
			<Mark shape={shape} tone={tone} />
			{tOr('action', action)}
		</span>
	);
}

/** A due date is a day, the same one in every zone; in tables without its weekday, which would cost a column. */
export const dueDay = (due: string) => day(due.slice(0, 10)).replace(/\(.\)$/, '');

/** The day; one that has passed says so in a word. */
export function Due({ due, overdue }: { due: string | null; overdue: boolean }) {
	if (!due) return <span class="quiet">–</span>;
	if (!overdue) return <>{dueDay(due)}</>;
	return (
		<span class="state overdue">
			<Mark shape="cross" tone="red" />
			{dueDay(due)} <b>{t('overdue')}</b>
		</span>
	);
}

export function actionRank(action: Action | null): number {
	return action ? ACTIONS.indexOf(action) : ACTIONS.length;
}
