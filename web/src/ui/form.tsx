// Fields of forms that people without training fill in.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t, type Key } from '../i18n';

export function Section({ title, hint, children }: { title: string; hint?: string; children: ComponentChildren }) {
	return (
		<section class="form-section">
			<h2>{title}</h2>
			{hint && <p class="quiet">{hint}</p>}
			{children}
		</section>
	);
}

export function TextField({ label, value, set, hint }: { label: string; value: string; set: (text: string) => void; hint?: string }) {
	return (
		<label class="field">
			{label}
			<input maxLength={100} value={value} placeholder={hint} onInput={(event) => set(event.currentTarget.value)} />
		</label>
	);
}

export function NumberField({ label, value, min, max, set }: { label: string; value: number; min: number; max: number; set: (n: number) => void }) {
	const change = (text: string) => {
		const n = Number(text);
		if (text !== '' && Number.isInteger(n) && n >= min && n <= max) set(n);
	};
	return (
		<label class="field">
			{label}
			<input type="number" min={min} max={max} value={value} onInput={(event) => change(event.currentTarget.value)} />
		</label>
	);
}

export function Choice({ label, value, options, set }: { label: string; value: string; options: [string, string][]; set: (name: string) => void }) {
	return (
		<label class="field">
			{label}
			<select value={value} onChange={(event) => set(event.currentTarget.value)}>
				{options.map(([name, title]) => (
					<option key={name} value={name}>
						{title}
					</option>
				))}
			</select>
		</label>
	);
}

export function Check({ label, on, set }: { label: string; on: boolean; set: (on: boolean) => void }) {
	return (
		<label class="check">
			<input type="checkbox" checked={on} onChange={(event) => set(event.currentTarget.checked)} /> {label}
		</label>
	);
}

/** Several of a few: buttons that stay pressed. Names that are set and not known stay, too. */
export function Picks({ label, all, chosen, set, order }: { label: string; all: [string, string][]; chosen: string[]; set: (names: string[]) => void; order?: string[] }) {
	const toggle = (name: string) => {
		const next = chosen.includes(name) ? chosen.filter((c) => c !== name) : [...chosen, name];
		set(order ? next.sort((a, b) => order.indexOf(a) - order.indexOf(b)) : next);
	};
	if (all.length === 0) return null;
	return (
		<div class="field" role="group" aria-label={label}>
			{label}
			<span class="chips">
				{all.map(([name, title]) => (
					<button key={name} type="button" class="chip" aria-pressed={chosen.includes(name)} onClick={() => toggle(name)}>
						{title}
					</button>
				))}
			</span>
		</div>
	);
}

/** Words divided by commas; what is typed stays as it is typed until the field is left. */
export function Words({ label, words, set, hint, live }: { label: string; words: string[]; set: (words: string[]) => void; hint?: string; /** Told with each key. */ live?: boolean }) {
	const [text, setText] = useState(words.join(', '));
	const split = (typed: string) => typed.split(/[,、,]/).map((word) => word.trim()).filter(Boolean);
	useEffect(() => {
		if (split(text).join('\n') !== words.join('\n')) setText(words.join(', '));
	}, [words.join('\n')]);
	const keep = (typed = text) => {
		const next = split(typed);
		if (next.join('\n') !== words.join('\n')) set(next);
	};
	const type = (typed: string) => {
		setText(typed);
		if (live) keep(typed);
	};
	return (
		<label class="field">
			{label}
			<input value={text} placeholder={hint} onInput={(event) => type(event.currentTarget.value)} onBlur={() => keep()} onKeyDown={(event) => event.key === 'Enter' && keep()} />
		</label>
	);
}

const UNITS: Record<string, [minutes: number, title: Key]> = { m: [1, 'unit.minutes'], h: [60, 'unit.hours'], d: [1440, 'unit.days'] };

/** "90m" as a number and the largest unit that divides it. */
function parts(text: string, units: string): [number, string] {
	const match = /^(\d+)([smhdw])$/.exec(text.trim());
	const minutes = match ? Number(match[1]) * ({ s: 1 / 60, m: 1, h: 60, d: 1440, w: 10080 }[match[2]!] ?? 1) : 0;
	const unit = [...units].reverse().find((u) => minutes > 0 && minutes % UNITS[u]![0] === 0) ?? units.at(minutes === 0 ? -1 : 0)!;
	return [Math.round(minutes / UNITS[unit]![0]), unit];
}

/** A length of time. `units` are those offered, short ones first: "mh". */
export function Duration({ label, value, units, set }: { label: string; value: string; units: string; set: (text: string) => void }) {
	const [n, shown] = parts(value, units);
	const [unit, setUnit] = useState(shown);
	const kept = UNITS[unit] && (n * UNITS[shown]![0]) % UNITS[unit]![0] === 0 ? unit : shown;
	const amount = Math.round((n * UNITS[shown]![0]) / UNITS[kept]![0]);
	const write = (count: number, u: string) => {
		if (Number.isInteger(count) && count >= 0 && count < 10_000) set(`${count}${u}`);
	};
	return (
		<div class="field" role="group" aria-label={label}>
			{label}
			<span class="duration">
				<input type="number" min={0} aria-label={label} value={amount} onInput={(event) => event.currentTarget.value !== '' && write(Number(event.currentTarget.value), kept)} />
				<select
					aria-label={t('unit')}
					value={kept}
					onChange={(event) => {
						setUnit(event.currentTarget.value);
						write(amount, event.currentTarget.value);
					}}
				>
					{[...units].map((u) => (
						<option key={u} value={u}>
							{t(UNITS[u]![1])}
						</option>
					))}
				</select>
			</span>
		</div>
	);
}
