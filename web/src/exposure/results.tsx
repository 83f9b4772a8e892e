// 一覧: the banners that match, newest first; more by cursor, however many there are.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api';
import { number } from '../i18n';
import { href } from '../router';
import { Empty, Failure, Skeleton, Time } from '../ui/bits';
import { Mark } from '../ui/marks';
import { ask } from './ask';
import type { Banner, Missing, SearchAnswer, Sure } from './types';
import { countryName } from '../format';
import { valueName, x } from './words';

const PAGE = 25;

export const recordPath = (key: string, query?: string) => href(['exposure', key], { q: query });

/** The value of a field, with its confidence where it was inferred. */
export function sureOf(value: unknown): Sure | null {
	if (value === null || value === undefined) return null;
	if (typeof value === 'object' && !Array.isArray(value)) {
		const { value: inner, confidence } = value as Sure<unknown>;
		return { value: String(inner), confidence };
	}
	return { value: String(value), confidence: 0 };
}

export function listOf(value: unknown): string[] {
	return Array.isArray(value) ? value.flatMap((one) => sureOf(one)?.value ?? []) : value === undefined || value === null ? [] : [sureOf(value)!.value];
}

/** What one place on the page asks, page after page; texts come behind, because they have to be unpacked. */
function usePages(query: string, turn: number) {
	const [items, setItems] = useState<Banner[] | null>(null);
	const [next, setNext] = useState<string | null>(null);
	const [nothing, setNothing] = useState<Missing[]>([]);
	const [busy, setBusy] = useState(true);
	const [error, setError] = useState<ApiError>();
	const stop = useRef(new AbortController());

	const load = async (cursor: string | null) => {
		stop.current.abort();
		const mine = (stop.current = new AbortController());
		const before = cursor === null ? [] : (items ?? []);
		setBusy(true);
		setError(undefined);
		try {
			const answer = await ask<SearchAnswer>('search', { q: query, cursor, limit: PAGE }, mine.signal);
			if (mine.signal.aborted) return;
			setItems([...before, ...answer.items]);
			setNext(answer.next);
			setNothing(answer.nothing ?? []);
			setBusy(false);
			if (answer.items.length === 0) return;
			const whole = await ask<SearchAnswer>('search', { q: query, cursor, limit: PAGE, text: 'true' }, mine.signal);
			if (!mine.signal.aborted) setItems([...before, ...whole.items]);
		} catch (cause) {
			if (mine.signal.aborted) return;
			setBusy(false);
			setError(cause instanceof ApiError ? cause : new ApiError('bug', String(cause), 0));
		}
	};
	useEffect(() => {
		void load(null);
		return () => stop.current.abort();
	}, [query, turn]);
	return { items, next, nothing, busy, error, more: () => void load(next), reload: () => void load(null) };
}

export function Results({ query, turn }: { query: string; turn: number }) {
	const { items, next, nothing, busy, error, more, reload } = usePages(query, turn);
	if (error && error.at === undefined && !items) return <Failure error={error} retry={reload} />;
	if (!items) return <Skeleton lines={12} />;
	if (items.length === 0 && !busy)
		return (
			<Empty title={x('results.none')}>
				{nothing.length > 0 ? <Nothing terms={nothing} /> : <p>{x('results.none.advice')}</p>}
			</Empty>
		);
	return (
		<div class="results" aria-busy={busy}>
			{error && error.at === undefined && <Failure error={error} retry={reload} quiet />}
			<ol>
				{items.map((banner, i) => (
					<Result key={`${banner.key} ${i}`} banner={banner} query={query} />
				))}
			</ol>
			<p class="results-foot quiet">
				<span>{x('results.shown', { n: items.length })}</span>
				{next ? (
					<button type="button" disabled={busy} onClick={more}>
						{x('results.more')}
					</button>
				) : (
					<span>{x('results.end')}</span>
				)}
			</p>
		</div>
	);
}

/** What no banner at all has is most often a slip of the pen: one click asks without it. */
const Nothing = ({ terms }: { terms: Missing[] }) => (
	<>
		<p>{x('results.nothing')}</p>
		<ul class="nothing">
			{terms.map(({ term, without }) => (
				<li key={term}>
					<code>{term}</code> <a href={href(['exposure'], { q: without || undefined })}>{x('results.without')}</a>
				</li>
			))}
		</ul>
	</>
);

const Inferred = ({ sure }: { sure: Sure }) =>
	sure.confidence > 0 ? (
		<span class="inferred" title={x('inferred.sure', { n: sure.confidence })}>
			{x('inferred')}
		</span>
	) : null;

function Place({ banner }: { banner: Banner }) {
	const stated = banner.location.country_code;
	const sure = stated ? { value: stated, confidence: 0 } : sureOf(banner['country.inferred']);
	const parts = [banner.location.city, sure ? countryName(sure.value) : null].filter(Boolean);
	if (parts.length === 0) return null;
	return (
		<span>
			{parts.join(' · ')}
			{sure && <Inferred sure={sure} />}
		</span>
	);
}

/** "Orthanc 1.9.7", stated before inferred. */
function What({ banner }: { banner: Banner }) {
	const product = banner.product ? { value: banner.product, confidence: 0 } : sureOf(banner['product.inferred']);
	const version = banner.product ? sureOf(banner.version) : sureOf(banner['version.inferred']);
	const os = banner.os ? { value: banner.os, confidence: 0 } : sureOf(banner['os.inferred']);
	return (
		<>
			{product && (
				<span class="what">
					{product.value}
					{version && ` ${version.value}`}
					<Inferred sure={product} />
				</span>
			)}
			{os && (
				<span>
					{os.value}
					<Inferred sure={os} />
				</span>
			)}
		</>
	);
}

export function Badges({ banner }: { banner: Banner }) {
	const support = sureOf(banner.support)?.value;
	const leaks = listOf(banner['leaks']);
	return (
		<span class="badges">
			{listOf(banner.class).map((name) => (
				<span key={name} class="badge medical">
					{valueName('class', name)}
				</span>
			))}
			{support === 'ended' && (
				<span class="badge">
					<Mark shape="triangle" tone="red" />
					{x('support.ended')}
				</span>
			)}
			{banner.tls === false && (
				<span class="badge">
					<Mark shape="diamond" tone="orange" />
					{x('no-tls')}
				</span>
			)}
			{banner.tls === true && (
				<span class="badge">
					<Mark shape="check" tone="green" />
					{x('tls')}
				</span>
			)}
			{sureOf(banner['mine'])?.value === 'true' && <span class="badge mine">{x('mine')}</span>}
			{sureOf(banner['honeypot'])?.value === 'true' && <span class="badge">{x('honeypot')}</span>}
			{leaks.length > 0 && <span class="badge leak">{leaks.map((leak) => valueName('leaks', leak)).join(x('comma'))}</span>}
		</span>
	);
}

/** An IPv6 address stands in brackets before its port. */
export const endpoint = (ip: string, port: number): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

function Result({ banner, query }: { banner: Banner; query: string }) {
	const title = sureOf(banner['http.title'])?.value;
	const excerpt = (banner.data ?? '').trim();
	return (
		<li>
			<div class="result-head">
				<a data-row href={recordPath(banner.key, query)}>
					{endpoint(banner.ip, banner.port)}
				</a>
				<span class="quiet">{banner.transport}</span>
				{listOf(banner.hostnames).slice(0, 3).map((name) => (
					<span key={name} class="host-name">
						{name}
					</span>
				))}
				{banner.hostnames.length > 3 && <span class="quiet">{x('and-more', { n: number(banner.hostnames.length - 3) })}</span>}
				<span class="result-time quiet">
					<Time at={banner.timestamp} />
				</span>
			</div>
			<div class="result-facts">
				{banner.org && <span class="org">{banner.org}</span>}
				<Place banner={banner} />
				<What banner={banner} />
				<Badges banner={banner} />
			</div>
			{title && <p class="result-title">{title}</p>}
			{excerpt && <pre class="excerpt">{excerpt}</pre>}
		</li>
	);
}
