// The search box: completion by keyboard and mouse, safe with an input method, the error under its column, the count of what is
// being typed.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api';
import { number } from '../i18n';
import { ask } from './ask';
import type { CompleteAnswer, Completion, CountAnswer } from './types';
import { valueName, x, xOr } from './words';

const COMPLETE_MS = 120;
const COUNT_MS = 350;
const SHOWN_BEFORE = 60;
/** The list is our own, not a datalist. */
const COMBOBOX: object = { role: 'combobox' };

interface Trouble {
	text: string;
	message: string;
	at: number;
}

/** Runs the newest of many: an older one that is under way is ended. */
function useNewest(): (wait: number, run: (signal: AbortSignal) => Promise<void>) => void {
	const current = useRef<{ timer: number; stop: AbortController } | null>(null);
	const end = () => {
		clearTimeout(current.current?.timer);
		current.current?.stop.abort();
	};
	useEffect(() => end, []);
	return (wait, run) => {
		end();
		const stop = new AbortController();
		current.current = { stop, timer: setTimeout(() => void run(stop.signal).catch(() => {}), wait) };
	};
}

export function QueryBox({ query, onQuery, problem }: { query: string; onQuery: (query: string) => void; problem: ApiError | undefined }) {
	const [text, setText] = useState(query);
	const [items, setItems] = useState<Completion[]>([]);
	const [from, setFrom] = useState(0);
	const [picked, setPicked] = useState(-1);
	const [typed, setTyped] = useState<{ text: string; count: number } | null>(null);
	const [trouble, setTrouble] = useState<Trouble | null>(null);
	const composing = useRef(false);
	const input = useRef<HTMLInputElement>(null);
	const id = useId();
	const completing = useNewest();
	const counting = useNewest();

	useEffect(() => {
		counting(0, async () => {}); // what was typed before another query came would put its error over that one's
		setText(query);
		setTyped(null);
		setItems([]);
	}, [query]);
	useEffect(() => {
		setTrouble(problem?.at === undefined ? null : { text: query, message: problem.message, at: problem.at });
	}, [problem, query]);

	const complete = (value: string, cursor: number, wait = COMPLETE_MS) =>
		completing(wait, async (signal) => {
			const answer = await ask<CompleteAnswer>('complete', { q: value.slice(0, cursor) }, signal);
			if (signal.aborted || composing.current || document.activeElement !== input.current) return;
			setItems(answer.items);
			setFrom(answer.from);
			setPicked(-1);
		});
	const count = (value: string) =>
		counting(COUNT_MS, async (signal) => {
			if (value.trim() === query.trim()) return setTyped(null);
			try {
				const answer = await ask<CountAnswer>('count', { q: value }, signal);
				if (signal.aborted) return;
				setTyped({ text: value, count: answer.count });
				setTrouble(null);
			} catch (cause) {
				if (signal.aborted) return;
				setTyped(null);
				// What is being typed is often not whole yet: only an error before the end is told at once.
				if (cause instanceof ApiError && cause.at !== undefined && cause.at < value.trimEnd().length - 1) setTrouble({ text: value, message: cause.message, at: cause.at });
			}
		});
	const changed = (value: string, cursor: number) => {
		setText(value);
		setTrouble(null);
		if (composing.current) return;
		complete(value, cursor);
		count(value);
	};
	const apply = (value = text) => {
		setItems([]);
		completing(0, async () => {});
		onQuery(value.trim());
	};
	const accept = (item: Completion) => {
		const box = input.current;
		const cursor = box?.selectionStart ?? text.length;
		const rest = text.slice(cursor).replace(/^\s+/, '');
		const value = text.slice(0, from) + item.insert + rest;
		const place = from + item.insert.length;
		setText(value);
		setItems([]);
		requestAnimationFrame(() => {
			box?.focus();
			box?.setSelectionRange(place, place);
		});
		count(value);
		if (item.kind === 'filter') complete(value, place, 0);
	};
	const key = (event: KeyboardEvent) => {
		// Enter and the arrows belong to the input method while it proposes.
		if (event.isComposing || composing.current || event.keyCode === 229) return;
		const move = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
		if (move !== 0) {
			event.preventDefault();
			if (items.length === 0) complete(text, input.current?.selectionStart ?? text.length, 0);
			else setPicked(stepped(picked, move, items.length));
		} else if (event.key === 'Escape' && items.length > 0) {
			event.preventDefault();
			event.stopPropagation();
			setItems([]);
		} else if (event.key === 'Tab' && items.length > 0 && !event.shiftKey && (picked >= 0 || text.slice(from).trim() !== '')) {
			event.preventDefault();
			accept(items[Math.max(0, picked)]!);
		} else if (event.key === 'Enter') {
			event.preventDefault();
			if (picked >= 0 && items[picked]) accept(items[picked]!);
			else apply();
		}
	};
	const open = items.length > 0;
	return (
		<form
			class="ask"
			role="search"
			onSubmit={(event) => {
				event.preventDefault();
				apply();
			}}
		>
			<div class="ask-line">
				<div class="ask-box">
					<input
						ref={input}
						type="search"
						data-search
						value={text}
						placeholder={x('search.hint')}
						aria-label={x('search.label')}
						{...COMBOBOX}
						aria-autocomplete="list"
						aria-expanded={open}
						aria-controls={`${id}-list`}
						aria-activedescendant={picked >= 0 ? `${id}-${picked}` : undefined}
						aria-invalid={trouble !== null}
						aria-describedby={trouble ? `${id}-trouble` : undefined}
						spellcheck={false}
						autocomplete="off"
						autocapitalize="off"
						maxLength={1_000_000}
						onCompositionStart={() => {
							composing.current = true;
							setItems([]);
						}}
						onCompositionEnd={(event) => {
							composing.current = false;
							changed(event.currentTarget.value, event.currentTarget.selectionStart ?? 0);
						}}
						onInput={(event) => changed(event.currentTarget.value, event.currentTarget.selectionStart ?? 0)}
						onKeyDown={key}
						onFocus={(event) => complete(text, event.currentTarget.selectionStart ?? text.length)}
						onBlur={() => setItems([])}
					/>
					{open && (
						<ul class="ask-list" id={`${id}-list`} role="listbox" aria-label={x('completions')}>
							{items.map((item, i) => (
								<li
									key={`${item.kind} ${item.label}`}
									id={`${id}-${i}`}
									role="option"
									aria-selected={i === picked}
									onMouseDown={(event) => {
										event.preventDefault(); // the box keeps the focus
										accept(item);
									}}
								>
									<Proposal item={item} field={fieldBefore(text, from)} />
								</li>
							))}
						</ul>
					)}
				</div>
				<button type="submit" class="primary">
					{x('search')}
				</button>
			</div>
			{trouble && <Caret trouble={trouble} id={`${id}-trouble`} />}
			<p class="ask-count quiet" role="status">
				{typed && typed.text === text && !trouble ? x('count.typed', { n: typed.count }) : ''}
			</p>
		</form>
	);
}

/** The next place of a list that has one more, -1, for none. */
function stepped(at: number, by: number, length: number): number {
	return ((at + 1 + by + length + 1) % (length + 1)) - 1;
}

/** The filter whose value stands at a place. */
function fieldBefore(text: string, at: number): string {
	return /([\w.]+):[^\s:]*$/.exec(text.slice(0, at))?.[1] ?? '';
}

function Proposal({ item, field }: { item: Completion; field: string }) {
	const meaning = item.kind === 'value' ? valueName(field, item.label) : item.kind === 'filter' ? xOr('field', item.label) : '';
	return (
		<>
			<code>{item.label || '""'}</code>
			{meaning && meaning !== item.label && <span class="quiet">{meaning}</span>}
			<span class="ask-kind quiet">{item.count === undefined ? x(`completion.${item.kind}`) : number(item.count)}</span>
		</>
	);
}

/** The error under the character that it is about; of a long query the part around it. */
function Caret({ trouble, id }: { trouble: Trouble; id: string }) {
	const { text, at, message } = trouble;
	const long = at > SHOWN_BEFORE;
	const before = long ? `… ${text.slice(at - 30, at)}` : text.slice(0, at);
	return (
		<div class="ask-trouble" role="alert" id={id}>
			{long && (
				<pre aria-hidden="true">
					{before}
					<mark>{text.slice(at, at + 1) || ' '}</mark>
					{text.slice(at + 1, at + 30)}
				</pre>
			)}
			<p>
				<span class="ask-before" aria-hidden="true">
					{before}
				</span>
				<span class="ask-caret" aria-hidden="true">
					▲
				</span>
				<span class="problem">{message}</span>
			</p>
		</div>
	);
}
