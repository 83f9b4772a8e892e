// One banner: what an attacker learns, what the source stated apart from what mamori inferred, where it came from, the record itself.
import { day } from '../format';
import { number } from '../i18n';
import { href, useRoute } from '../router';
import { Copy, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { Mark, type Shape, type Tone } from '../ui/marks';
import { useAsk } from './ask';
import { term } from './query';
import { endpoint, listOf, recordPath, sureOf } from './results';
import type { Import, Inferred, Other, RecordAnswer } from './types';
import { fieldName, valueName, x, type Word } from './words';

const TEXTS = ['http.title', 'data', 'http.html'];
const MANY = 12;
const RAW_PRETTY = 400_000;

export function RecordPage({ id }: { id: string }) {
	const { params } = useRoute();
	const answer = useAsk<RecordAnswer>('record', { key: id });
	const back = (
		<p class="crumb">
			<a href={href(['exposure'], { q: params.get('q') })}>← {x('record.back')}</a>
		</p>
	);
	const r = answer.data;
	if (!r)
		return (
			<>
				{back}
				{answer.error ? <Failure error={answer.error} retry={answer.reload} /> : <Skeleton lines={12} />}
			</>
		);
	return (
		<div class="record">
			{back}
			<PageHead
				title={
					<>
						{endpoint(r.ip, r.port)} <small>{r.transport}</small>
					</>
				}
				sentence={
					<>
						{[...listOf(r.stated['hostname']).slice(0, 3), ...listOf(r.stated['org'])].join(' · ')} <Observed at={r.timestamp} />
					</>
				}
			>
				<a class="button" href={href(['exposure'], { q: term('ip', r.ip) })}>
					{x('record.search-ip')}
				</a>
			</PageHead>
			<Learn r={r} />
			<div class="record-columns">
				<section class="panel">
					<h2>{x('record.stated')}</h2>
					<p class="quiet">{x('record.stated.note')}</p>
					<Values values={r.stated} />
				</section>
				<section class="panel">
					<h2>{x('record.inferred')}</h2>
					<p class="quiet">{Object.keys(r.inferred).length > 0 ? x('record.inferred.note') : x('record.inferred.none')}</p>
					<Values values={r.inferred} />
				</section>
			</div>
			<Texts stated={r.stated} />
			<Origins origins={r.origins} />
			<Others title="record.earlier" rows={r.earlier} current={r.key} query={params.get('q')} />
			<Others title="record.services" rows={r.services.filter((o) => o.port !== r.port || o.transport !== r.transport)} current={r.key} query={params.get('q')} />
			<Raw raw={r.raw} />
		</div>
	);
}

function Observed({ at }: { at: string }) {
	const [before, after] = x('record.observed', { at: '\u0000' }).split('\u0000');
	return (
		<span class="quiet">
			{before}
			<Time at={at} />
			{after}
		</span>
	);
}

// ---- what an attacker learns ----

interface Lesson {
	shape: Shape;
	tone: Tone;
	text: string;
	sure: number;
}

const LEAKS: Record<string, [Shape, Tone]> = {
	'patient-data': ['triangle', 'red'],
	'anonymous-login': ['triangle', 'red'],
	shares: ['diamond', 'orange'],
	'directory-listing': ['diamond', 'orange'],
	screenshot: ['diamond', 'orange'],
	debug: ['diamond', 'orange'],
	'private-address': ['dot', 'sky'],
	'default-page': ['dot', 'sky'],
	'host-name': ['dot', 'sky'],
	'domain-name': ['dot', 'sky'],
	location: ['dot', 'sky'],
	contact: ['dot', 'sky'],
};

/** At most so many values, then how many more. */
function some(list: string[], most = 6): string {
	return list.length > most ? `${list.slice(0, most).join(x('comma'))}${x('comma')}${x('and-more', { n: list.length - most })}` : list.join(x('comma'));
}

function lessonsOf(r: RecordAnswer): Lesson[] {
	const out: Lesson[] = [];
	const add = (shape: Shape, tone: Tone, text: string, sure = 0) => out.push({ shape, tone, text, sure });
	const one = (field: string) => sureOf(r.stated[field]?.[0]) ?? sureOf(r.inferred[`${field}.inferred`]?.[0]) ?? sureOf(r.inferred[field]?.[0]);
	const product = one('product');
	const version = one('version');
	if (product && version) add('diamond', 'orange', x('learn.version', { what: `${product.value} ${version.value}` }), version.confidence);
	else if (product) add('dot', 'sky', x('learn.product', { what: product.value }), product.confidence);
	const os = one('os');
	if (os) add('dot', 'sky', x('learn.os', { what: os.value }), os.confidence);
	const support = one('support');
	if (support?.value === 'ended') add('triangle', 'red', x('learn.support-ended'), support.confidence);
	const known = listOf(r.stated['vuln']);
	if (known.length > 0) add('triangle', 'red', x('learn.vulns', { what: some(known) }));
	const possible = listOf(r.inferred['vuln.inferred']);
	if (possible.length > 0) add('diamond', 'orange', x('learn.vulns.inferred', { what: some(possible) }), sureOf(r.inferred['vuln.inferred']?.[0])?.confidence);
	for (const value of r.inferred['leaks'] ?? []) {
		const leak = sureOf(value);
		if (!leak || leak.value === 'version' || leak.value === 'os') continue;
		const [shape, tone] = LEAKS[leak.value] ?? ['dot', 'sky'];
		add(shape, tone, leak.value in LEAKS ? x(`learn.${leak.value}` as Word) : leak.value, leak.confidence);
	}
	if (sureOf(r.stated['tls']?.[0])?.value === 'false') add('diamond', 'orange', x('learn.no-tls'));
	if (sureOf(r.stated['ssl.cert.expired']?.[0])?.value === 'true') add('diamond', 'orange', x('learn.cert-expired'));
	const names = listOf(r.stated['ssl.cert.names']);
	if (names.length > 1) add('dot', 'sky', x('learn.cert-names', { what: some(names) }));
	const classes = (r.inferred['class'] ?? []).map(sureOf).filter((c) => c !== null);
	if (classes.length > 0) add('dot', 'blue', x('learn.class', { what: some(classes.map((c) => valueName('class', c.value))) }), classes[0]!.confidence);
	const specialties = listOf(r.inferred['specialty']);
	if (specialties.length > 0) add('dot', 'blue', x('learn.specialty', { what: some(specialties) }), sureOf(r.inferred['specialty']?.[0])?.confidence);
	const rank: Tone[] = ['red', 'orange', 'sky', 'blue'];
	return out.sort((a, b) => rank.indexOf(a.tone) - rank.indexOf(b.tone));
}

function Learn({ r }: { r: RecordAnswer }) {
	const lessons = lessonsOf(r);
	return (
		<section class="panel learn">
			<h2>{x('record.learn')}</h2>
			{lessons.length === 0 && <p>{x('record.learn.nothing')}</p>}
			<ul>
				{lessons.map(({ shape, tone, text, sure }) => (
					<li key={text}>
						<Mark shape={shape} tone={tone} />
						<span>
							{text}
							{sure > 0 && <span class="inferred">{x('inferred.sure', { n: sure })}</span>}
						</span>
					</li>
				))}
			</ul>
		</section>
	);
}

// ---- values ----

function Values({ values }: { values: Record<string, Inferred[]> }) {
	const fields = Object.keys(values).filter((field) => !TEXTS.includes(field));
	return (
		<dl class="values">
			{fields.map((field) => (
				<div key={field}>
					<dt title={field}>{fieldName(field)}</dt>
					<dd>
						{values[field]!.slice(0, MANY).map((value, i) => (
							<ValueText key={i} field={field} value={value} />
						))}
						{values[field]!.length > MANY && <span class="quiet">{x('and-more', { n: values[field]!.length - MANY })}</span>}
					</dd>
				</div>
			))}
		</dl>
	);
}

function ValueText({ field, value }: { field: string; value: Inferred }) {
	const sure = sureOf(value);
	if (!sure) return null;
	const shown = field.endsWith('.expires') ? day(sure.value) : valueName(field, sure.value);
	return (
		<span class="value">
			{field === 'latitude' || field === 'longitude' ? shown : <a href={href(['exposure'], { q: term(field, sure.value) })}>{shown}</a>}
			{sure.confidence > 0 && (
				<meter min={0} max={100} value={sure.confidence} title={x('inferred.sure', { n: sure.confidence })}>
					{sure.confidence}%
				</meter>
			)}
			{sure.confidence > 0 && <span class="quiet">{sure.confidence}%</span>}
		</span>
	);
}

function Texts({ stated }: { stated: Record<string, Inferred[]> }) {
	const texts = TEXTS.filter((field) => stated[field]);
	if (texts.length === 0) return null;
	return (
		<section class="panel">
			<h2>{x('record.texts')}</h2>
			{texts.map((field) => (
				<details key={field} open={field !== 'http.html'}>
					<summary>{fieldName(field)}</summary>
					<pre class="words">{listOf(stated[field]).join('\n')}</pre>
				</details>
			))}
		</section>
	);
}

// ---- where it came from ----

function Origins({ origins }: { origins: Import[] }) {
	return (
		<section class="panel">
			<h2>{x('record.origins')}</h2>
			<div class="scroll" tabIndex={0} role="region" aria-label={x('record.origins')}>
				<table class="plain">
					<thead>
						<tr>
							<th scope="col">{x('record.origin.source')}</th>
							<th scope="col">{x('record.origin.snapshot')}</th>
							<th scope="col">{x('record.origin.file')}</th>
							<th scope="col">{x('record.origin.digest')}</th>
							<th scope="col">{x('record.origin.at')}</th>
							<th scope="col">{x('record.origin.rules')}</th>
						</tr>
					</thead>
					<tbody>
						{origins.map((o) => (
							<tr key={`${o.snapshot} ${o.digest} ${o.imported_at}`}>
								<td>{o.source}</td>
								<td>{o.snapshot}</td>
								<td class="path">{o.file}</td>
								<td>
									<code class="digest">{o.digest}</code>
								</td>
								<td>
									<Time at={o.imported_at} />
								</td>
								<td>{o.rules || '–'}</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</section>
	);
}

function Others({ title, rows, current, query }: { title: Word; rows: Other[]; current: string; query: string | null }) {
	if (rows.length === 0 || (rows.length === 1 && rows[0]!.key === current)) return null;
	return (
		<section class="panel">
			<h2>
				{x(title)} <span class="quiet">{number(rows.length)}</span>
			</h2>
			<ul class="others">
				{rows.map((o) => (
					<li key={`${o.key} ${o.snapshot}`}>
						{o.key === current ? (
							<strong>
								<Time at={o.timestamp} />
							</strong>
						) : (
							<a data-row href={recordPath(o.key, query ?? undefined)}>
								<Time at={o.timestamp} />
							</a>
						)}
						<span>
							{o.port}/{o.transport}
						</span>
						<span>{[o.product ?? o.module, o.version].filter(Boolean).join(' ')}</span>
						<span class="quiet">{o.snapshot}</span>
					</li>
				))}
			</ul>
		</section>
	);
}

// ---- as it came ----

function pretty(text: string): string {
	if (text.length > RAW_PRETTY) return text;
	try {
		return JSON.stringify(JSON.parse(text), null, 2);
	} catch {
		return text; // XML, or cut off
	}
}

function Raw({ raw }: { raw: RecordAnswer['raw'] }) {
	return (
		<section class="panel raw">
			<h2>{x('record.raw')}</h2>
			{raw.map(({ bytes, text }, i) => (
				<details key={i} open={raw.length === 1 && bytes < 4000}>
					<summary>
						{number(bytes)} B <Copy text={text} />
					</summary>
					{new Blob([text]).size < bytes && <p class="quiet">{x('record.raw.cut', { n: bytes })}</p>}
					<pre class="words">{pretty(text)}</pre>
				</details>
			))}
		</section>
	);
}
