// What the ward's page asks of the server. The cookie is HttpOnly; the token that a change needs is kept for as long
// as the tab.
import { spoken } from './words';

export interface Session {
	group: string;
	csrf: string;
	expires: string;
}

export interface Machine {
	id: string;
	name: string;
	updates: number;
	start: string | null;
	end: string | null;
	tz?: string | null;
	back_by: string | null;
	why: string;
	holds: { id: string; by: string; why: string; until: string | null; own: boolean }[];
}

export class WardError extends Error {
	constructor(
		readonly code: string,
		message: string,
		readonly status: number,
	) {
		super(message);
	}
}

const KEPT_AS = 'mamori.ward';
const LIMIT_MS = 20_000;

export const session = {
	read(): Session | null {
		try {
			const kept = JSON.parse(sessionStorage.getItem(KEPT_AS) ?? 'null') as Session | null;
			return kept && Date.parse(kept.expires) > Date.now() ? kept : null;
		} catch {
			return null;
		}
	},
	keep(next: Session): void {
		try {
			sessionStorage.setItem(KEPT_AS, JSON.stringify(next));
		} catch {
			// Holds until the page is loaded again, then.
		}
	},
	forget(): void {
		try {
			sessionStorage.removeItem(KEPT_AS);
		} catch {
			// There was nothing to forget.
		}
	},
};

async function send<T>(method: string, path: string, body?: unknown, csrf?: string): Promise<T> {
	const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': spoken() };
	if (body) headers['Content-Type'] = 'application/json';
	if (csrf) headers['X-Mamori-CSRF'] = csrf;
	let answer: Response;
	let text: string;
	try {
		answer = await fetch(`/ward/${path}`, {
			method,
			headers,
			...(body ? { body: JSON.stringify(body) } : {}),
			credentials: 'same-origin',
			cache: 'no-store',
			redirect: 'error',
			signal: AbortSignal.timeout(LIMIT_MS),
		});
		text = await answer.text();
	} catch (cause) {
		throw new WardError('offline', String(cause), 0);
	}
	if (answer.ok) return (text ? JSON.parse(text) : undefined) as T;
	let error: { code?: string; message?: string } | undefined;
	try {
		({ error } = JSON.parse(text) as { error?: { code?: string; message?: string } });
	} catch {
		// Not our server's words: the status alone is told.
	}
	throw new WardError(error?.code ?? 'http', error?.message ?? `HTTP ${answer.status}`, answer.status);
}

export async function open(group: string, pin: string): Promise<Session> {
	const signed = await send<Session>('POST', 'session', { group, pin });
	session.keep(signed);
	return signed;
}

export async function machines(): Promise<Machine[]> {
	return (await send<{ items: Machine[] }>('GET', 'machines?limit=1000')).items;
}

export function act(signed: Session, id: string, body: Record<string, string>): Promise<void> {
	return send('POST', `machines/${encodeURIComponent(id)}`, body, signed.csrf);
}
