// Who is signed in. The cookie is HttpOnly; what the page knows is the answer of GET session.
import { useEffect, useState } from 'preact/hooks';
import { ApiError, call, setCsrf } from './api';
import { setZone } from './format';
import type { Role, Session } from './types';

export type SessionState = { status: 'loading' } | { status: 'out' } | { status: 'offline' } | { status: 'in'; session: Session };

let state: SessionState = { status: 'loading' };
const listeners = new Set<() => void>();

function set(next: SessionState): void {
	state = next;
	setCsrf(next.status === 'in' ? next.session.csrf : '');
	if (next.status === 'in') setZone(next.session.timezone);
	for (const listener of listeners) listener();
}

export async function loadSession(): Promise<void> {
	try {
		set({ status: 'in', session: await call<Session>('GET', 'session') });
	} catch (error) {
		set({ status: error instanceof ApiError && error.code === 'offline' ? 'offline' : 'out' });
	}
}

/** Opens a session with a one-time code; throws ApiError when the server refuses it. */
export async function signIn(code: string): Promise<void> {
	set({ status: 'in', session: await call<Session>('POST', 'session', { code }) });
}

export async function signOut(): Promise<void> {
	await call('DELETE', 'session');
	set({ status: 'out' });
}

/** Called when any answer says that the session has ended. */
export function sessionEnded(): void {
	if (state.status === 'in') set({ status: 'out' });
}

export function useSession(): SessionState {
	const [, redraw] = useState({});
	useEffect(() => {
		const listener = () => redraw({});
		listeners.add(listener);
		listener();
		return () => void listeners.delete(listener);
	}, []);
	return state;
}

const ORDER: Role[] = ['viewer', 'auditor', 'operator', 'approver', 'administrator'];

/** Whether the signed-in user's role is at least `role`. */
export function may(role: Role): boolean {
	return state.status === 'in' && ORDER.indexOf(state.session.role) >= ORDER.indexOf(role);
}
