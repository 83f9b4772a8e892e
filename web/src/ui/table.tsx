// The one table of all lists: real table markup, sortable heads, a link in each row that j/k and the arrows walk
// over, cards on a phone. What it shows is decided by list.tsx.
import { Fragment, type ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { said, t, type Text } from '../i18n';

export interface Column<T> {
	id: string;
	title: Text;
	cell: (row: T) => ComponentChildren;
	/** For CSV, and for searching in rows that the page holds already. */
	text: (row: T) => string;
	/** Sorts on this page; null sorts last. */
	sort?: (row: T) => string | number | null | undefined;
	/** The API's sort key, for lists longer than a page. */
	server?: string;
	/** The first click sorts the largest first. */
	falling?: boolean;
	num?: boolean;
	/** A text of several lines; wide where it is a sentence and the table has room. */
	wrap?: true | 'wide';
	/** A long text is cut, and whole on hover. */
	clip?: boolean;
	/** Left out while no row has anything to say here: its text is empty, or this says so. */
	sparse?: true | ((row: T) => boolean);
	/** Not shown until it is chosen. */
	extra?: boolean;
}

export interface Selection {
	keys: ReadonlySet<string>;
	set: (keys: ReadonlySet<string>) => void;
}

export interface TableProps<T> {
	caption: string;
	columns: Column<T>[];
	rows: T[];
	keyOf: (row: T) => string;
	/** Where the row's first cell leads. */
	link?: (row: T) => string;
	/** What the first cell is called where its text alone would not say. */
	expand?: (row: T) => ComponentChildren;
	selection?: Selection | undefined;
	selectable?: (row: T) => boolean;
	mark?: (row: T) => string | undefined;
}

interface SortProps {
	sort: string;
	onSort: (sort: string) => void;
	/** All rows are here, so that every column can be sorted. */
	complete: boolean;
}

function Head<T>({ column, sort, onSort, complete }: { column: Column<T> } & SortProps) {
	const falling = sort === `-${column.id}`;
	const rising = sort === column.id;
	const sortable = column.server !== undefined || (complete && column.sort !== undefined);
	const next = rising ? `-${column.id}` : falling ? column.id : column.falling ? `-${column.id}` : column.id;
	return (
		<th
			role="columnheader"
			scope="col"
			class={column.num ? 'num' : undefined}
			aria-sort={rising ? 'ascending' : falling ? 'descending' : undefined}
		>
			{sortable ? (
				<button type="button" onClick={() => onSort(next)}>
					{said(column.title)}
					<svg class="sort-mark" viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
						{(rising || falling) && <path d={rising ? 'M4 1 7.500 7h-7z' : 'M4 7 .5 1h7z'} />}
					</svg>
				</button>
			) : (
				said(column.title)
			)}
		</th>
	);
}

function Pick<T>({ table, row }: { table: TableProps<T>; row: T }) {
	const selection = table.selection as Selection;
	const key = table.keyOf(row);
	const allowed = table.selectable?.(row) ?? true;
	const toggle = (on: boolean) => {
		const keys = new Set(selection.keys);
		if (on) keys.add(key);
		else keys.delete(key);
		selection.set(keys);
	};
	return (
		<td role="cell" class="pick">
			<input
				type="checkbox"
				disabled={!allowed}
				checked={selection.keys.has(key)}
				onChange={(event) => toggle(event.currentTarget.checked)}
				aria-label={t('select.row', { what: table.columns[0]?.text(row) ?? key })}
			/>
		</td>
	);
}

function cellClass<T>(column: Column<T>, i: number): string {
	return [column.num && 'num', column.wrap && 'wrap', column.wrap === 'wide' && 'wide', column.clip && 'clip', i === 0 && 'main'].filter(Boolean).join(' ');
}

function Row<T>({ table, row, open, onOpen }: { table: TableProps<T>; row: T; open: boolean; onOpen: () => void }) {
	const more = table.expand?.(row);
	const to = table.link?.(row);
	const span = table.columns.length + (table.selection ? 1 : 0) + (table.expand ? 1 : 0);
	return (
		<Fragment>
			<tr role="row" class={table.mark?.(row)}>
				{table.selection && <Pick table={table} row={row} />}
				{table.columns.map((column, i) => (
					<td
						key={column.id}
						role="cell"
						data-label={said(column.title)}
						class={cellClass(column, i)}
						title={column.clip || (i === 0 && !column.wrap) ? column.text(row) : undefined}
					>
						{i === 0 && to ? (
							<a data-row href={to}>
								{column.cell(row)}
							</a>
						) : (
							column.cell(row)
						)}
					</td>
				))}
				{table.expand && (
					<td role="cell" class="opener">
						{more && (
							<button type="button" aria-expanded={open} onClick={onOpen} title={t('expand')}>
								<svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
									<path d="M2 3.500 5 6.500 8 3.500" class="stroke" />
								</svg>
								<span class="unseen">{t('expand')}</span>
							</button>
						)}
					</td>
				)}
			</tr>
			{open && more && (
				<tr role="row" class="opened">
					<td role="cell" colSpan={span}>
						{more}
					</td>
				</tr>
			)}
		</Fragment>
	);
}

export function Table<T>(props: TableProps<T> & SortProps & { busy: boolean; scroll: boolean }) {
	const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
	const { rows, keyOf, selection } = props;
	const pickable = selection ? rows.filter((row) => props.selectable?.(row) ?? true).map(keyOf) : [];
	const all = pickable.length > 0 && pickable.every((key) => selection?.keys.has(key));
	const toggle = (key: string) => {
		const next = new Set(open);
		if (!next.delete(key)) next.add(key);
		setOpen(next);
	};
	return (
		<div class={props.scroll ? 'table-box scroll' : 'table-box'} aria-busy={props.busy}>
			<table role="table">
				<caption class="unseen">{props.caption}</caption>
				<thead role="rowgroup">
					<tr role="row">
						{selection && (
							<th role="columnheader" scope="col" class="pick">
								<input
									type="checkbox"
									checked={all}
									disabled={pickable.length === 0}
									onChange={() => selection.set(new Set(all ? [] : pickable))}
									aria-label={t('select.all')}
								/>
							</th>
						)}
						{props.columns.map((column) => (
							<Head key={column.id} column={column} sort={props.sort} onSort={props.onSort} complete={props.complete} />
						))}
						{props.expand && (
							<th role="columnheader" scope="col" class="opener">
								<span class="unseen">{t('expand')}</span>
							</th>
						)}
					</tr>
				</thead>
				<tbody role="rowgroup">
					{rows.map((row) => {
						const key = keyOf(row);
						return <Row key={key} table={props} row={row} open={open.has(key)} onOpen={() => toggle(key)} />;
					})}
				</tbody>
			</table>
		</div>
	);
}

/** Rows in the order of a sort key ("name", "-security"); equal rows keep their order. */
export function sorted<T>(rows: T[], columns: Column<T>[], sort: string): T[] {
	const id = sort.replace(/^-/, '');
	const by = columns.find((column) => column.id === id)?.sort;
	if (!by) return rows;
	const sign = sort.startsWith('-') ? -1 : 1;
	const collator = new Intl.Collator(undefined, { numeric: true });
	const keyed = rows.map((row) => ({ row, key: by(row) ?? null }));
	keyed.sort((a, b) => {
		if (a.key === null || b.key === null) return a.key === b.key ? 0 : a.key === null ? 1 : -1;
		if (typeof a.key === 'number' && typeof b.key === 'number') return sign * (a.key - b.key);
		return sign * collator.compare(String(a.key), String(b.key));
	});
	return keyed.map(({ row }) => row);
}
