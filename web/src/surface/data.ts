// Rows of a run: it never changes once it has ended, so they are asked for once, all pages of them, and again only after
// somebody changed something here, or when a newer run came.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, send, withQuery } from '../api';
import { useLang } from '../i18n';
import { onRefresh } from '../live';
import { sessionEnded } from '../session';
import type { List } from '../types';

const PAGE = 1000;
const CACHE_MAX = 24;
/** More than that is not for a page, but for a file. */
export const ROWS_MAX = 20_000;

export type Query = Record<string, string | number | null | undefined>;

interface Rows<T> {
	items: T[];
	total: number;
}

const cache = new Map<string, Rows<unknown>>();

async function fetchAll<T>(path: string, query: Query, signal: AbortSignal): Promise<Rows<T>> {
	const items: T[] = [];
	for (;;) {
		const answer = JSON.parse(await send('GET', withQuery(path, { ...query, limit: PAGE, offset: items.length || null }), undefined, signal)) as List<T>;
		items.push(...answer.items);
		if (answer.items.length === 0 || items.length >= answer.total || items.length >= ROWS_MAX) return { items, total: answer.total };
	}
}

export interface All<T> {
	rows: T[] | undefined;
	/** As many as there are, also beyond ROWS_MAX. */
	total: number;
	error: ApiError | undefined;
	busy: boolean;
	reload: () => void;
}

/** All rows of GET /api/v1/PATH; null asks nothing. `mark`: what makes an answer of before a stale one. */
export function useAll<T>(path: string | null, query: Query = {}, mark: string | number = ''): All<T> {
	const language = useLang();
	const key = path === null ? '' : `${language} ${mark} ${withQuery(path, query)}`;
	const [, redraw] = useState({});
	const [turn, setTurn] = useState(0);
	const last = useRef<Rows<T> | undefined>(undefined);
	const failed = useRef<{ key: string; error: ApiError } | null>(null);
	const asked = useRef('');
	useEffect(() => onRefresh(() => setTurn((n) => n + 1)), []);
	useEffect(() => {
		if (path === null) return;
		const again = asked.current === key; // something was changed: what is shown stays until the answer is there
		asked.current = key;
		if (!again && cache.has(key)) return;
		const stop = new AbortController();
		fetchAll<T>(path, query, stop.signal).then(
			(rows) => {
				if (stop.signal.aborted) return;
				failed.current = null;
				cache.delete(key);
				cache.set(key, rows);
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
	const hit = cache.get(key) as Rows<T> | undefined;
	if (hit) last.current = hit;
	const rows = path === null ? undefined : (hit ?? last.current);
	return {
		rows: rows?.items,
		total: rows?.total ?? 0,
		error: failed.current?.key === key ? failed.current.error : undefined,
		busy: path !== null && !hit && failed.current?.key !== key,
		reload: () => setTurn((n) => n + 1),
	};
}

/** After a decision here: nothing of before is taken for what is. */
export function forgetRows(): void {
	cache.clear();
}
