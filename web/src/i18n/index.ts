// Japanese and English from two dictionaries that tsc holds to the same keys; the browser fetches the one it shows. `{name}` is replaced by a
// parameter (numbers with the language's grouping), `{n|host|hosts}` by the word that fits n.
import { useEffect, useState } from 'preact/hooks';
import type { words as english } from './words-en';

export type Lang = 'ja' | 'en';
export type Key = keyof typeof english;
export type Params = Record<string, string | number>;

const KEPT_AS = 'mamori.lang';
const load: Record<Lang, () => Promise<{ words: Record<Key, string> }>> = { ja: () => import('./words-ja'), en: () => import('./words-en') };
let words = {} as Record<Key, string>;
const listeners = new Set<() => void>();

function initial(): Lang {
	try {
		const kept = localStorage.getItem(KEPT_AS);
		if (kept === 'ja' || kept === 'en') return kept;
	} catch {
		// Storage may be forbidden; the browser's language serves.
	}
	return navigator.language.toLowerCase().startsWith('ja') ? 'ja' : 'en';
}

let current: Lang = initial();
document.documentElement.lang = current;

export function lang(): Lang {
	return current;
}

/** To be awaited before the first word is shown. */
export async function startLang(): Promise<void> {
	({ words } = await load[current]());
}

export async function setLang(next: Lang): Promise<void> {
	({ words } = await load[next]());
	current = next;
	document.documentElement.lang = next;
	try {
		localStorage.setItem(KEPT_AS, next);
	} catch {
		// Holds for this page only, then.
	}
	for (const listener of listeners) listener();
}

/** The current language; the component draws anew when it changes. */
export function useLang(): Lang {
	const [, redraw] = useState({});
	useEffect(() => {
		const listener = () => redraw({});
		listeners.add(listener);
		return () => void listeners.delete(listener);
	}, []);
	return current;
}

export function number(n: number): string {
	return n.toLocaleString(current === 'ja' ? 'ja-JP' : 'en-GB');
}

/** A sentence with its parameters: {name}, and {n|one|many}. */
export function fill(sentence: string, params: Params): string {
	return sentence.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one, many) => {
		const value = params[name];
		if (value === undefined) return whole;
		if (one !== undefined) return value === 1 ? one : many;
		return typeof value === 'number' ? number(value) : value;
	});
}

/** The sentence of a key in the current language. */
export function t(key: Key, params: Params = {}): string {
	return fill(words[key], params);
}

/** The sentence of a key made from a word of the API ("state.failed"), or the word itself when it is a newer one. */
export function tOr(prefix: string, word: string): string {
	const key = `${prefix}.${word}`;
	return key in words ? t(key as Key) : word;
}

/** Words of the dictionary, or those that a page brings with it. */
export type Text = Key | (() => string);

export function said(text: Text): string {
	return typeof text === 'function' ? text() : t(text);
}
