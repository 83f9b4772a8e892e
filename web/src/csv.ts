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
	const url = URL.createObjectURL(new Blob(['\ufeff', csvText(rows)], { type: 'text/csv;charset=utf-8' }));
	const link = document.createElement('a');
	link.href = url;
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
