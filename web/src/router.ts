// Routes live behind '#', so they reach no server log: #/hosts/ID?tab=findings. The query holds a page's whole
// state (filters, sort, columns), so that any view can be mailed.
import { useEffect, useState } from 'preact/hooks';

export interface Route {
	path: string[];
	params: URLSearchParams;
	/** Path without the query: what decides whether the page itself changed. */
	page: string;
}

function decode(segment: string): string {
	try {
		return decodeURIComponent(segment);
	} catch {
		return segment;
	}
}

function parse(hash: string): Route {
	const text = hash.replace(/^#\/?/, '');
	const cut = text.indexOf('?');
	const page = cut < 0 ? text : text.slice(0, cut);
	return {
		path: page.split('/').filter(Boolean).map(decode),
		params: new URLSearchParams(cut < 0 ? '' : text.slice(cut + 1)),
		page,
	};
}

let current = parse(location.hash);
const listeners = new Set<() => void>();
const scrolls = new Map<string, number>();
let byLink = false;

function changed(): void {
	const before = current.page;
	current = parse(location.hash);
	for (const listener of listeners) listener();
	if (current.page === before) return;
	const y = byLink ? 0 : (scrolls.get(current.page) ?? 0);
	byLink = false;
	// After the new page has been drawn from the cache.
	requestAnimationFrame(() => requestAnimationFrame(() => scrollTo(0, y)));
}

export function startRouter(): void {
	addEventListener('hashchange', changed);
	addEventListener('scroll', () => scrolls.set(current.page, scrollY), { passive: true });
	document.addEventListener('click', (event) => {
		if (event.target instanceof Element && event.target.closest('a[href^="#/"]')) byLink = true;
	});
}

export function useRoute(): Route {
	const [, redraw] = useState({});
	useEffect(() => {
		const listener = () => redraw({});
		listeners.add(listener);
		return () => void listeners.delete(listener);
	}, []);
	return current;
}

/** The address of a page: href(['hosts', id], {tab: 'findings'}). */
export function href(path: string[], params: Record<string, string | null | undefined> = {}): string {
	const search = new URLSearchParams();
	for (const [key, value] of Object.entries(params)) if (value) search.set(key, value);
	const text = search.toString();
	return `#/${path.map(encodeURIComponent).join('/')}${text ? `?${text}` : ''}`;
}

export function go(address: string): void {
	byLink = true;
	location.hash = address;
	changed(); // at once: what stands on the old page asks for nothing more
}

/** Changes parts of the query in place (no new entry in the browser's history); '' or null removes one. */
export function setParams(patch: Record<string, string | null>): void {
	const params = new URLSearchParams(current.params);
	for (const [key, value] of Object.entries(patch)) {
		if (value) params.set(key, value);
		else params.delete(key);
	}
	const text = params.toString();
	history.replaceState(null, '', `#/${current.page}${text ? `?${text}` : ''}`);
	changed();
}
