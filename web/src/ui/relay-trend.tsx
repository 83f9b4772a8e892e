// How a relay did in the last thirty days: what it gave out beside what it fetched, its hit rate, its cache. Drawn by hand;
// for readers of screens and for exact numbers the same days stand in a table below.
import type { ComponentChildren } from 'preact';
import { bytes, day } from '../format';
import { number, t } from '../i18n';
import type { RelayDay, RelayTrend } from '../types-relay';
import { percent } from './relays';

const WIDTH = 320;
const HEIGHT = 130;
const LEFT = 56;
const BOTTOM = 20;
const TOP = 10;
const DAY_MS = 86_400_000;

const shown = (text: string) => day(`${text}T12:00:00`);

/** One place for each day, with gaps where nothing was heard. */
function places(trend: RelayTrend): (RelayDay | null)[] {
	const known = new Map(trend.items.map((d) => [d.day, d]));
	const last = Date.parse(`${trend.today}T00:00:00Z`);
	return Array.from({ length: trend.days }, (_, i) => known.get(new Date(last - (trend.days - 1 - i) * DAY_MS).toISOString().slice(0, 10)) ?? null);
}

/** The smallest of 1, 2, 5, 10 … of its unit that holds n. */
function ceiling(n: number): number {
	for (let step = 1; ; step *= 10) for (const part of [1, 2, 5]) if (part * step >= n) return part * step;
}

interface Scale {
	x: (i: number) => number;
	y: (n: number) => number;
	step: number;
}

function Frame({ title, legend, max, label, summary, days, children }: { title: string; legend?: ComponentChildren; max: number; label: (n: number) => string; summary: string; days: number; children: (scale: Scale) => ComponentChildren }) {
	const step = (WIDTH - LEFT - 4) / days;
	const x = (i: number) => Math.round((LEFT + i * step) * 10) / 10;
	const y = (n: number) => Math.round((TOP + (HEIGHT - TOP - BOTTOM) * (1 - n / max)) * 10) / 10;
	return (
		<figure class="small-chart">
			<figcaption>
				<h3>{title}</h3>
				{legend}
			</figcaption>
			<svg class="trend" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summary}>
				{[0, max / 2, max].map((n) => (
					<g key={n}>
						<line class="rule" x1={LEFT} x2={WIDTH} y1={y(n)} y2={y(n)} />
						<text class="scale" x={LEFT - 6} y={y(n) + 4} text-anchor="end">
							{label(n)}
						</text>
					</g>
				))}
				{children({ x, y, step })}
				<text class="scale" x={LEFT} y={HEIGHT - 4}>
					{t('relay.trend.ago', { n: days - 1 })}
				</text>
				<text class="scale" x={WIDTH} y={HEIGHT - 4} text-anchor="end">
					{t('relay.trend.today')}
				</text>
			</svg>
		</figure>
	);
}

/** Joined where day follows day. */
function Line({ values, scale, name }: { values: (number | null)[]; scale: Scale; name: string }) {
	const runs: string[][] = [[]];
	values.forEach((value, i) => {
		if (value === null) runs.push([]);
		else runs[runs.length - 1]!.push(`${Math.round((scale.x(i) + scale.step / 2) * 10) / 10},${scale.y(value)}`);
	});
	return (
		<>
			{runs.filter((run) => run.length > 0).map((run) => (
				<g key={run[0]} class={name}>
					{run.length > 1 && <polyline class="stroke" points={run.join(' ')} />}
					{run.length === 1 && <circle cx={run[0]!.split(',')[0]} cy={run[0]!.split(',')[1]} r="2" />}
				</g>
			))}
		</>
	);
}

function Traffic({ days, sums }: { days: (RelayDay | null)[]; sums: Sums }) {
	const max = ceiling(Math.max(1, ...days.map((d) => Math.max(d?.served ?? 0, d?.fetched ?? 0))));
	return (
		<Frame
			title={t('relay.trend.traffic')}
			max={max}
			label={bytes}
			days={days.length}
			summary={t('relay.trend.traffic.summary', { served: bytes(sums.served), fetched: bytes(sums.fetched) })}
			legend={
				<p class="legend" aria-hidden="true">
					<span class="key served">{t('relay.trend.served')}</span>
					<span class="key fetched">{t('relay.trend.fetched')}</span>
				</p>
			}
		>
			{({ x, y, step }) =>
				days.map(
					(d, i) =>
						d && (
							<g key={d.day}>
								<rect class="served" x={x(i) + step * 0.1} width={step * 0.8} y={y(d.served)} height={y(0) - y(d.served)} />
								<rect class="fetched" x={x(i) + step * 0.3} width={step * 0.4} y={y(d.fetched)} height={y(0) - y(d.fetched)} />
							</g>
						),
				)
			}
		</Frame>
	);
}

interface Sums {
	hits: number;
	asked: number;
	served: number;
	fetched: number;
}

function sumsOf(items: RelayDay[]): Sums {
	const sum = (of: (d: RelayDay) => number) => items.reduce((all, d) => all + of(d), 0);
	return { hits: sum((d) => d.hits), asked: sum((d) => d.hits + d.misses), served: sum((d) => d.served), fetched: sum((d) => d.fetched) };
}

function Days({ items }: { items: RelayDay[] }) {
	return (
		<details class="trend-days">
			<summary>{t('trend.table')}</summary>
			<div class="scroll" tabIndex={0} role="region" aria-label={t('relay.trend')}>
				<table class="plain">
					<thead>
						<tr>
							<th scope="col">{t('trend.day')}</th>
							<th scope="col" class="num">{t('relay.trend.asked')}</th>
							<th scope="col" class="num">{t('relay.hit-rate')}</th>
							<th scope="col" class="num">{t('relay.trend.served')}</th>
							<th scope="col" class="num">{t('relay.trend.fetched')}</th>
							<th scope="col" class="num">{t('relay.space')}</th>
						</tr>
					</thead>
					<tbody>
						{[...items].reverse().map((d) => (
							<tr key={d.day}>
								<th scope="row">{d.day}</th>
								<td class="num">{number(d.hits + d.misses)}</td>
								<td class="num">{d.hit_rate === null ? '–' : percent(d.hit_rate)}</td>
								<td class="num">{bytes(d.served)}</td>
								<td class="num">{bytes(d.fetched)}</td>
								<td class="num">{bytes(d.space)}</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</details>
	);
}

export function RelayTrendCharts({ trend }: { trend: RelayTrend }) {
	if (trend.items.length === 0) return <p class="quiet">{t('relay.trend.none')}</p>;
	const days = places(trend);
	const sums = sumsOf(trend.items);
	const last = trend.items[trend.items.length - 1]!;
	const rate = sums.asked > 0 ? percent(sums.hits / sums.asked) : '–';
	const room = Math.max(1, ...trend.items.map((d) => Math.max(d.space, d.space_max)));
	return (
		<>
			<div class="small-charts">
				<Traffic days={days} sums={sums} />
				<Frame title={t('relay.hit-rate')} max={1} label={(n) => `${Math.round(n * 100)}%`} days={days.length} summary={t('relay.trend.rate.summary', { rate })}>
					{(scale) => <Line values={days.map((d) => d?.hit_rate ?? null)} scale={scale} name="rate" />}
				</Frame>
				<Frame title={t('relay.space')} max={room} label={bytes} days={days.length} summary={t('relay.trend.space.summary', { space: bytes(last.space), max: bytes(last.space_max) })}>
					{(scale) => <Line values={days.map((d) => d?.space ?? null)} scale={scale} name="space" />}
				</Frame>
			</div>
			<p>{t('relay.trend.summary', { n: trend.items.length, of: trend.days, from: shown(trend.items[0]!.day), served: bytes(sums.served), fetched: bytes(sums.fetched), rate, asked: number(sums.asked) })}</p>
			<Days items={trend.items} />
		</>
	);
}
