// The one place that talks to the server. Every request but GET carries the session's CSRF token; messages come
// back in the language of the page.
import { lang } from './i18n';

export class ApiError extends Error {
	constructor(
		readonly code: string,
		message: string,
		readonly status: number,
		/** Where in a query, in UTF-16 units. */
		readonly at?: number,
	) {
		super(message);
	}
}

/** A file's bytes as they are: the server reads CSV in Shift_JIS and .xlsx as offices save them. */
export async function fileBytes(file: File): Promise<string> {
	const bytes = new Uint8Array(await file.arrayBuffer());
	let text = '';
	for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
	return btoa(text);
}

const REQUEST_LIMIT_MS = 30_000;

let csrf = '';

/** Keeps the token of the session that was just opened or read; '' after signing out. */
export function setCsrf(token: string): void {
	csrf = token;
}

function errorOf(status: number, text: string): ApiError {
	try {
		const { error } = JSON.parse(text) as { error?: { code?: string; message?: string; at?: number } };
		if (error?.message) return new ApiError(error.code ?? 'bug', error.message, status, error.at);
	} catch {
		// Not our server's words (a proxy's page, say): the status alone is told.
	}
	return new ApiError(status === 401 ? 'unauthenticated' : 'http', `HTTP ${status}`, status);
}

/** Sends one request and gives the answer's text; throws ApiError, code `offline` when nothing answered, `late` when not in time. */
export async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<string> {
	const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': lang() };
	if (method !== 'GET') {
		headers['Content-Type'] = 'application/json';
		if (csrf) headers['X-Mamori-CSRF'] = csrf;
	}
	const limit = AbortSignal.timeout(REQUEST_LIMIT_MS);
	let answer: Response;
	let text: string;
	try {
		answer = await fetch(`/api/v1/${path}`, {
			method,
			headers,
			body: method === 'GET' ? undefined : JSON.stringify(body ?? {}),
			credentials: 'same-origin',
			cache: 'no-store',
			redirect: 'error',
			signal: signal ? AbortSignal.any([signal, limit]) : limit,
		});
		text = await answer.text();
	} catch (cause) {
		if (signal?.aborted) throw cause;
		throw new ApiError(limit.aborted ? 'late' : 'offline', String(cause), 0);
	}
	if (!answer.ok) throw errorOf(answer.status, text);
	return text;
}

/** Sends one request and parses its answer; an empty answer (204) is undefined. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
	const text = await send(method, path, body);
	return (text ? JSON.parse(text) : undefined) as T;
}

/** A path with its query; parts that are empty or null are left out. */
export function withQuery(path: string, query: Record<string, string | number | null | undefined>): string {
	const search = new URLSearchParams();
	for (const [key, value] of Object.entries(query))
		if (value !== null && value !== undefined && value !== '') search.set(key, String(value));
	const text = search.toString();
	return text ? `${path}?${text}` : path;
}
