// Changed lines: + and − as well as a colour.
import type { Line } from '../diff';
import { t } from '../i18n';

const SIGN = { same: ' ', added: '+', removed: '−', gap: '⋯' };

export function DiffView({ lines }: { lines: Line[] }) {
	if (lines.length === 0) return <p class="quiet">{t('diff.none')}</p>;
	return (
		<div class="diff" role="region" tabIndex={0} aria-label={t('diff.title')}>
			{lines.map((line, i) => (
				<div key={i} class={line.kind}>
					<span class="n" aria-hidden="true">
						{line.to ?? line.from ?? ''}
					</span>
					<span class="sign">{SIGN[line.kind]}</span>
					{line.kind === 'added' || line.kind === 'removed' ? <span class="unseen">{t(`diff.${line.kind}`)}</span> : null}
					<code>{line.text}</code>
				</div>
			))}
		</div>
	);
}
