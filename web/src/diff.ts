// What changed from one text to the next, line by line: the longest common subsequence of lines. Policies have
// hundreds of lines at most, so the plain table serves.

export interface Line {
	kind: 'same' | 'added' | 'removed' | 'gap';
	text: string;
	from: number | null;
	to: number | null;
}

const NEAR = 3; // unchanged lines shown around a change
const TOO_LONG = 4000;

function lengths(a: string[], b: string[]): Uint16Array[] {
	const rows = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
	for (let i = a.length - 1; i >= 0; i--)
		for (let j = b.length - 1; j >= 0; j--)
			rows[i]![j] = a[i] === b[j] ? rows[i + 1]![j + 1]! + 1 : Math.max(rows[i + 1]![j]!, rows[i]![j + 1]!);
	return rows;
}

function all(before: string[], after: string[]): Line[] {
	if (before.length > TOO_LONG || after.length > TOO_LONG)
		return [...before.map((text, i): Line => ({ kind: 'removed', text, from: i + 1, to: null })), ...after.map((text, i): Line => ({ kind: 'added', text, from: null, to: i + 1 }))];
	const common = lengths(before, after);
	const out: Line[] = [];
	let i = 0;
	let j = 0;
	while (i < before.length || j < after.length) {
		if (i < before.length && j < after.length && before[i] === after[j]) out.push({ kind: 'same', text: before[i]!, from: ++i, to: ++j });
		else if (i < before.length && (j >= after.length || common[i + 1]![j]! >= common[i]![j + 1]!)) out.push({ kind: 'removed', text: before[i]!, from: ++i, to: null });
		else out.push({ kind: 'added', text: after[j]!, from: null, to: ++j });
	}
	return out;
}

/** The lines that differ with a few around them; a gap stands for what was left out. */
export function diff(before: string, after: string): Line[] {
	const lines = all(before.trimEnd().split('\n'), after.trimEnd().split('\n'));
	const near = lines.map((_, i) => lines.slice(Math.max(0, i - NEAR), i + NEAR + 1).some(({ kind }) => kind !== 'same'));
	const out: Line[] = [];
	for (const [i, line] of lines.entries()) {
		if (near[i]) out.push(line);
		else if (out.at(-1)?.kind !== 'gap') out.push({ kind: 'gap', text: '', from: null, to: null });
	}
	return out.some(({ kind }) => kind === 'added' || kind === 'removed') ? out : [];
}
