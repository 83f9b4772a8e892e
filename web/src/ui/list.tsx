// A list: toolbar (search, filters, columns, export), table, pages. Its whole state is in the address.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, call, withQuery } from '../api';
import { download } from '../csv';
import { isoDay } from '../format';
import { number, said, t, type Text } from '../i18n';
import { useLive } from '../live';
import { setParams, useRoute } from '../router';
import type { Group, List as ListAnswer } from '../types';
import { Empty, Failure, Skeleton } from './bits';
import { sorted, Table, type Column, type TableProps } from './table';

const PAGE = 200;
const EXPORT_PAGE = 1000;
const TYPING_MS = 250;

type Query = Record<string, string | null | undefined>;

interface Common<T> extends Omit<TableProps<T>, 'rows'> {
	/** Part of the exported file's name. */
	name: string;
	/** Parameters of the address that narrow the list: kept apart from sort, columns and page. */
	filters: string[];
	toolbar?: ComponentChildren;
	empty: ComponentChildren;
	/** Sort used when the address names none. */
	order?: string;
}

/** A list that the server filters and pages. */
export function List<T>(props: Common<T> & { path: string; query?: Query; onRows?: (rows: T[]) => void }) {
	const { params } = useRoute();
	const query: Query = {};
	for (const name of props.filters) query[name] = params.get(name);
	Object.assign(query, props.query); // a page may hold a filter fixed, or translate it for the API
	const sort = params.get('sort') ?? props.order ?? '';
	const by = props.columns.find((column) => column.id === sort.replace(/^-/, ''))?.server;
	if (by) query.sort = (sort.startsWith('-') ? '-' : '') + by;
	const page = Math.max(1, Number(params.get('page')) || 1);
	const live = useLive<ListAnswer<T>>(
		withQuery(props.path, { ...query, limit: PAGE, offset: page > 1 ? (page - 1) * PAGE : null }),
	);

	const fetchAll = async (): Promise<T[]> => {
		const rows: T[] = [];
		for (;;) {
			const path = withQuery(props.path, { ...query, limit: EXPORT_PAGE, offset: rows.length || null });
			const answer = await call<ListAnswer<T>>('GET', path);
			rows.push(...answer.items);
			if (answer.items.length === 0 || rows.length >= answer.total) return rows;
		}
	};
	if (!live.data)
		return (
			<section class="list">
				<div class="toolbar">{props.toolbar}</div>
				{live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton />}
			</section>
		);
	const { items, total } = live.data;
	return (
		<section class="list">
			{live.error && <Failure error={live.error} retry={live.reload} quiet />}
			<Body
				{...props}
				rows={items}
				total={total}
				complete={total <= items.length}
				sort={sort}
				busy={live.busy}
				fetchAll={fetchAll}
			/>
			{total > PAGE && <Pages page={page} pages={Math.ceil(total / PAGE)} />}
		</section>
	);
}

/** A list whose rows the page holds already; `q` searches in the text of all columns. */
export function Rows<T>(props: Common<T> & { rows: T[]; keep?: (row: T, params: URLSearchParams) => boolean; /** Rows on one page; all otherwise. */ most?: number }) {
	const { params } = useRoute();
	const { most = 0 } = props;
	const sort = params.get('sort') ?? props.order ?? '';
	const words = (params.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
	const rows = props.rows.filter((row) => {
		if (props.keep && !props.keep(row, params)) return false;
		if (words.length === 0) return true;
		const text = props.columns.map((column) => column.text(row)).join('\n').toLowerCase();
		return words.every((word) => text.includes(word));
	});
	const page = most > 0 ? Math.min(Math.max(1, Number(params.get('page')) || 1), Math.max(1, Math.ceil(rows.length / most))) : 1;
	return (
		<section class="list">
			<Body {...props} rows={rows} total={rows.length} complete sort={sort} busy={false} fetchAll={async () => rows} from={(page - 1) * most} most={most} />
			{most > 0 && rows.length > most && <Pages page={page} pages={Math.ceil(rows.length / most)} />}
		</section>
	);
}

interface BodyProps<T> extends Common<T> {
	rows: T[];
	total: number;
	complete: boolean;
	sort: string;
	busy: boolean;
	fetchAll: () => Promise<T[]>;
	/** The page of rows that are all here. */
	from?: number;
	most?: number;
}

function Body<T>(props: BodyProps<T>) {
	const { params } = useRoute();
	const chosen = params.get('cols')?.split(',');
	const said = ({ sparse, text }: Column<T>) =>
		!sparse || props.rows.some((row) => (sparse === true ? text(row) !== '' : sparse(row)));
	const columns = props.columns.filter((column, i) => i === 0 || (chosen ? chosen.includes(column.id) : !column.extra && said(column)));
	const all = props.complete ? sorted(props.rows, props.columns, props.sort) : props.rows;
	const rows = props.most ? all.slice(props.from ?? 0, (props.from ?? 0) + props.most) : all;
	const filtered = props.filters.some((name) => params.get(name));
	return (
		<>
			<div class="toolbar">
				{props.toolbar}
				<span class="toolbar-end">
					<span class="total" role="status">
						{t('rows', { n: props.total })}
					</span>
					<ColumnChooser columns={props.columns} shown={columns.map((column) => column.id)} />
					<Export {...props} columns={columns} all={props.columns} />
				</span>
			</div>
			{rows.length > 0 ? (
				<Table
					{...props}
					columns={columns}
					rows={rows}
					scroll={chosen !== undefined}
					onSort={(sort) => setParams({ sort: sort === props.order ? null : sort, page: null })}
				/>
			) : filtered ? (
				<Empty title={t('empty.filtered')}>
					<button type="button" onClick={() => clear(props.filters)}>
						{t('filter.clear')}
					</button>
				</Empty>
			) : (
				props.empty
			)}
		</>
	);
}

function clear(filters: string[]): void {
	setParams(Object.fromEntries([...filters, 'page'].map((name) => [name, null])));
}

function ColumnChooser<T>({ columns, shown }: { columns: Column<T>[]; shown: string[] }) {
	const toggle = (id: string) => {
		const next = columns.filter((c) => (c.id === id ? !shown.includes(id) : shown.includes(c.id))).map((c) => c.id);
		const standard = columns.filter((c) => !c.extra).map((c) => c.id);
		setParams({ cols: next.join() === standard.join() ? null : next.join() });
	};
	return (
		<details class="menu">
			<summary>{t('columns')}</summary>
			<div class="menu-body">
				{columns.slice(1).map((column) => (
					<label key={column.id}>
						<input type="checkbox" checked={shown.includes(column.id)} onChange={() => toggle(column.id)} />
						{said(column.title)}
					</label>
				))}
			</div>
		</details>
	);
}

function Export<T>(props: BodyProps<T> & { all: Column<T>[] }) {
	const [error, setError] = useState('');
	const save = async () => {
		setError('');
		try {
			const rows = sorted(await props.fetchAll(), props.all, props.sort);
			const head = props.columns.map((column) => said(column.title));
			const body = rows.map((row) => props.columns.map((column) => column.text(row)));
			download(`mamori-${props.name}-${isoDay()}.csv`, [head, ...body]);
		} catch (cause) {
			setError(cause instanceof ApiError && cause.code !== 'offline' ? cause.message : t('error.offline'));
		}
	};
	return (
		<>
			<button type="button" onClick={save} title={t('csv.hint')}>
				CSV
			</button>
			{error && (
				<span class="problem" role="alert">
					{error}
				</span>
			)}
		</>
	);
}

function Pages({ page, pages }: { page: number; pages: number }) {
	const turn = (to: number) => {
		setParams({ page: to > 1 ? String(to) : null });
		scrollTo(0, 0);
	};
	return (
		<nav class="pages" aria-label={t('pages')}>
			<button type="button" disabled={page <= 1} onClick={() => turn(page - 1)}>
				{t('pages.before')}
			</button>
			<span>
				{number(page)} / {number(pages)}
			</span>
			<button type="button" disabled={page >= pages} onClick={() => turn(page + 1)}>
				{t('pages.after')}
			</button>
		</nav>
	);
}

/** The page's search box; `/` brings the focus here. */
export function Search({ hint, wide }: { hint: Text; wide?: boolean }) {
	const { params } = useRoute();
	const inAddress = params.get('q') ?? '';
	const [text, setText] = useState(inAddress);
	const input = useRef<HTMLInputElement>(null);
	const timer = useRef(0);
	useEffect(() => {
		if (document.activeElement !== input.current || inAddress === '') setText(inAddress);
	}, [inAddress]);
	const type = (value: string) => {
		setText(value);
		clearTimeout(timer.current);
		timer.current = setTimeout(() => setParams({ q: value.trim() || null, page: null }), TYPING_MS);
	};
	return (
		<input
			ref={input}
			type="search"
			class={wide ? 'search wide' : 'search'}
			data-search
			value={text}
			placeholder={said(hint)}
			aria-label={said(hint)}
			spellcheck={false}
			autocomplete="off"
			onInput={(event) => type(event.currentTarget.value)}
		/>
	);
}

/** A filter held in the address; the first choice is "all". */
export function Filter({ name, label, options }: { name: string; label: Text; options: [string, string][] }) {
	const { params } = useRoute();
	const value = params.get(name) ?? '';
	const known = value === '' || options.some(([option]) => option === value);
	return (
		<label class={value ? 'filter on' : 'filter'}>
			<span>{said(label)}</span>
			<select value={value} onChange={(event) => setParams({ [name]: event.currentTarget.value || null, page: null })}>
				<option value="">{t('filter.all')}</option>
				{!known && <option value={value}>{value}</option>}
				{options.map(([option, title]) => (
					<option key={option} value={option}>
						{title}
					</option>
				))}
			</select>
		</label>
	);
}

export function DayFilter({ name, label }: { name: string; label: Text }) {
	const { params } = useRoute();
	return (
		<label class={params.get(name) ? 'filter on' : 'filter'}>
			<span>{said(label)}</span>
			<input
				type="date"
				value={params.get(name) ?? ''}
				onChange={(event) => setParams({ [name]: event.currentTarget.value || null, page: null })}
			/>
		</label>
	);
}

/** Filters of groups, for every page that has departments. */
export function GroupFilter() {
	const groups = useLive<ListAnswer<Group>>('groups?limit=1000');
	// Lists go by department; groups made by hand or by rule are the policies' own.
	const names = (groups.data?.items ?? []).flatMap(({ group, kind }) => (group && (kind ?? 'department') === 'department' ? [group] : []));
	return <Filter name="group" label="group" options={names.map((name) => [name, name])} />;
}

/** Filters by site, where there is one. "-" is no site. */
export function SiteFilter() {
	const { params } = useRoute();
	const sites = useLive<ListAnswer<{ site: string | null }>>('sites');
	const names = (sites.data?.items ?? []).flatMap(({ site }) => (site === null ? [] : [site]));
	if (names.length === 0 && !params.get('site')) return null;
	return <Filter name="site" label="site" options={[...names.map((name): [string, string] => [name, name]), ['-', t('site.none')]]} />;
}
