// A policy's text seen as blocks, one for each top-level key: the form replaces only the block that was changed, so
// that comments and order elsewhere stay. What is written here is a small, plain part of YAML.

type Value = string | number | boolean | null | undefined | Value[] | { [key: string]: Value };

const PLAIN = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;
const OTHER_MEANING = /^(true|false|yes|no|on|off|null|y|n)$/i;

function scalar(value: string | number | boolean | null): string {
	if (typeof value !== 'string') return String(value);
	if (/^\d+[smhdw]$/.test(value) || (PLAIN.test(value) && !OTHER_MEANING.test(value))) return value;
	return `'${value.replaceAll("'", "''")}'`;
}

/** One line: {name: night, weekly: [tue, thu]}. Keys without a value are left out. */
export function flow(value: Value): string {
	if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
	if (value === null || typeof value !== 'object') return scalar(value ?? null);
	const pairs = Object.entries(value).filter(([, v]) => v !== undefined);
	return `{${pairs.map(([key, v]) => `${key}: ${flow(v)}`).join(', ')}}`;
}

const maps = (value: Value): value is { [key: string]: Value }[] => Array.isArray(value) && value.length > 0 && value.every((v) => typeof v === 'object' && v !== null);

/** A top-level key with its value; lists of maps one a line, as people write them. */
export function block(key: string, value: Value, indent = ''): string {
	if (maps(value)) return `${indent}${key}:\n${value.map((v) => `${indent}  - ${flow(v)}\n`).join('')}`;
	if (key === 'install' && value !== null && typeof value === 'object' && !Array.isArray(value))
		return `${key}:\n${Object.entries(value)
			.filter(([, v]) => v !== undefined)
			.map(([k, v]) => block(k, v, '  '))
			.join('')}`;
	return `${indent}${key}: ${flow(value)}\n`;
}

const KEY = /^(?:([A-Za-z][\w-]*)|"([^"]*)"|'([^']*)')\s*:(?:\s|$)/;

/** The text with the block of `key` replaced, added at the end, or (undefined) taken away; null where the text is not
 * written in blocks. */
export function replaceBlock(text: string, key: string, value: Value): string | null {
	const lines = text.replace(/\r\n/g, '\n').split('\n');
	let start = -1;
	let end = lines.length;
	let any = false;
	for (const [i, line] of lines.entries()) {
		const match = KEY.exec(line);
		if (!match) continue;
		any = true;
		if (start >= 0) {
			end = i;
			break;
		}
		if ((match[1] ?? match[2] ?? match[3]) === key) start = i;
	}
	if (!any) return null;
	const fresh = value === undefined ? [] : block(key, value).trimEnd().split('\n');
	if (start < 0) {
		while (lines.at(-1) === '') lines.pop();
		return `${[...lines, ...fresh].join('\n')}\n`;
	}
	// Comments and empty lines above the next key belong to that.
	while (end > start + 1 && /^\s*(#.*)?$/.test(lines[end - 1]!)) end--;
	return [...lines.slice(0, start), ...fresh, ...lines.slice(end)].join('\n');
}

/** The same for a key two spaces inside a block: install.windows. Null where it is not there in lines of its own. */
export function replaceInner(text: string, outer: string, key: string, value: Value): string | null {
	const lines = text.split('\n');
	const top = lines.findIndex((line) => KEY.exec(line)?.[1] === outer);
	if (top < 0 || value === undefined) return null;
	const after = lines.findIndex((line, i) => i > top && KEY.test(line));
	const last = after < 0 ? lines.length : after;
	const start = lines.findIndex((line, i) => i > top && i < last && line.startsWith(`  ${key}:`));
	if (start < 0) return null;
	let end = start + 1;
	while (end < last && /^(\s{3,}|\s*$|\s*#)/.test(lines[end]!)) end++;
	while (end > start + 1 && /^\s*(#.*)?$/.test(lines[end - 1]!)) end--;
	return [...lines.slice(0, start), ...block(key, value, '  ').trimEnd().split('\n'), ...lines.slice(end)].join('\n');
}

/** What the canonical form spells out and people leave away. */
export function tidy(key: string, value: unknown): Value {
	const plain = (rule: { [k: string]: Value }) => Object.fromEntries(Object.entries(rule).filter(([k, v]) => !(k === 'never' && v === false) && !(k === 'after' && rule.never === true)));
	const hours = ({ name, tz, ...rest }: { [k: string]: Value }) => ({ ...(name === undefined ? {} : { name }), ...rest, ...(tz === undefined || tz === 'device' ? {} : { tz }) });
	if (key === 'approve' && Array.isArray(value)) return (value as { [k: string]: Value }[]).map(plain);
	if (key === 'windows' && Array.isArray(value)) return (value as { [k: string]: Value }[]).map(hours);
	if (value === null || typeof value !== 'object' || Array.isArray(value)) return value as Value;
	const map = value as { [k: string]: Value };
	if (key === 'install') return Object.fromEntries(Object.entries(map).map(([k, v]) => [k, tidy(k, v)]));
	if (key === 'reboot') return Object.fromEntries(Object.entries(map).filter(([k, v]) => !(k === 'prompt' && map.mode !== 'prompt') && !(k === 'spread' && v === '0d')));
	return map;
}

/** The whole policy written anew. */
export function policyText(policy: object): string {
	return Object.entries(policy)
		.filter(([, v]) => v !== undefined)
		.map(([key, v]) => block(key, tidy(key, v)))
		.join('');
}
