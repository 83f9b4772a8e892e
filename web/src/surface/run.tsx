// Which run the pages show: the newest, or the one that the address names.
import { dateTime } from '../format';
import { useLive } from '../live';
import { setParams, useRoute } from '../router';
import type { List } from '../types';
import { useAll, type All } from './data';
import { Units } from './model';
import type { Asset, Risk, Run, Seed } from './types';
import { x } from './words';

export interface Shown {
	/** The chosen one. */
	run: Run;
	runs: Run[];
	newest: number;
	/** For the API: nothing where it is the newest. */
	query: { run?: number };
	/** For addresses. */
	param: string | null;
}

const RUNS = 200;

export function useRuns() {
	const newest = useLive<List<Run>>('surface/runs?limit=1');
	const first = newest.data?.items[0];
	const all = useAll<Run>(first ? 'surface/runs' : null, {}, first?.run ?? 0);
	return { newest, runs: all.rows ?? (first ? [first] : []), complete: all.rows !== undefined };
}

export function shownOf(runs: Run[], asked: string | null): Shown | null {
	const newest = runs[0];
	if (!newest) return null;
	const run = runs.find(({ run: number }) => String(number) === asked) ?? newest;
	const old = run.run !== newest.run;
	return { run, runs, newest: newest.run, query: old ? { run: run.run } : {}, param: old ? String(run.run) : null };
}

/** The risks of the run, and where it is the newest what people decided. */
export const useRisks = (shown: Shown): All<Risk> => useAll<Risk>('surface/risks', shown.query, shown.newest);
export const useGone = (shown: Shown): All<Risk> => useAll<Risk>('surface/risks', { ...shown.query, gone: 'true' }, shown.newest);
export const useAssets = (shown: Shown, on = true): All<Asset> => useAll<Asset>(on ? 'surface/assets' : null, shown.query, shown.newest);
export const useSeeds = (shown: Shown): All<Seed> => useAll<Seed>('surface/seeds', { run: shown.run.run }, shown.newest);

const made = new WeakMap<Asset[], { seeds: Seed[]; units: Units }>();

/** Whose things are; made once for the rows of a run. */
export function unitsOf(assets: Asset[] | undefined, seeds: Seed[] | undefined): Units | null {
	if (!assets || !seeds) return null;
	const known = made.get(assets);
	if (known?.seeds === seeds) return known.units;
	const units = new Units(assets, seeds);
	made.set(assets, { seeds, units });
	return units;
}

export function RunPicker({ shown }: { shown: Shown }) {
	const { params } = useRoute();
	return (
		<label class={shown.param ? 'filter on' : 'filter'}>
			<span>{x('run.picker')}</span>
			<select value={String(shown.run.run)} onChange={(event) => setParams({ run: Number(event.currentTarget.value) === shown.newest ? null : event.currentTarget.value, page: null, from: params.get('from') })}>
				{shown.runs.slice(0, RUNS).map(({ run, ended, began }) => (
					<option key={run} value={String(run)} disabled={!ended && !began}>
						{ended || began ? x('run.option', { n: run, at: dateTime(ended ?? began ?? '') }) : x('run.missing', { n: run })}
						{run === shown.newest ? ` (${x('run.newest')})` : ''}
					</option>
				))}
			</select>
		</label>
	);
}
