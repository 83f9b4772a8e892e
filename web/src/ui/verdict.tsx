// One sentence that says what must be done, most pressing first; each part leads to its rows.
import type { ComponentChildren } from 'preact';
import { t } from '../i18n';
import { Mark, type Shape, type Tone } from './marks';

/** How many, in words, and where they are. */
export type Part = [n: number, text: string, to: string];

/** A sentence with its mark. */
export function Verdict({ shape, tone, children }: { shape: Shape; tone: Tone; children: ComponentChildren }) {
	return (
		<div class="verdict">
			<Mark shape={shape} tone={tone} />
			<p>{children}</p>
		</div>
	);
}

/** What is to be done of these parts; `fine` where it is nothing. */
export function Duties({ parts, urgent, fine }: { parts: Part[]; urgent: boolean; fine: string }) {
	const now = parts.filter(([n]) => n > 0);
	if (now.length === 0)
		return (
			<Verdict shape="check" tone="green">
				{fine}
			</Verdict>
		);
	return (
		<Verdict shape={urgent ? 'triangle' : 'diamond'} tone={urgent ? 'red' : 'orange'}>
			{t('verdict.act')}
			{now.map(([, text, to], i) => (
				<>
					{i > 0 && t('list.comma')}
					<a href={to}>{text}</a>
				</>
			))}
			{t('sentence.end')}
		</Verdict>
	);
}
