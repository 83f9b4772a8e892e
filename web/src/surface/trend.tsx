// From run to run: how many risks were there, by severity. What runs told is in each risk's first run and in the run since
// which it is gone.
import { day } from '../format';
import { number } from '../i18n';
import { SEVERITIES, type Level } from './model';
import type { Risk, Run } from './types';
import { x } from './words';

const WIDTH = 420;
const HEIGHT = 130;
const LEFT = 34;
const BOTTOM = 18;
const TOP = 8;
const RUNS = 60;

/** The smallest of 1, 2, 5, 10, 20 … that holds n. */
function ceiling(n: number): number {
	for (let step = 1; ; step *= 10) for (const part of [1, 2, 5]) if (part * step >= n) return part * step;
}

export function TrendOverRuns({ runs, risks, upTo }: { runs: Run[]; risks: Risk[]; upTo: number }) {
	const shown = runs.filter(({ run, ended, began }) => run <= upTo && (ended ?? began)).slice(0, RUNS).reverse();
	if (shown.length < 2) return null;
	const layers: Level[] = [...SEVERITIES].reverse();
	const rows = shown.map(({ run, ended, began }) => {
		const there = risks.filter(({ state }) => state && state.first_run <= run && (!state.gone_run || state.gone_run > run));
		let total = 0;
		const tops = layers.map((level) => (total += there.filter(({ severity }) => severity === level).length));
		return { run, at: ended ?? began ?? '', total, tops };
	});
	const most = ceiling(Math.max(1, ...rows.map(({ total }) => total)));
	const px = (i: number) => Math.round((LEFT + (i * (WIDTH - LEFT - 6)) / (rows.length - 1)) * 10) / 10;
	const py = (n: number) => Math.round((TOP + (HEIGHT - TOP - BOTTOM) * (1 - n / most)) * 10) / 10;
	const first = rows[0]!;
	const last = rows.at(-1)!;
	const words = x('trend.words', { from: day(first.at), to: day(last.at), before: first.total, now: last.total });
	return (
		<section class="panel">
			<h2>{x('trend.title')}</h2>
			<svg class="trend" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words}>
				{[0, most / 2, most].map((n) => (
					<g key={n}>
						<line class="rule" x1={LEFT} x2={WIDTH} y1={py(n)} y2={py(n)} />
						<text class="scale" x={LEFT - 5} y={py(n) + 4} text-anchor="end">
							{number(n)}
						</text>
					</g>
				))}
				{layers.map((level, layer) => (
					<polygon key={level} class={`level-${level}`} points={[...rows.map(({ tops }, i) => `${px(i)},${py(tops[layer]!)}`), ...rows.map(({ tops }, i) => `${px(i)},${py(layer > 0 ? tops[layer - 1]! : 0)}`).reverse()].join(' ')} />
				))}
				<text class="scale" x={LEFT} y={HEIGHT - 4}>
					{first.at.slice(0, 10)}
				</text>
				<text class="scale" x={WIDTH - 6} y={HEIGHT - 4} text-anchor="end">
					{last.at.slice(0, 10)}
				</text>
			</svg>
			<p class="quiet">{words}</p>
		</section>
	);
}
