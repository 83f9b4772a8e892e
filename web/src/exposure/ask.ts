// Questions to the exposure data: asked once, not again and again; a newer question of the same place ends the one under way.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, send, withQuery } from '../api';
import { useLang } from '../i18n';
import { sessionEnded } from '../session';

const CACHE_MAX = 80;
const ADDRESS_MAX = 6000; // longer ones are POSTed

export type Ask = Record<string, string | number | null | undefined>;

const cache = new Map<string, unknown>();

/** After an import, or when asked: nothing of before is shown any more. */
export function forgetAnswers(): void {
	cache.clear();
	for (const again of waiting) again();
}
const waiting = new Set<() => void>();

export async function ask<T>(what: string, params: Ask, signal?: AbortSignal): Promise<T> {
	const path = withQuery(`exposure/${what}`, params);
	const body = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== ''));
	const text = path.length < ADDRESS_MAX ? await send('GET', path, undefined, signal) : await send('POST', `exposure/${what}`, body, signal);
	return JSON.parse(text) as T;
}

export interface Answer<T> {
	data: T | undefined;
	error: ApiError | undefined;
	/** What is shown is of an earlier question. */
	busy: boolean;
	reload: () => void;
}

/** The answer of GET /api/v1/exposure/WHAT; null asks nothing. */
export function useAsk<T>(what: string, params: Ask | null): Answer<T> {
	const language = useLang();
	const key = params === null ? '' : `${language} ${what} ${JSON.stringify(params)}`;
	const [, redraw] = useState({});
	const [turn, setTurn] = useState(0);
	const last = useRef<T | undefined>(undefined);
	const failed = useRef<{ key: string; error: ApiError } | null>(null);
	useEffect(() => {
		const again = () => setTurn((n) => n + 1);
		waiting.add(again);
		return () => void waiting.delete(again);
	}, []);
	useEffect(() => {
		if (params === null || cache.has(key)) return;
		const stop = new AbortController();
		ask<T>(what, params, stop.signal).then(
			(data) => {
				if (stop.signal.aborted) return;
				failed.current = null;
				cache.set(key, data);
				if (cache.size > CACHE_MAX) cache.delete(cache.keys().next().value as string);
				redraw({});
			},
			(cause: unknown) => {
				if (stop.signal.aborted) return;
				const error = cause instanceof ApiError ? cause : new ApiError('bug', String(cause), 0);
				if (error.status === 401) return sessionEnded();
				failed.current = { key, error };
				redraw({});
			},
		);
		return () => stop.abort();
	}, [key, turn]);
	const hit = cache.get(key) as T | undefined;
	if (hit !== undefined) last.current = hit;
	const error = failed.current?.key === key ? failed.current.error : undefined;
	return {
		data: params === null ? undefined : (hit ?? last.current),
		error,
		busy: params !== null && hit === undefined && !error,
		reload: () => {
			cache.delete(key);
			failed.current = null;
			setTurn((n) => n + 1);
		},
	};
}
