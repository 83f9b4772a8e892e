// グラフ・地図: time, top values, a world map, two fields against each other. Drawn as SVG without a library: every bar and country
// is a link that narrows the query, prints sharply and is read out.
import { useEffect, useState } from 'preact/hooks';
import { clock, countryName, day } from '../format';
import { number } from '../i18n';
import { setParams, useRoute } from '../router';
import { Failure, Skeleton } from '../ui/bits';
import { useAsk } from './ask';
import { term, withTerm, withUse } from './query';
import type { Facet, FacetAnswer, HistogramAnswer, Step } from './types';
import { fieldName, valueName, x, type Word } from './words';

const HIST = { width: 960, height: 132, left: 56, bottom: 20, top: 8 };
const TOP = 15;
const TOP_FIELDS = ['org', 'product', 'country', 'class', 'os.inferred', 'os', 'port', 'version', 'support', 'tls', 'leaks', 'org.kind', 'specialty', 'module', 'http.server', 'ssl.version', 'ssl.cert.issuer.cn', 'asn', 'isp', 'city', 'vuln', 'vuln.inferred', 'tag', 'source', 'snapshot'];
const PAIRS = 1000;
const ROWS = 12;
const COLUMNS = 8;

interface Props {
	query: string;
	onQuery: (query: string) => void;
}

/** A round number at least as large. */
function ceiling(n: number): number {
	const power = 10 ** Math.floor(Math.log10(Math.max(1, n)));
	return [1, 2, 5, 10].map((m) => m * power).find((m) => m >= n) ?? n;
}

const short = (n: number): string => (n >= 1e6 ? `${number(Math.round(n / 1e5) / 10)}M` : n >= 1e4 ? `${number(Math.round(n / 100) / 10)}k` : number(n));
const percentOf = (n: number, all: number): string => (all > 0 ? `${((n / all) * 100).toFixed(n / all < 0.1 ? 1 : 0)}%` : '–');

// ---- time ----

function stepName(from: string, step: Step): string {
	if (step === 'hour') return `${day(from)} ${clock(from, 'UTC')}`;
	return step === 'day' || step === 'week' ? day(from) : from;
}

/** The term of one bar: from its first day, less the day behind its last. */
function stepTerm(from: string, step: Step): string {
	const at = new Date(step === 'year' ? `${from}-01-01T00:00:00Z` : step === 'month' ? `${from}-01T00:00:00Z` : step === 'hour' ? from : `${from}T00:00:00Z`);
	const to = new Date(at);
	if (step === 'year') to.setUTCFullYear(to.getUTCFullYear() + 1);
	else if (step === 'month') to.setUTCMonth(to.getUTCMonth() + 1);
	else to.setTime(to.getTime() + { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 }[step]);
	if (step === 'hour') return `timestamp:"${at.toISOString()}..${new Date(to.getTime() - 1).toISOString()}"`;
	return `after:${at.toISOString().slice(0, 10)} before:${to.toISOString().slice(0, 10)}`;
}

export function Histogram({ query, onQuery, tall }: Props & { tall?: boolean }) {
	const answer = useAsk<HistogramAnswer>('histogram', { q: query });
	const data = answer.data;
	if (!data) return answer.error && answer.error.at === undefined ? <Failure error={answer.error} retry={answer.reload} /> : <Skeleton lines={4} />;
	if (data.values.length < 2) return null;
	const { width, left, bottom, top } = HIST;
	const height = tall ? HIST.height * 1.6 : HIST.height;
	const most = ceiling(Math.max(...data.values.map(({ count }) => count)));
	const slot = (width - left) / data.values.length;
	const y = (n: number) => top + (height - top - bottom) * (1 - n / most);
	const peak = data.values.reduce((a, b) => (b.count > a.count ? b : a));
	const label = (i: number) => stepName(data.values[i]!.from, data.step);
	const narrow = (from: string) => onQuery(withTerm(query, stepTerm(from, data.step)));
	return (
		<figure class="histogram" aria-busy={answer.busy}>
			<svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${x('charts.time')}: ${x('charts.summary', { from: stepName(peak.from, data.step), n: peak.count })}`}>
				{[most / 2, most].map((n) => (
					<g key={n}>
						<line class="rule" x1={left} x2={width} y1={y(n)} y2={y(n)} />
						<text class="scale" x={left - 6} y={y(n) + 4} text-anchor="end">
							{short(n)}
						</text>
					</g>
				))}
				<line class="rule" x1={left} x2={width} y1={y(0)} y2={y(0)} />
				{data.values.map(({ from, count }, i) => (
					<g key={from} class="time-bar" onClick={() => count > 0 && narrow(from)}>
						<rect class="hit" x={left + i * slot} y={0} width={slot} height={height - bottom} />
						<rect class="count-bar" x={left + i * slot + Math.min(2, slot * 0.1)} width={Math.max(0.6, slot - Math.min(4, slot * 0.2))} y={Math.min(y(count), count > 0 ? y(0) - 1.2 : y(0))} height={count > 0 ? Math.max(1.2, y(0) - y(count)) : 0} />
						<title>{x('charts.time.narrow', { from: label(i), n: count })}</title>
					</g>
				))}
				<text class="scale" x={left} y={height - 4}>
					{label(0)}
				</text>
				<text class="scale" x={width} y={height - 4} text-anchor="end">
					{label(data.values.length - 1)}
				</text>
			</svg>
			<figcaption class="quiet">
				{x('charts.time')} · {x(`charts.time.step.${data.step}` as Word)} · {x('charts.summary', { from: stepName(peak.from, data.step), n: peak.count })}
			</figcaption>
			{tall && (
				<details class="chart-table">
					<summary>{x('charts.time.table')}</summary>
					<div class="scroll" tabIndex={0} role="region" aria-label={x('charts.time')}>
						<table class="plain">
							<tbody>
								{data.values.map(({ from, count }) => (
									<tr key={from}>
										<th scope="row">
											<button type="button" class="bare" disabled={count === 0} onClick={() => narrow(from)}>
												{stepName(from, data.step)}
											</button>
										</th>
										<td class="num">{number(count)}</td>
									</tr>
								))}
							</tbody>
						</table>
					</div>
				</details>
			)}
		</figure>
	);
}

// ---- top values ----

function FieldChoice({ name, label, value, fields }: { name: string; label: Word; value: string; fields: string[] }) {
	return (
		<label class="filter">
			<span>{x(label)}</span>
			<select value={value} onChange={(event) => setParams({ [name]: event.currentTarget.value })}>
				{fields.map((field) => (
					<option key={field} value={field}>
						{fieldName(field)}
					</option>
				))}
			</select>
		</label>
	);
}

function TopValues({ query, onQuery, total }: Props & { total: number | undefined }) {
	const { params } = useRoute();
	const field = params.get('top') ?? 'org';
	const answer = useAsk<FacetAnswer>('facet', { q: query, fields: `${field}:${TOP}` });
	const facet = answer.data?.facets[0];
	return (
		<section class="chart">
			<div class="chart-head">
				<h2>{x('charts.top')}</h2>
				<FieldChoice name="top" label="charts.top.by" value={field} fields={TOP_FIELDS.includes(field) ? TOP_FIELDS : [field, ...TOP_FIELDS]} />
			</div>
			{!facet ? answer.error ? <Failure error={answer.error} retry={answer.reload} /> : <Skeleton lines={8} /> : <Bars facet={facet} total={total} query={query} onQuery={onQuery} busy={answer.busy} />}
		</section>
	);
}

function Bars({ facet, total, query, onQuery, busy }: Props & { facet: Facet; total: number | undefined; busy: boolean }) {
	const most = Math.max(1, ...facet.values.map(({ count }) => count));
	if (facet.values.length === 0) return <p class="quiet">{x('results.none')}</p>;
	return (
		<>
			<table class="bars" aria-busy={busy}>
				<tbody>
					{facet.values.map(({ value, count }) => (
						<tr key={value}>
							<th scope="row">
								<button type="button" class="bare" title={x('facet.in', { field: fieldName(facet.field), value: valueName(facet.field, value), n: count })} onClick={() => onQuery(withUse(query, facet.field, value, 'in'))}>
									{valueName(facet.field, value)}
								</button>
							</th>
							<td class="bar-cell">
								<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
									<rect width={Math.max(0.6, (count / most) * 100)} height="10" />
								</svg>
							</td>
							<td class="num">{number(count)}</td>
							<td class="num quiet">{total === undefined ? '' : percentOf(count, total)}</td>
						</tr>
					))}
				</tbody>
			</table>
			{facet.other > 0 && <p class="quiet">{x('facet.other', { n: facet.other })}</p>}
		</>
	);
}

// ---- the map ----

const COUNTRIES = 300;

function WorldMap({ query, onQuery }: Props) {
	const { params } = useRoute();
	const field = params.get('map') === 'inferred' ? 'country.inferred' : 'country';
	const answer = useAsk<FacetAnswer>('facet', { q: query, fields: `${field}:${COUNTRIES}` });
	const [paths, setPaths] = useState<Record<string, string> | null>(null);
	useEffect(() => {
		import('virtual:world').then(
			({ default: world }) => setPaths(world),
			() => setPaths({}), // the table below it says the same
		);
	}, []);
	const facet = answer.data?.facets[0];
	return (
		<section class="chart">
			<div class="chart-head">
				<h2>{x('charts.map')}</h2>
				<label class="filter">
					<span>{fieldName('country')}</span>
					<select value={field} onChange={(event) => setParams({ map: event.currentTarget.value === 'country' ? null : 'inferred' })}>
						<option value="country">{x('charts.map.stated')}</option>
						<option value="country.inferred">{x('charts.map.inferred')}</option>
					</select>
				</label>
			</div>
			{answer.error && answer.error.at === undefined && <Failure error={answer.error} retry={answer.reload} quiet={facet !== undefined} />}
			{!facet || !paths ? (
				<Skeleton lines={10} />
			) : facet.values.length === 0 ? (
				<p class="quiet">{x('charts.map.none')}</p>
			) : (
				<MapSvg facet={facet} paths={paths} query={query} onQuery={onQuery} />
			)}
		</section>
	);
}

/** Five shades by powers, from the least to the most: one country has often a hundred times what another has. */
function shade(count: number, least: number, most: number): number {
	if (count <= 0) return 0;
	return most <= least ? 5 : 1 + Math.floor((Math.log(count / least) / Math.log(most / least)) * 4.999);
}

function MapSvg({ facet, paths, query, onQuery }: Props & { facet: Facet; paths: Record<string, string> }) {
	const counts = new Map(facet.values.map(({ value, count }) => [value.toUpperCase(), { value, count }]));
	const most = facet.values[0]!.count;
	const least = facet.values[facet.values.length - 1]!.count;
	const top = facet.values[0]!;
	const choose = (value: string) => onQuery(withUse(query, facet.field, value, 'in'));
	const limits = [1, 2, 3, 4, 5].map((n) => Math.ceil(least * Math.exp(((n - 1) / 4.999) * Math.log(most / least) - 1e-9)));
	return (
		<>
			<svg class="world" viewBox="40 8 880 440" role="img" aria-label={x('charts.map.summary', { n: facet.values.length, top: countryName(top.value), count: top.count })}>
				{Object.entries(paths).map(([code, path]) => {
					const hit = counts.get(code);
					const kind = `land shade-${shade(hit?.count ?? 0, least, most)}`;
					const title = <title>{`${countryName(code)}: ${number(hit?.count ?? 0)}`}</title>;
					const click = hit ? () => choose(hit.value) : undefined;
					if (path.startsWith('M'))
						return (
							<path key={code} class={kind} d={path} onClick={click}>
								{title}
							</path>
						);
					if (!hit) return null;
					const [cx, cy] = path.split(',');
					return (
						<circle key={code} class={kind} cx={cx} cy={cy} r="3.5" onClick={click}>
							{title}
						</circle>
					);
				})}
			</svg>
			<p class="map-legend quiet" aria-hidden="true">
				{limits.map((from, i) => (
					<span key={i}>
						<svg viewBox="0 0 12 12" width="12" height="12">
							<rect class={`land shade-${i + 1}`} width="12" height="12" rx="2" />
						</svg>
						{short(from)}–
					</span>
				))}
			</p>
			<p>{x('charts.map.summary', { n: facet.values.length, top: countryName(top.value), count: top.count })}</p>
			<ol class="map-top">
				{facet.values.slice(0, 10).map(({ value, count }) => (
					<li key={value}>
						<button type="button" class="bare" onClick={() => choose(value)}>
							{countryName(value)}
						</button>
						<span class="num">{number(count)}</span>
					</li>
				))}
			</ol>
		</>
	);
}

// ---- two fields ----

function TwoWay({ query, onQuery }: Props) {
	const { params } = useRoute();
	// Most sources state no system: then what was inferred tells more.
	const systems = useAsk<FacetAnswer>('facet', params.get('rows') ? null : { q: query, fields: 'os:1,os.inferred:1' });
	const sum = (i: number) => (systems.data?.facets[i]?.values[0]?.count ?? 0) + (systems.data?.facets[i]?.other ?? 0);
	const rows = params.get('rows') ?? (sum(0) > sum(1) ? 'os' : 'os.inferred');
	const columns = params.get('cols2') ?? 'country';
	const answer = useAsk<FacetAnswer>('facet', rows === columns || (!params.get('rows') && !systems.data) ? null : { q: query, fields: `${rows}/${columns}:${PAIRS}` });
	const facet = answer.data?.facets[0];
	return (
		<section class="chart broad">
			<div class="chart-head">
				<h2>{x('charts.two')}</h2>
				<FieldChoice name="rows" label="charts.two.rows" value={rows} fields={TOP_FIELDS.includes(rows) ? TOP_FIELDS : [rows, ...TOP_FIELDS]} />
				<FieldChoice name="cols2" label="charts.two.columns" value={columns} fields={TOP_FIELDS.includes(columns) ? TOP_FIELDS : [columns, ...TOP_FIELDS]} />
			</div>
			{answer.error && answer.error.at === undefined && <Failure error={answer.error} retry={answer.reload} quiet={facet !== undefined} />}
			{rows !== columns && (!facet ? !answer.error && <Skeleton lines={6} /> : <Matrix facet={facet} rows={rows} columns={columns} query={query} onQuery={onQuery} />)}
		</section>
	);
}

function ranked(values: [string, number][]): string[] {
	const sums = new Map<string, number>();
	for (const [name, n] of values) sums.set(name, (sums.get(name) ?? 0) + n);
	return [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
}

function Matrix({ facet, rows, columns, query, onQuery }: Props & { facet: Facet; rows: string; columns: string }) {
	const cells = facet.values.map(({ value, second, count }) => ({ row: value, column: second ?? '', count }));
	if (cells.length === 0) return <p class="quiet">{x('charts.two.none')}</p>;
	const left = ranked(cells.map(({ row, count }) => [row, count])).slice(0, ROWS);
	const head = ranked(cells.map(({ column, count }) => [column, count])).slice(0, COLUMNS);
	const at = new Map(cells.map(({ row, column, count }) => [`${row}\t${column}`, count]));
	const most = Math.max(...cells.map(({ count }) => count));
	const least = Math.min(...cells.map(({ count }) => count));
	const open = (row: string, column: string) => onQuery(withTerm(withTerm(query, term(rows, row)), term(columns, column)));
	return (
		<>
			<div class="scroll" tabIndex={0} role="region" aria-label={x('charts.two')}>
				<table class="matrix">
					<thead>
						<tr>
							<td />
							{head.map((column) => (
								<th key={column} scope="col">
									{valueName(columns, column)}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{left.map((row) => (
							<tr key={row}>
								<th scope="row">{valueName(rows, row)}</th>
								{head.map((column) => {
									const count = at.get(`${row}\t${column}`) ?? 0;
									return (
										<td key={column} class={`num shade-${shade(count, least, most)}`}>
											{count > 0 ? (
												<button type="button" class="bare" title={`${valueName(rows, row)} × ${valueName(columns, column)}`} onClick={() => open(row, column)}>
													{number(count)}
												</button>
											) : facet.other > 0 ? (
												<span class="quiet">≤ {number(least)}</span>
											) : (
												'–'
											)}
										</td>
									);
								})}
							</tr>
						))}
					</tbody>
				</table>
			</div>
			<p class="quiet">{x('charts.two.note', { n: PAIRS })}</p>
		</>
	);
}

export function Charts({ query, onQuery, total }: Props & { total: number | undefined }) {
	return (
		<div class="charts">
			<section class="chart broad">
				<Histogram query={query} onQuery={onQuery} tall />
			</section>
			<WorldMap query={query} onQuery={onQuery} />
			<TopValues query={query} onQuery={onQuery} total={total} />
			<TwoWay query={query} onQuery={onQuery} />
		</div>
	);
}
