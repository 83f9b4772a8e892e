// Small parts that every page uses.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiError } from '../api';
import { dateTime, exact, relative } from '../format';
import { number, t, type Key } from '../i18n';
import { Mark, type Shape, type Tone } from './marks';

/** An absolute time, with the zone on hover; `ago` adds the relative one. */
export function Time({ at, ago }: { at: string | null | undefined; ago?: boolean }) {
	if (!at) return <span class="quiet">–</span>;
	return (
		<time dateTime={at} title={exact(at)}>
			{dateTime(at)}
			{ago && <span class="ago"> {relative(at)}</span>}
		</time>
	);
}

/** A number that leads to its rows; zero is quiet, and a link all the same. */
export function Count({ n, to, label }: { n: number; to: string; label?: string }) {
	return (
		<a class={n === 0 ? 'count zero' : 'count'} href={to} aria-label={label ? `${label}: ${number(n)}` : undefined}>
			{number(n)}
		</a>
	);
}

export function Skeleton({ lines = 6 }: { lines?: number }) {
	return (
		<div class="skeleton" role="status" aria-label={t('loading')}>
			{Array.from({ length: lines }, (_, i) => (
				<div key={i} />
			))}
		</div>
	);
}

/** What went wrong and what to do. With `quiet` the rows of the last answer are still on the page. */
export function Failure({ error, retry, quiet }: { error: ApiError; retry?: () => void; quiet?: boolean }) {
	const [title, advice] = explain(error);
	return (
		<div class={quiet ? 'failure slim' : 'failure'} role="alert">
			<Mark shape="triangle" tone="red" />
			<p>
				<strong>{title}</strong> {quiet ? t('error.old-rows') : advice}
			</p>
			{retry && (
				<button type="button" onClick={retry}>
					{t('retry')}
				</button>
			)}
		</div>
	);
}

function explain(error: ApiError): [string, string] {
	if (error.code === 'offline') return [t('error.offline'), t('error.offline.advice')];
	if (error.code === 'late') return [t('error.late'), t('error.late.advice')];
	if (error.code === 'http') return [t('error.http', { status: error.status }), t('error.http.advice')];
	if (error.code === 'refused') return [error.message, t('error.refused.advice')];
	if (error.code === 'not-found') return [error.message, t('error.not-found.advice')];
	return [error.message, ''];
}

/** A page or table without rows says how to fill it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
	return (
		<div class="empty">
			<p class="empty-title">{title}</p>
			{children}
		</div>
	);
}

export function Copy({ text, label }: { text: string; label?: string }) {
	const [done, setDone] = useState(false);
	const copy = async () => {
		await copyText(text);
		setDone(true);
		setTimeout(() => setDone(false), 2000);
	};
	return (
		<button type="button" class="copy" onClick={copy} aria-live="polite">
			{done ? t('copied') : (label ?? t('copy'))}
		</button>
	);
}

async function copyText(text: string): Promise<void> {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		// Clipboard access can be refused by the browser's policy; a selected text field still works there.
		const area = document.createElement('textarea');
		area.value = text;
		area.className = 'unseen';
		document.body.append(area);
		area.select();
		document.execCommand('copy');
		area.remove();
	}
}

/** Commands to be typed at a terminal, with a copy button. */
export function Command({ text }: { text: string }) {
	return (
		<div class="command">
			<pre>{text}</pre>
			<Copy text={text} />
		</div>
	);
}

/** Head of a page: what it is, one sentence, what can be done here. */
export function PageHead({
	title,
	sentence,
	kicker,
	children,
}: {
	title: ComponentChildren;
	sentence?: ComponentChildren;
	kicker?: ComponentChildren;
	children?: ComponentChildren;
}) {
	return (
		<header class="page-head">
			<div>
				{kicker && <p class="kicker">{kicker}</p>}
				<h1 tabIndex={-1}>{title}</h1>
				{sentence && <p class="sentence">{sentence}</p>}
			</div>
			{children && <div class="actions">{children}</div>}
		</header>
	);
}

/** Name and value pairs. */
export function Facts({ rows }: { rows: [Key, ComponentChildren][] }) {
	return (
		<dl class="facts">
			{rows.map(([key, value]) => (
				<div key={key}>
					<dt>{t(key)}</dt>
					<dd>{value === null || value === undefined || value === '' ? <span class="quiet">–</span> : value}</dd>
				</div>
			))}
		</dl>
	);
}

export function Tag({ shape, tone, children }: { shape: Shape; tone: Tone; children: ComponentChildren }) {
	return (
		<span class="state">
			<Mark shape={shape} tone={tone} />
			{children}
		</span>
	);
}
