// RFC 4180, with a byte order mark so that a Japanese spreadsheet reads it as UTF-8.

/** One field; a leading = + - @ gets an apostrophe, so that a spreadsheet does not run a stranger's text. */
export function csvField(text: string): string {
	const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
	return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvText(rows: string[][]): string {
	return rows.map((row) => row.map(csvField).join(',') + '\r\n').join('');
}

export function download(name: string, rows: string[][]): void {
	downloadText(name, csvText(rows));
}

/** A file that comes as base64. */
export function downloadBytes(name: string, base64: string, type: string): void {
	saveBlob(name, new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], { type }));
}

export function downloadText(name: string, text: string): void {
	saveBlob(name, new Blob(['\ufeff', text.replace(/^\ufeff/, '')], { type: 'text/csv;charset=utf-8' }));
}

function saveBlob(name: string, content: Blob): void {
	const url = URL.createObjectURL(content);
	const link = document.createElement('a');
	link.href = url;
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
