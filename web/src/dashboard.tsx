import { render } from 'preact';
import { App } from './app';
import { Guarded, watchEvents } from './ui/broken';
import { startLang } from './i18n';
import { startRouter } from './router';
import { loadSession } from './session';

export async function startDashboard(root: HTMLElement): Promise<void> {
	startRouter();
	// A one-time code in the address opens its own session; asking for an old one first would only delay it.
	if (!location.hash.startsWith('#/signin/')) void loadSession();
	await startLang();
	watchEvents();
	render(
		<Guarded>
			<App />
		</Guarded>,
		root,
	);
}
