// Words of commands that people copy to a terminal.

/** Where a relay keeps its state unless told otherwise. */
export const RELAY_DATA = '/var/lib/mamori-relay';

/** One word for a POSIX shell, quoted where it must be: names of sites may hold anything. */
export function shellWord(text: string): string {
	return /^[\w@%+=:,./[\]-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
