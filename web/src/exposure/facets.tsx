// 集計: values beside the results. A click narrows, a second one takes it back; the minus leaves a value out.
import { useState } from 'preact/hooks';
import { number } from '../i18n';
import { Failure, Skeleton } from '../ui/bits';
import { useAsk } from './ask';
import { terms, useOf, withUse, type Use } from './query';
import type { Facet, FacetAnswer } from './types';
import { fieldName, valueName, x } from './words';

const FIRST = ['class', 'country', 'os.inferred', 'support', 'tls', 'leaks'];
const SECOND = ['product', 'port', 'org', 'org.kind', 'os', 'vuln', 'tag', 'country.inferred', 'source', 'snapshot'];
const SHOWN = 6;
const MORE = 25;

const asked = (fields: string[], more: ReadonlySet<string>) => fields.map((field) => `${field}:${more.has(field) ? MORE : SHOWN}`).join();

export function Facets({ query, onQuery }: { query: string; onQuery: (query: string) => void }) {
	const [more, setMore] = useState<ReadonlySet<string>>(new Set());
	const first = useAsk<FacetAnswer>('facet', { q: query, fields: asked(FIRST, more) });
	const second = useAsk<FacetAnswer>('facet', { q: query, fields: asked(SECOND, more) });
	const error = first.error ?? second.error;
	const facets = [...(first.data?.facets ?? []), ...(second.data?.facets ?? [])].filter(({ field, values }) => values.length > 0 || excludedOf(query, field).length > 0);
	const toggle = (field: string) => {
		const next = new Set(more);
		if (!next.delete(field)) next.add(field);
		setMore(next);
	};
	return (
		<aside class="facets" aria-label={x('facets')} aria-busy={first.busy || second.busy}>
			{error && error.at === undefined && <Failure error={error} retry={() => (first.reload(), second.reload())} quiet={facets.length > 0} />}
			{!first.data && !error && <Skeleton lines={12} />}
			{facets.map((facet) => (
				<FacetBox key={facet.field} facet={facet} query={query} onQuery={onQuery} more={more.has(facet.field)} onMore={() => toggle(facet.field)} />
			))}
		</aside>
	);
}

/** Values that the query leaves out: they are no longer among the answers, but can be taken back. */
function excludedOf(query: string, field: string): string[] {
	const start = `-${field}:`;
	return terms(query)
		.filter((term) => term.startsWith(start))
		.map((term) => term.slice(start.length).replace(/^"(.*)"$/, '$1').replace(/\\(.)/g, '$1'));
}

function FacetBox({ facet, query, onQuery, more, onMore }: { facet: Facet; query: string; onQuery: (query: string) => void; more: boolean; onMore: () => void }) {
	const { field, values, other } = facet;
	const most = Math.max(1, ...values.map(({ count }) => count));
	const set = (value: string, use: Use) => onQuery(withUse(query, field, value, use));
	const excluded = excludedOf(query, field).filter((value) => !values.some((v) => v.value === value));
	return (
		<section class="facet">
			<h2>{fieldName(field)}</h2>
			<ul>
				{values.map(({ value, count }) => {
					const use = useOf(query, field, value);
					const name = valueName(field, value);
					return (
						<li key={value} class={use === 'in' ? 'on' : undefined}>
							<button
								type="button"
								class="facet-value"
								aria-pressed={use === 'in'}
								title={use === 'in' ? x('facet.in.undo', { field: fieldName(field), value: name }) : x('facet.in', { field: fieldName(field), value: name, n: count })}
								onClick={() => set(value, use === 'in' ? null : 'in')}
							>
								<svg class="facet-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
									<rect width={Math.max(1, (count / most) * 100)} height="4" />
								</svg>
								<span class="facet-name">{name}</span>
								<span class="facet-count">{number(count)}</span>
							</button>
							<button type="button" class="bare facet-out" title={x('facet.out', { value: name })} aria-label={x('facet.out', { value: name })} onClick={() => set(value, 'out')}>
								−
							</button>
						</li>
					);
				})}
				{excluded.map((value) => (
					<li key={`- ${value}`} class="left-out">
						<button type="button" class="facet-value" aria-pressed title={x('facet.out.undo', { value: valueName(field, value) })} onClick={() => set(value, null)}>
							<span class="facet-name">{valueName(field, value)}</span>
							<span class="quiet">{x('facet.excluded')}</span>
						</button>
					</li>
				))}
			</ul>
			{(other > 0 || more) && (
				<button type="button" class="bare facet-more" aria-expanded={more} onClick={onMore}>
					{more ? x('facet.less') : `${x('facet.more')} · ${x('facet.other', { n: other })}`}
				</button>
			)}
		</section>
	);
}
