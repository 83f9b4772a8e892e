// Modal dialogs (the browser's own, which keeps the focus inside) and the one-line message at the foot of the page.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api';
import { t } from '../i18n';
import { refreshAll } from '../live';

export function Dialog({
	title,
	onClose,
	children,
}: {
	title: string;
	onClose: () => void;
	children: ComponentChildren;
}) {
	const dialog = useRef<HTMLDialogElement>(null);
	useEffect(() => {
		const back = document.activeElement;
		dialog.current?.showModal();
		return () => {
			if (back instanceof HTMLElement) back.focus({ preventScroll: true });
		};
	}, []);
	return (
		<dialog
			ref={dialog}
			aria-label={title}
			onClose={onClose}
			onClick={(event) => {
				if (event.target === dialog.current) dialog.current?.close();
			}}
		>
			<div class="dialog-body">
				<h2>{title}</h2>
				{children}
			</div>
		</dialog>
	);
}

/** The sentence for people of whatever was thrown. */
export function messageOf(cause: unknown): string {
	if (cause instanceof ApiError) {
		if (cause.code === 'offline') return `${t('error.offline')} ${t('error.offline.advice')}`;
		if (cause.code === 'late') return `${t('error.late')} ${t('error.late.advice')}`;
		if (cause.code === 'http') return t('error.http', { status: cause.status });
		return cause.message;
	}
	return String(cause);
}

export function Problem({ text }: { text: string }) {
	return text ? (
		<p class="problem" role="alert">
			{text}
		</p>
	) : null;
}

interface FormParts {
	title: string;
	/** Of the button that sends it; "save" otherwise. */
	confirm?: string;
	danger?: boolean;
	/** Whether it can be sent. */
	ready?: boolean;
	/** False keeps the form open: it has something to show first. */
	save: () => Promise<unknown>;
	children: ComponentChildren;
}

/** A form that closes when it is saved, and otherwise says why it was not: what was typed stays. */
export function FormDialog({ title, confirm, danger, ready = true, save, onClose, children }: FormParts & { onClose: () => void }) {
	const [error, setError] = useState('');
	const [busy, setBusy] = useState(false);
	const send = async (event: Event) => {
		event.preventDefault();
		setBusy(true);
		setError('');
		try {
			if ((await save()) !== false) {
				onClose();
				refreshAll();
			}
		} catch (cause) {
			setError(messageOf(cause));
		}
		setBusy(false);
	};
	return (
		<Dialog title={title} onClose={onClose}>
			<form class="stack" onSubmit={send}>
				{children}
				<Problem text={error} />
				<div class="dialog-actions">
					<button type="button" onClick={onClose}>
						{t('cancel')}
					</button>
					<button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy || !ready}>
						{confirm ?? t('save')}
					</button>
				</div>
			</form>
		</Dialog>
	);
}

/** The button that opens it; `start` fills its fields. */
export function FormButton({ label, primary, start, ...form }: FormParts & { label: string; primary?: boolean; start?: () => void }) {
	const [open, setOpen] = useState(false);
	const begin = () => {
		start?.();
		setOpen(true);
	};
	return (
		<>
			<button type="button" class={primary ? 'primary' : undefined} onClick={begin}>
				{label}
			</button>
			{open && <FormDialog {...form} onClose={() => setOpen(false)} />}
		</>
	);
}

/** A button that asks first, does it, and shows what came of it. */
export function ConfirmButton({
	label,
	title,
	body,
	confirm,
	act,
	danger,
}: {
	label: string;
	title: string;
	body: ComponentChildren;
	confirm: string;
	act: () => Promise<unknown>;
	danger?: boolean;
}) {
	const [open, setOpen] = useState(false);
	const [error, setError] = useState('');
	const [busy, setBusy] = useState(false);
	const run = async () => {
		setBusy(true);
		setError('');
		try {
			await act();
			setOpen(false);
			refreshAll();
		} catch (cause) {
			setError(messageOf(cause));
		}
		setBusy(false);
	};
	return (
		<>
			<button type="button" onClick={() => setOpen(true)}>
				{label}
			</button>
			{open && (
				<Dialog title={title} onClose={() => setOpen(false)}>
					{body}
					<Problem text={error} />
					<div class="dialog-actions">
						<button type="button" onClick={() => setOpen(false)}>
							{t('cancel')}
						</button>
						<button type="button" class={danger ? 'danger' : 'primary'} disabled={busy} onClick={run}>
							{confirm}
						</button>
					</div>
				</Dialog>
			)}
		</>
	);
}

interface Message {
	text: string;
	action?: { label: string; run: () => Promise<string> };
	link?: { label: string; href: string };
}

let message: Message | null = null;
let redrawMessage: (() => void) | null = null;

/** Shows a sentence at the foot of the page until it is closed or the next one comes. */
export function say(next: Message | null): void {
	message = next;
	redrawMessage?.();
}

/** Takes a sentence away that is no longer true; another one stays. */
export function unsay(text: string): void {
	if (message?.text === text) say(null);
}

export function MessageBar() {
	const [, redraw] = useState({});
	useEffect(() => {
		redrawMessage = () => redraw({});
		return () => {
			redrawMessage = null;
		};
	}, []);
	const act = async () => {
		if (!message?.action) return;
		try {
			say({ text: await message.action.run() });
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
		refreshAll();
	};
	return (
		<div class="message-place" role="status" aria-live="polite">
			{message && (
				<div class="message">
					<span>{message.text}</span>
					{message.link && <a href={message.link.href}>{message.link.label}</a>}
					{message.action && (
						<button type="button" onClick={act}>
							{message.action.label}
						</button>
					)}
					<button type="button" onClick={() => say(null)} aria-label={t('close')} class="bare">
						×
					</button>
				</div>
			)}
		</div>
	);
}
