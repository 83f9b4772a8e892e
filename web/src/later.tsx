// Pages whose code comes after the first one stands; a skeleton until then.
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from './i18n';
import { Failure, Skeleton } from './ui/bits';
import { ApiError } from './api';

/** One file of pages: what fetches it, and what shows a page of it. */
function pagesOf<Pages>(fetch: () => Promise<Pages>) {
	let loaded: Pages | null = null;
	let loading: Promise<Pages> | null = null;
	const load = (): Promise<Pages> => {
		loading ??= fetch().then(
			(pages) => (loaded = pages),
			(cause: unknown) => {
				loading = null; // the next try asks again
				throw cause;
			},
		);
		return loading;
	};
	function Show({ page }: { page: (pages: Pages) => VNode }) {
		const [, redraw] = useState({});
		const [failed, setFailed] = useState(false);
		useEffect(() => {
			if (loaded) return;
			load().then(
				() => redraw({}),
				() => setFailed(true),
			);
		}, []);
		if (loaded) return page(loaded);
		if (!failed) return <Skeleton lines={10} />;
		// A new version of the server has other file names: loading the page anew finds them.
		return <Failure error={new ApiError('offline', t('error.offline'), 0)} retry={() => location.reload()} />;
	}
	return { load, Show };
}

const plan = pagesOf(() => import('./plan'));
const exposure = pagesOf(() => import('./exposure'));
const surface = pagesOf(() => import('./surface'));

/** Pages of planning and of closed networks. */
export const Later = plan.Show;
/** Pages of exposure: fetched when they are opened. */
export const LaterExposure = exposure.Show;
/** Pages of the attack surface: likewise. */
export const LaterSurface = surface.Show;

/** Fetches what most people open next while nothing else is to do. */
export function fetchLater(): void {
	setTimeout(() => void plan.load().catch(() => {}), 1500);
}
