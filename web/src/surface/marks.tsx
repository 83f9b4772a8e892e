// Severities, states, ownership, kinds: a shape and a word each.
import { day } from '../format';
import { Tag } from '../ui/bits';
import type { Shape, Tone } from '../ui/marks';
import { isOverdue, kindName, statusOf } from './model';
import type { Risk } from './types';
import { x, xOr } from './words';

const LEVELS: Record<string, [Shape, Tone]> = { critical: ['triangle', 'red'], high: ['diamond', 'orange'], medium: ['dot', 'sky'], low: ['ring', 'grey'], info: ['dash', 'grey'] };
const STATES: Record<string, [Shape, Tone]> = { open: ['ring', 'orange'], 'in-progress': ['play', 'sky'], accepted: ['pause', 'purple'], done: ['check', 'green'] };
const OWNED: Record<string, [Shape, Tone]> = { approved: ['check', 'green'], candidate: ['ring', 'orange'], dependency: ['dot', 'sky'], monitor: ['clock', 'purple'], excluded: ['cross', 'grey'] };

export function LevelMark({ level }: { level: string }) {
	const [shape, tone] = LEVELS[level] ?? ['dash', 'grey'];
	return (
		<Tag shape={shape} tone={tone}>
			{xOr('severity', level)}
		</Tag>
	);
}

export function statusWords(risk: Risk): string {
	const status = statusOf(risk);
	if (risk.state?.expired) return x('status.expired');
	if (status === 'done' && !risk.state?.gone_run) return x('status.done.wait');
	return xOr('status', status);
}

export function StatusMark({ risk }: { risk: Risk }) {
	const [shape, tone] = risk.state?.expired ? (['triangle', 'red'] as const) : (STATES[statusOf(risk)] ?? ['dash', 'grey']);
	return (
		<Tag shape={shape} tone={tone}>
			{statusWords(risk)}
		</Tag>
	);
}

export function OwnershipMark({ ownership }: { ownership: string }) {
	const [shape, tone] = OWNED[ownership] ?? ['dash', 'grey'];
	return (
		<Tag shape={shape} tone={tone}>
			{xOr('ownership', ownership)}
		</Tag>
	);
}

export function KindChip({ kind }: { kind: string }) {
	return <span class="kind-chip">{kindName(kind)}</span>;
}

/** A day, and beside it that it has passed. */
export function DueDay({ risk, at }: { risk: Risk; at: string | null }) {
	if (!at) return <span class="quiet">–</span>;
	return (
		<span class={isOverdue(risk) ? 'due late' : 'due'}>
			<time dateTime={at}>{day(at)}</time>
			{isOverdue(risk) && <strong> {x('overdue')}</strong>}
		</span>
	);
}
