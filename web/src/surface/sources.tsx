// 起点・情報源: what discovery starts from, when it runs, and for the run that is shown which sources answered, which failed.
import { number } from '../i18n';
import { duration } from '../format';
import { Mark } from '../ui/marks';
import { gaps, seedName, shown, sourceName, unserved } from './model';
import { useSeeds, type Shown } from './run';
import { SchedulePanel } from './schedule';
import { Seeds } from './seeds';
import type { Coverage } from './types';
import { x, xOr } from './words';

function State({ row }: { row: Coverage }) {
	const failed = row.failed > 0;
	const skipped = row.not_asked > 0 && !unserved(row);
	return (
		<span class="state">
			<Mark shape={failed ? 'triangle' : skipped ? 'diamond' : row.questions === 0 ? 'dash' : 'check'} tone={failed ? 'red' : skipped ? 'orange' : row.questions === 0 ? 'grey' : 'green'} />
			{x(failed ? 'coverage.failed' : skipped ? 'coverage.skipped' : row.questions === 0 ? 'coverage.unused' : row.not_asked > 0 ? 'coverage.offered' : 'coverage.complete')}
		</span>
	);
}

export function Sources({ shown: at }: { shown: Shown }) {
	const seeds = useSeeds(at);
	const { run } = at;
	const { failed, skipped } = gaps(run);
	const left = run.resolvers_left_out ?? [];
	const numbers = ['questions', 'stored', 'asked', 'answered', 'nothing', 'failed', 'not_asked'] as const;
	return (
		<>
			<section class="panel">
				<h2>{x('coverage.title', { n: run.run })}</h2>
				<p>
					{failed.length + skipped.length === 0 ? x('coverage.fine') : x('coverage.gaps', { failed: failed.length, skipped: skipped.length })}{' '}
					{run.began && run.ended && <span class="quiet">{x('coverage.took', { time: duration(run.began, run.ended) })}</span>}
				</p>
				<div class="scroll" tabIndex={0} role="region" aria-label={x('coverage.title', { n: run.run })}>
					<table class="plain coverage">
						<thead>
							<tr>
								<th scope="col">{x('column.source')}</th>
								<th scope="col">{x('column.status')}</th>
								{numbers.map((name) => (
									<th key={name} scope="col" class="num">
										{x(name === 'failed' ? 'coverage.failed.n' : `coverage.${name}`)}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{(run.coverage ?? []).map((row) => (
								<tr key={row.source} class={row.failed > 0 ? 'bad' : undefined}>
									<th scope="row">{sourceName(row.source)}</th>
									<td>
										<State row={row} />
										{row.last_failure && (
											<p class="failure-words">
												<bdi>{shown(row.last_failure, 300)}</bdi>
											</p>
										)}
									</td>
									{numbers.map((name) => (
										<td key={name} class={`num${row[name] === 0 ? ' quiet' : ''}`}>
											{number(row[name] ?? 0)}
										</td>
									))}
								</tr>
							))}
						</tbody>
					</table>
				</div>
				{left.length > 0 && (
					<p>
						{x('coverage.resolvers')} {left.map((one) => shown(typeof one === 'string' ? one : JSON.stringify(one), 100)).join(x('comma'))}
					</p>
				)}
				{seeds.rows && (
					<p class="quiet">
						{x('coverage.seeds')} {seeds.rows.slice(0, 40).map((seed) => `${shown(seedName(seed.seed), 80)}${seed.owner === 'self' ? '' : `(${xOr('owner', seed.owner)})`}`).join(x('comma'))}
						{seeds.rows.length > 40 && ` ${x('and-more', { n: seeds.rows.length - 40 })}`}
					</p>
				)}
			</section>
			<SchedulePanel />
			<Seeds />
		</>
	);
}
