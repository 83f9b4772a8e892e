// Keys that work everywhere outside text fields. Rows are walked by their links (a[data-row]), so that Enter is
// the link's own and a screen reader hears what it stands on.
import { go, href } from './router';

export const PAGES: [key: string, path: string[], name: string][] = [
	['o', [], 'overview'],
	['h', ['hosts'], 'hosts'],
	['p', ['patches'], 'patches'],
	['y', ['history'], 'history'],
	['c', ['calendar'], 'calendar'],
	['l', ['policies'], 'policies'],
	['u', ['groups'], 'groups'],
	['a', ['decisions'], 'decisions'],
	['v', ['vulnerabilities'], 'vulnerabilities'],
	['r', ['relays'], 'relays'],
	['e', ['exposure'], 'exposure'],
	['s', ['surface'], 'surface'],
	['f', ['feeds'], 'feeds'],
];

const CHORD_MS = 1500;

function step(by: number): void {
	const links = [...document.querySelectorAll<HTMLElement>('main a[data-row]')];
	if (links.length === 0) return;
	const row = document.activeElement?.closest('tr, li');
	const at = row ? links.findIndex((link) => row.contains(link)) : -1;
	const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
	links[next]?.focus();
}

function inRow(selector: string): HTMLElement | null {
	const row = document.activeElement?.closest('tr');
	return row && row.querySelector('a[data-row]') ? row.querySelector<HTMLElement>(selector) : null;
}

function typing(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function search(): void {
	const box = document.querySelector<HTMLInputElement>('main [data-search]');
	if (box) {
		box.focus();
		box.select();
		return;
	}
	go(href(['hosts']));
	setTimeout(() => document.querySelector<HTMLInputElement>('main [data-search]')?.focus(), 100);
}

/** Listens until the page goes; `help` shows or hides the list of keys. */
export function startKeys(help: () => void): void {
	let chordUntil = 0;
	document.addEventListener('keydown', (event) => {
		if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
		if (event.key === 'Escape') {
			for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu[open]')) menu.open = false;
			if (event.target instanceof HTMLInputElement && event.target.type === 'search') event.target.blur();
			return;
		}
		const box = event.target instanceof HTMLInputElement && event.target.type === 'checkbox';
		if ((typing(event.target) && !box) || document.querySelector('dialog[open]')) return;
		if (event.timeStamp < chordUntil) {
			chordUntil = 0;
			const page = PAGES.find(([key]) => key === event.key);
			if (page) {
				event.preventDefault();
				go(href(page[1]));
				return;
			}
		}
		const onRow = document.activeElement?.matches('a[data-row]') ?? false;
		const actions: Record<string, (() => void) | undefined> = {
			'/': search,
			'?': help,
			j: () => step(1),
			k: () => step(-1),
			ArrowDown: onRow ? () => step(1) : undefined,
			ArrowUp: onRow ? () => step(-1) : undefined,
			x: () => inRow('.pick input')?.click(),
			e: () => inRow('.opener button')?.click(),
			g: () => {
				chordUntil = event.timeStamp + CHORD_MS;
			},
		};
		const action = actions[event.key];
		if (!action) return;
		event.preventDefault();
		action();
	});
	document.addEventListener('click', (event) => {
		for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu[open]'))
			if (!menu.contains(event.target as Node)) menu.open = false;
	});
}
