// The path of evidence: from a seed to the asset, step by step, each with who said it, when, and the words themselves.
import { exact } from '../format';
import { Time } from '../ui/bits';
import { assetPath, kindName, ruleWords, shown, sourceName } from './model';
import { KindChip } from './marks';
import type { Step } from './types';
import { x } from './words';

const RAW_SHOWN = 4000;

/** The words of a source as they came; long ones folded. */
export function RawText({ text }: { text: string }) {
	const cut = text.length > RAW_SHOWN;
	return (
		<bdi class="raw-text">
			<code>{cut ? `${text.slice(0, RAW_SHOWN)}…` : text}</code>
		</bdi>
	);
}

/** mamori's own conclusion is the rule, in words of its own already. */
const saysMore = (step: Step): boolean => step.rule !== 'seed' && step.source !== 'mamori' && Boolean(step.evidence);

export function StepBody({ step, run }: { step: Step; run?: string | null }) {
	return (
		<>
			<p class="step-rule">
				{step.from && (
					<>
						{step.from_kind && <KindChip kind={step.from_kind} />} {step.from_kind ? <a href={assetPath(step.from_kind, step.from, run)}>{shown(step.from)}</a> : <bdi>{shown(step.from)}</bdi>}
						{': '}
					</>
				)}
				{ruleWords(step.rule)}
			</p>
			{saysMore(step) && <RawText text={step.evidence!} />}
			<p class="step-foot">
				<span>{sourceName(step.source)}</span>
				{step.seen && <Time at={step.seen} />}
				{step.asked && <span class="asked-of">{x('asset.asked', { asked: shown(step.asked, 300) })}</span>}
			</p>
		</>
	);
}

/** `name`: the asset at its end. */
export function EvidencePath({ steps, kind, name, run }: { steps: Step[]; kind: string; name: string; run?: string | null }) {
	return (
		<ol class="evidence-path">
			{steps.map((step, i) => {
				const next = steps[i + 1];
				const [to, toKind] = next ? [next.from ?? '', next.from_kind ?? null] : [name, kind];
				const last = !next;
				return (
					<li key={i} class={last ? 'here' : undefined}>
						<p class="step-name">
							{toKind && <KindChip kind={toKind} />}
							{last || !toKind ? <strong><bdi>{shown(to)}</bdi></strong> : <a href={assetPath(toKind, to, run)}><bdi>{shown(to)}</bdi></a>}
							{i === 0 && <span class="quiet"> {x('asset.path.start')}</span>}
						</p>
						{step.rule !== 'seed' && <p class="step-rule">{ruleWords(step.rule)}</p>}
						{saysMore(step) && <RawText text={step.evidence!} />}
						{(step.rule !== 'seed' || last) && (
							<p class="step-foot">
								<span>{sourceName(step.source)}</span>
								{step.seen && <Time at={step.seen} />}
								{step.asked && <span class="asked-of">{x('asset.asked', { asked: shown(step.asked, 300) })}</span>}
							</p>
						)}
					</li>
				);
			})}
		</ol>
	);
}

/** In words, for readers of screens and for tooltips. */
export function pathWords(steps: Step[], kind: string, name: string): string {
	return steps
		.map((step, i) => {
			const next = steps[i + 1];
			const [to, toKind] = next ? [next.from ?? '', next.from_kind ?? ''] : [name, kind];
			return `${toKind ? `${kindName(toKind)} ` : ''}${shown(to)} (${ruleWords(step.rule)}, ${sourceName(step.source)}${step.seen ? `, ${exact(step.seen)}` : ''})`;
		})
		.join(' → ');
}
