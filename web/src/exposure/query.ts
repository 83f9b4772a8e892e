// Terms of a query as the page adds and takes them away. The server alone understands a query; here it is only cut where
// blanks outside quotation marks and parentheses separate its terms.

/** A value as it stands in a query. */
export function quoted(value: string): string {
	if (/^[\p{L}\p{N}_][\p{L}\p{N}_.\-/:+]*$/u.test(value) && !value.includes('..')) return value;
	return `"${value.replace(/["\\,]/g, (c) => `\\${c}`)}"`;
}

export const term = (field: string, value: string): string => `${field}:${quoted(value)}`;

/** The terms of the outermost level. */
export function terms(query: string): string[] {
	const out: string[] = [];
	let depth = 0;
	let mark = '';
	let one = '';
	for (let i = 0; i < query.length; i++) {
		const c = query[i]!;
		if (mark) {
			one += c;
			if (c === '\\') one += query[++i] ?? '';
			else if (c === mark) mark = '';
		} else if (/\s/.test(c) && depth === 0) {
			if (one) out.push(one);
			one = '';
		} else {
			if (c === '"' || c === "'") mark = c;
			else if (c === '(') depth++;
			else if (c === ')') depth--;
			one += c;
		}
	}
	if (one) out.push(one);
	return out;
}

/** An OR outside parentheses would swallow what is added: it gets parentheses. */
function whole(query: string): string {
	return terms(query).includes('OR') ? `(${query.trim()})` : query.trim();
}

export type Use = 'in' | 'out' | null;

/** Whether the query demands this value, forbids it, or neither. */
export function useOf(query: string, field: string, value: string): Use {
	const list = terms(query);
	const wanted = term(field, value);
	return list.includes(wanted) ? 'in' : list.includes(`-${wanted}`) ? 'out' : null;
}

/** The query with this value demanded (in), forbidden (out) or neither. */
export function withUse(query: string, field: string, value: string, use: Use): string {
	const wanted = term(field, value);
	const rest = terms(query).filter((one) => one !== wanted && one !== `-${wanted}`);
	if (use === null) return rest.join(' ');
	return [whole(rest.join(' ')), `${use === 'out' ? '-' : ''}${wanted}`].filter(Boolean).join(' ');
}

/** The same with a term as it stands. */
export function withTerm(query: string, one: string): string {
	return [whole(query), one].filter(Boolean).join(' ');
}
