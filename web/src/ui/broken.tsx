// What stands in the place of a page that failed: that it did, that nothing is lost, what to do, and words for a report.
import type { ComponentChildren } from 'preact';
import { t } from '../i18n';
import { forgetAll } from '../live';
import { Command } from './bits';
import { Boundary } from './boundary';
import { say } from './dialog';
import { Mark } from './marks';

/** For a report; no one-time code of the address is in it. */
function wordsOf(cause: unknown): string {
	const text = cause instanceof Error ? `${cause.name}: ${cause.message}\n${cause.stack ?? ''}` : String(cause);
	return [new Date().toISOString(), location.hash.replace(/^#\/signin\/.*/, '#/signin'), navigator.userAgent, text].join('\n').trim();
}

function Broken({ cause, again }: { cause: unknown; again: () => void }) {
	const retry = () => {
		forgetAll(); // the answer that it failed on may be the reason
		again();
	};
	return (
		<section class="broken" role="alert">
			<h1 tabIndex={-1}>
				<Mark shape="triangle" tone="red" /> {t('broken.title')}
			</h1>
			<p>{t('broken.body')}</p>
			<div class="host-actions">
				<button type="button" class="primary" onClick={retry}>
					{t('broken.again')}
				</button>
				<button type="button" onClick={() => location.reload()}>
					{t('broken.reload')}
				</button>
			</div>
			<details>
				<summary>{t('broken.details')}</summary>
				<Command text={wordsOf(cause)} />
			</details>
		</section>
	);
}

export const Guarded = ({ children }: { children: ComponentChildren }) => <Boundary broken={(cause, again) => <Broken cause={cause} again={again} />}>{children}</Boundary>;

/** What fails behind a click, where no page can say so. */
export function watchEvents(): void {
	const tell = () => say({ text: t('broken.event') });
	addEventListener('error', (event) => event.error && tell());
	addEventListener('unhandledrejection', tell);
}
