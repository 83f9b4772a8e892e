// 書き出し: what the query finds as a file, fetched piece by piece, so that neither side holds all of it at once.
import { useRef, useState } from 'preact/hooks';
import { ApiError } from '../api';
import { isoDay } from '../format';
import { lang } from '../i18n';
import { shellWord } from '../shell';
import { messageOf, say } from '../ui/dialog';
import { x, type Word } from './words';

const PIECE = 2000;
const MOST = 1_000_000;
const FORMATS: [Word, string, string, boolean][] = [
	['export.csv', 'csv', 'text/csv', false],
	['export.jsonl', 'jsonl', 'application/x-ndjson', false],
	['export.jsonl.raw', 'jsonl', 'application/x-ndjson', true],
	['export.geojson', 'geojson', 'application/geo+json', false],
];

async function piece(query: string, format: string, raw: boolean, cursor: string | null, signal: AbortSignal): Promise<{ bytes: Blob; next: string | null }> {
	const params = new URLSearchParams({ q: query, format, limit: String(PIECE) });
	if (cursor) params.set('cursor', cursor);
	if (raw) params.set('raw', 'true');
	const answer = await fetch(`/api/v1/exposure/export?${params}`, { headers: { 'Accept-Language': lang() }, credentials: 'same-origin', cache: 'no-store', signal });
	if (!answer.ok) {
		const { error } = (await answer.json()) as { error: { code: string; message: string } };
		throw new ApiError(error.code, error.message, answer.status);
	}
	return { bytes: await answer.blob(), next: answer.headers.get('X-Mamori-Next') };
}

function keep(name: string, type: string, parts: BlobPart[]): void {
	const url = URL.createObjectURL(new Blob(parts, { type }));
	const link = document.createElement('a');
	link.href = url;
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function Export({ query, total }: { query: string; total: number | undefined }) {
	const [written, setWritten] = useState<number | null>(null);
	const stop = useRef<AbortController | null>(null);
	const menu = useRef<HTMLDetailsElement>(null);
	const run = async (format: string, type: string, raw: boolean) => {
		if (menu.current) menu.current.open = false;
		const mine = (stop.current = new AbortController());
		const parts: BlobPart[] = format === 'csv' ? ['\ufeff'] : [];
		let cursor: string | null = null;
		let n = 0;
		setWritten(0);
		try {
			do {
				const { bytes, next } = await piece(query, format, raw, cursor, mine.signal);
				parts.push(bytes);
				cursor = next;
				n = next ? n + PIECE : (total ?? n + PIECE);
				setWritten(Math.min(n, total ?? n));
			} while (cursor && n < MOST);
			if (cursor && format === 'geojson') parts.push(']}\n');
			keep(`mamori-exposure-${isoDay()}.${format}`, type, parts);
			const option = { csv: '--csv', jsonl: raw ? '--json --raw' : '--json', geojson: '--geojson' }[format];
			say({ text: cursor ? x('export.limit', { command: `mamori exposure search ${option} --limit 0 ${shellWord(query)}` }) : x('export.done', { n: Math.min(n, total ?? n) }) });
		} catch (cause) {
			if (!mine.signal.aborted) say({ text: cause instanceof ApiError ? messageOf(cause) : x('offline') });
		}
		setWritten(null);
	};
	if (written !== null)
		return (
			<span class="export-run" role="status">
				{x('export.running', { n: written })}
				<button type="button" onClick={() => stop.current?.abort()}>
					{x('export.stop')}
				</button>
			</span>
		);
	return (
		<details class="menu" ref={menu}>
			<summary>{x('export.menu')}</summary>
			<div class="menu-body">
				{FORMATS.map(([label, format, type, raw]) => (
					<button key={label} type="button" class="bare" onClick={() => void run(format, type, raw)}>
						{x(label)}
					</button>
				))}
			</div>
		</details>
	);
}
