// States are told by a word and a shape; the colour (Okabe–Ito) only helps. The shapes are drawn, not typed, so
// that they look alike in every font.
import type { JSX } from 'preact';
import { tOr } from '../i18n';
import type { PatchState, Severity } from '../types';

export type Shape =
	| 'triangle'
	| 'diamond'
	| 'dot'
	| 'ring'
	| 'dash'
	| 'check'
	| 'play'
	| 'clock'
	| 'pause'
	| 'again'
	| 'cross'
	| 'flame';
export type Tone = 'red' | 'orange' | 'sky' | 'green' | 'blue' | 'purple' | 'grey';

const OUTLINES: Record<Shape, JSX.Element> = {
	triangle: <path d="M6 .8 11.6 11H.4z" />,
	diamond: <path d="M6 .4 11.6 6 6 11.6.4 6z" />,
	dot: <circle cx="6" cy="6" r="4" />,
	ring: <circle cx="6" cy="6" r="3.6" class="stroke" />,
	dash: <path d="M2 6h8" class="stroke" />,
	check: <path d="M1.6 6.6 4.6 9.6 10.4 2.6" class="stroke" />,
	play: <path d="M2.2.8v10.4L11 6z" />,
	clock: <path d="M6 1.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6M6 3.4V6l2 1.4" class="stroke" />,
	pause: <path d="M2 1.5h2.8v9H2zm5.2 0H10v9H7.2z" />,
	again: <path d="M10.2 6A4.2 4.2 0 1 1 8.6 2.7M9.6.8v2.6H7" class="stroke" />,
	cross: <path d="M2 2l8 8M10 2l-8 8" class="stroke" />,
	flame: <path d="M6.6.4c.6 2.4 3.6 3.7 3.6 7A4.2 4.2 0 0 1 6 11.6 4.2 4.2 0 0 1 1.8 7.4C1.8 5.6 3 4.6 3.6 3.4c.5.9.7 1.3.8 2C5.800 4.200 6.500 2.600 6.600.4z" />,
};

export function Mark({ shape, tone }: { shape: Shape; tone: Tone }) {
	return (
		<svg class={`mark ${tone}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
			{OUTLINES[shape]}
		</svg>
	);
}

const SEVERITIES: Record<Severity, [Shape, Tone]> = {
	critical: ['triangle', 'red'],
	high: ['diamond', 'orange'],
	medium: ['dot', 'sky'],
	low: ['ring', 'grey'],
	unknown: ['dash', 'grey'],
};

const STATES: Record<PatchState, [Shape, Tone]> = {
	missing: ['ring', 'orange'],
	queued: ['clock', 'blue'],
	running: ['play', 'sky'],
	installed: ['check', 'green'],
	'installed-pending-reboot': ['again', 'orange'],
	failed: ['triangle', 'red'],
	'kept-back': ['pause', 'grey'],
	'waiting-approval': ['ring', 'orange'],
	'waiting-vendor': ['ring', 'purple'],
	'waiting-ring': ['clock', 'sky'],
	'waiting-window': ['clock', 'blue'],
	held: ['pause', 'orange'],
	'vendor-forbidden': ['cross', 'purple'],
	mitigated: ['diamond', 'sky'],
	withdrawn: ['cross', 'red'],
	'not-applicable': ['dash', 'grey'],
};

const LEVELS: Record<string, [Shape, Tone]> = {
	alarm: ['triangle', 'red'],
	warning: ['diamond', 'orange'],
	info: ['dot', 'sky'],
};

function Marked({ mark, text }: { mark: [Shape, Tone] | undefined; text: string }) {
	const [shape, tone] = mark ?? ['dash', 'grey'];
	return (
		<span class="state">
			<Mark shape={shape} tone={tone} />
			{text}
		</span>
	);
}

export function SeverityMark({ severity }: { severity: Severity }) {
	return <Marked mark={SEVERITIES[severity]} text={tOr('severity', severity)} />;
}

export function StateMark({ state }: { state: PatchState }) {
	return <Marked mark={STATES[state]} text={tOr('state', state)} />;
}

export function LevelMark({ level }: { level: string }) {
	return (
		<span class="state" title={tOr('level', level)}>
			<Mark shape={LEVELS[level]?.[0] ?? 'dot'} tone={LEVELS[level]?.[1] ?? 'grey'} />
			<span class="unseen">{tOr('level', level)}</span>
		</span>
	);
}

export function stateMark(state: PatchState): [Shape, Tone] {
	return STATES[state] ?? ['dash', 'grey'];
}

/** For sorting: critical first. */
export function severityRank(severity: Severity): number {
	return ['critical', 'high', 'medium', 'low', 'unknown'].indexOf(severity);
}
