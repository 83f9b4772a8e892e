// The policy as text: a plain text field with line numbers beside it, and the server's remarks below, each of which
// leads to its line.
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { setParams, useRoute } from '../router';
import type { Remark } from '../types-plan';
import { LevelMark } from '../ui/marks';

export function RemarkList({ remarks, to }: { remarks: Remark[]; to?: (remark: Remark) => void }) {
	if (remarks.length === 0) return null;
	return (
		<ul class="remarks" aria-live="polite">
			{remarks.map((remark, i) => (
				<li key={i} class={remark.level}>
					<LevelMark level={remark.level === 'error' ? 'alarm' : 'warning'} />
					<span>
						{remark.line > 0 &&
							(to ? (
								<button type="button" class="link" onClick={() => to(remark)}>
									{t('remark.at', { line: remark.line, column: remark.column })}
								</button>
							) : (
								<span class="quiet">{t('remark.at', { line: remark.line, column: remark.column })}</span>
							))}{' '}
						{remark.text}
					</span>
				</li>
			))}
		</ul>
	);
}

/** Where line and column are in the text. */
function offsetOf(text: string, line: number, column: number): number {
	let at = 0;
	for (let i = 1; i < line; i++) {
		const next = text.indexOf('\n', at);
		if (next < 0) return text.length;
		at = next + 1;
	}
	return Math.min(at + Math.max(0, column - 1), text.length);
}

function goTo(area: HTMLTextAreaElement, text: string, line: number, column: number): void {
	const at = offsetOf(text, line, column);
	const end = text.indexOf('\n', at);
	area.focus();
	area.setSelectionRange(at, end < 0 ? text.length : end);
	const height = area.scrollHeight / Math.max(1, text.split('\n').length);
	area.scrollTop = Math.max(0, (line - 5) * height);
}

export function TextEditor({ text, write, remarks, readOnly }: { text: string; write: (text: string) => void; remarks: Remark[]; readOnly: boolean }) {
	const area = useRef<HTMLTextAreaElement>(null);
	const numbers = useRef<HTMLDivElement>(null);
	const { params } = useRoute();
	const wanted = params.get('line');
	useEffect(() => {
		if (!wanted || !area.current) return;
		const [line, column] = wanted.split('.').map(Number);
		goTo(area.current, text, line || 1, column || 1);
		setParams({ line: null });
	}, [wanted]);
	const marked = new Map(remarks.map((remark) => [remark.line, remark.level]));
	const lines = text.split('\n').length;
	const indent = (event: KeyboardEvent) => {
		// Tab leaves the field, as everywhere; two spaces continue the line above's indentation on Enter.
		if (event.key !== 'Enter' || event.isComposing || readOnly || !area.current) return;
		const { selectionStart: start, selectionEnd: end, value } = area.current;
		const line = value.slice(value.lastIndexOf('\n', start - 1) + 1, start);
		const spaces = /^ */.exec(line)![0] + (/:\s*$/.test(line) ? '  ' : '');
		if (spaces === '') return;
		event.preventDefault();
		area.current.setRangeText(`\n${spaces}`, start, end, 'end');
		write(area.current.value);
	};
	return (
		<div class="editor-box">
			<div class="editor">
				<div class="gutter" ref={numbers} aria-hidden="true">
					{Array.from({ length: lines }, (_, i) => (
						<div key={i} class={marked.get(i + 1)}>
							{i + 1}
						</div>
					))}
				</div>
				<textarea
					ref={area}
					value={text}
					readOnly={readOnly}
					rows={Math.min(40, Math.max(16, lines + 1))}
					wrap="off"
					spellcheck={false}
					autocomplete="off"
					autocapitalize="off"
					aria-label={t('policy.tab.text')}
					onInput={(event) => write(event.currentTarget.value)}
					onKeyDown={indent}
					onScroll={(event) => {
						if (numbers.current) numbers.current.scrollTop = event.currentTarget.scrollTop;
					}}
				/>
			</div>
			{remarks.length === 0 ? (
				<p class="quiet">{t('remark.none')}</p>
			) : (
				<RemarkList remarks={remarks} to={({ line, column }) => area.current && goTo(area.current, text, line, column)} />
			)}
		</div>
	);
}
