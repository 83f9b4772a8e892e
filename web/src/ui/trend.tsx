// Findings from day to day: an area for the severities, a line for what is overdue. Drawn by hand; for readers of
// screens and for exact numbers the same days stand in a table below.
import { day } from '../format';
import { number, t } from '../i18n';
import type { Severity, Trend, TrendDay } from '../types';

const WIDTH = 640;
const HEIGHT = 180;
const LEFT = 44;
const BOTTOM = 22;
const TOP = 8;
const LAYERS: Severity[] = ['unknown', 'low', 'medium', 'high', 'critical'];

const shown = (text: string) => day(`${text}T12:00:00`);

/** The smallest of 1, 2, 5, 10, 20 … that holds n. */
function ceiling(n: number): number {
	for (let step = 1; ; step *= 10) for (const part of [1, 2, 5]) if (part * step >= n) return part * step;
}

function heights(d: TrendDay): number[] {
	let sum = 0;
	return LAYERS.map((level) => (sum += d[level]));
}

function Areas({ days, x, y }: { days: TrendDay[]; x: (i: number) => number; y: (n: number) => number }) {
	const tops = days.map(heights);
	return (
		<>
			{LAYERS.map((level, layer) => {
				const upper = tops.map((h, i) => `${x(i)},${y(h[layer]!)}`);
				const lower = tops.map((h, i) => `${x(i)},${y(layer > 0 ? h[layer - 1]! : 0)}`).reverse();
				return <polygon key={level} class={`area ${level}`} points={[...upper, ...lower].join(' ')} />;
			})}
		</>
	);
}

function Chart({ days }: { days: TrendDay[] }) {
	const last = days[days.length - 1]!;
	const most = ceiling(Math.max(1, ...days.map((d) => Math.max(heights(d)[LAYERS.length - 1]!, d.overdue))));
	const step = (WIDTH - LEFT - 8) / Math.max(1, days.length - 1);
	const x = (i: number) => Math.round((LEFT + (days.length === 1 ? (WIDTH - LEFT) / 2 : i * step)) * 10) / 10;
	const y = (n: number) => Math.round((TOP + (HEIGHT - TOP - BOTTOM) * (1 - n / most)) * 10) / 10;
	return (
		<svg class="trend" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summary(days)}>
			{[0, most / 2, most].map((n) => (
				<g key={n}>
					<line class="rule" x1={LEFT} x2={WIDTH} y1={y(n)} y2={y(n)} />
					<text class="scale" x={LEFT - 6} y={y(n) + 4} text-anchor="end">
						{number(n)}
					</text>
				</g>
			))}
			<Areas days={days.length === 1 ? [last, last] : days} x={days.length === 1 ? (i) => (i === 0 ? LEFT : WIDTH) : x} y={y} />
			{days.length > 1 && <polyline class="line overdue" points={days.map((d, i) => `${x(i)},${y(d.overdue)}`).join(' ')} />}
			<text class="scale" x={LEFT} y={HEIGHT - 4}>
				{days[0]!.day}
			</text>
			<text class="scale" x={WIDTH} y={HEIGHT - 4} text-anchor="end">
				{last.day}
			</text>
		</svg>
	);
}

const open = (d: TrendDay) => heights(d)[LAYERS.length - 1]!;

function summary(days: TrendDay[]): string {
	const first = days[0]!;
	const last = days[days.length - 1]!;
	return t('trend.summary', { from: shown(first.day), to: shown(last.day), before: open(first), now: open(last), overdue: last.overdue });
}

function Legend() {
	return (
		<p class="legend" aria-hidden="true">
			{[...LAYERS].reverse().map((level) => (
				<span key={level} class={`key ${level}`}>
					{t(`severity.${level}`)}
				</span>
			))}
			<span class="key line">{t('overdue')}</span>
		</p>
	);
}

function Days({ days }: { days: TrendDay[] }) {
	return (
		<details class="trend-days">
			<summary>{t('trend.table')}</summary>
			<div class="scroll" tabIndex={0} role="region" aria-label={t('trend.title')}>
				<table class="plain">
					<thead>
						<tr>
							<th scope="col">{t('trend.day')}</th>
							{[...LAYERS].reverse().map((level) => (
								<th key={level} scope="col" class="num">
									{t(`severity.${level}`)}
								</th>
							))}
							<th scope="col" class="num">{t('kev')}</th>
							<th scope="col" class="num">{t('overdue')}</th>
							<th scope="col" class="num">{t('trend.new')}</th>
							<th scope="col" class="num">{t('trend.fixed')}</th>
							<th scope="col" class="num">{t('trend.clean')}</th>
						</tr>
					</thead>
					<tbody>
						{[...days].reverse().map((d) => (
							<tr key={d.day}>
								<th scope="row">{d.day}</th>
								{[...LAYERS].reverse().map((level) => (
									<td key={level} class="num">
										{number(d[level])}
									</td>
								))}
								<td class="num">{number(d.kev)}</td>
								<td class="num">{number(d.overdue)}</td>
								<td class="num">{number(d.new)}</td>
								<td class="num">{number(d.fixed)}</td>
								<td class="num">
									{number(d.clean)} / {number(d.hosts)}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</details>
	);
}

function Speed({ trend }: { trend: Trend }) {
	const parts = (['critical', 'high', 'medium', 'low'] as const).filter((level) => trend.fixed[level].count > 0);
	if (parts.length === 0) return <p class="quiet">{t('trend.fixed.none', { days: trend.days })}</p>;
	return (
		<p class="quiet">
			{t('trend.mean')}{' '}
			{parts.map((level, i) => (
				<>
					{i > 0 && t('list.comma')}
					{t('trend.mean.part', { severity: t(`severity.${level}`), days: (trend.fixed[level].mean_days ?? 0).toFixed(1), n: trend.fixed[level].count })}
				</>
			))}
		</p>
	);
}

export function TrendChart({ trend }: { trend: Trend }) {
	const days = trend.items;
	if (days.length === 0) return <p class="quiet">{t('trend.none')}</p>;
	return (
		<>
			<Chart days={days} />
			<Legend />
			<p>{summary(days)}</p>
			<Speed trend={trend} />
			<Days days={days} />
		</>
	);
}
