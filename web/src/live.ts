// Data that stays fresh: asked again every 10 s while the page is visible. An answer equal to the last one
// changes nothing on the screen; a failed one keeps the old rows and says so.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, send } from './api';
import { useLang } from './i18n';
import { sessionEnded } from './session';

const EVERY_MS = 10_000;
const CACHE_MAX = 60;

interface Entry {
	text: string;
	data: unknown;
}

const cache = new Map<string, Entry>();
const reloaders = new Set<() => void>();

/** Asks for everything on the screen again: after a change that this page made. */
export function refreshAll(): void {
	for (const reload of reloaders) reload();
}

/** Calls it with each refreshAll until the returned function is called. */
export function onRefresh(reload: () => void): () => void {
	reloaders.add(reload);
	return () => void reloaders.delete(reload);
}

export function forgetAll(): void {
	cache.clear();
}

function remember(key: string, entry: Entry): void {
	cache.delete(key);
	cache.set(key, entry);
	if (cache.size > CACHE_MAX) cache.delete(cache.keys().next().value as string);
}

export interface Live<T> {
	data: T | undefined;
	error: ApiError | undefined;
	/** The rows shown are an earlier question's, while the new one is on its way. */
	busy: boolean;
	reload: () => void;
}

/** The answer of GET /api/v1/PATH. null asks nothing. */
export function useLive<T>(path: string | null): Live<T> {
	const language = useLang();
	const key = path === null ? '' : `${language} ${path}`;
	const [, redraw] = useState({});
	const error = useRef<{ key: string; error: ApiError } | null>(null);
	const last = useRef<Entry | null>(null);
	/** What this place on the page has drawn: another one may have put the same answer into the cache. */
	const drawn = useRef<{ key: string; text: string } | null>(null);
	const again = useRef<() => void>(() => {});

	useEffect(() => {
		if (path === null) return;
		const stop = new AbortController();
		let timer = 0;
		let inFlight = false;
		let askedMeanwhile = false;
		const load = async () => {
			clearTimeout(timer);
			if (inFlight) {
				askedMeanwhile = true; // the answer under way may be older than the change
				return;
			}
			inFlight = true;
			askedMeanwhile = false;
			try {
				const text = await send('GET', path, undefined, stop.signal);
				if (stop.signal.aborted) return;
				if (cache.get(key)?.text !== text) remember(key, { text, data: JSON.parse(text) });
				if (drawn.current?.key !== key || drawn.current.text !== text || error.current) {
					error.current = null;
					redraw({});
				}
			} catch (cause) {
				if (stop.signal.aborted) return;
				const failure = cause instanceof ApiError ? cause : new ApiError('bug', String(cause), 0);
				if (failure.status === 401) return sessionEnded();
				error.current = { key, error: failure };
				redraw({});
			} finally {
				inFlight = false;
				if (!stop.signal.aborted && document.visibilityState === 'visible')
					timer = setTimeout(load, askedMeanwhile ? 0 : EVERY_MS);
			}
		};
		const woken = () => {
			if (document.visibilityState === 'visible') void load();
			else clearTimeout(timer);
		};
		const reload = () => void load();
		again.current = reload;
		reloaders.add(reload);
		document.addEventListener('visibilitychange', woken);
		void load();
		return () => {
			stop.abort();
			clearTimeout(timer);
			reloaders.delete(reload);
			document.removeEventListener('visibilitychange', woken);
		};
	}, [key]);

	const hit = cache.get(key);
	if (hit) {
		last.current = hit;
		drawn.current = { key, text: hit.text };
	}
	const reload = useCallback(() => again.current(), []);
	return {
		data: (hit ?? last.current)?.data as T | undefined,
		error: error.current?.key === key ? error.current.error : undefined,
		busy: path !== null && !hit,
		reload,
	};
}
