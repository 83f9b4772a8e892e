// ゲートウェイ台帳: VPN and remote gateways as the ledger has them, against what others saw.
import { call, fileBytes } from '../api';
import { day } from '../format';
import { number } from '../i18n';
import { refreshAll } from '../live';
import { href, useRoute } from '../router';
import { may } from '../session';
import { Empty, Failure, Skeleton, Time } from '../ui/bits';
import { messageOf, say } from '../ui/dialog';
import { Rows, Search } from '../ui/list';
import { Mark, type Shape, type Tone } from '../ui/marks';
import type { Column } from '../ui/table';
import { download } from '../csv';
import { useAll } from './data';
import { assetPath, shown, sourceName } from './model';
import type { Shown } from './run';
import type { Gateway } from './types';
import { said, x } from './words';

const STATES: Record<Gateway['state'], [Shape, Tone]> = { 'not-declared': ['triangle', 'red'], differs: ['diamond', 'orange'], 'not-seen': ['ring', 'grey'], seen: ['check', 'green'], unknown: ['dash', 'grey'] };
const ORDER = Object.keys(STATES) as Gateway['state'][];

const COLUMNS: Column<Gateway>[] = [
	{ id: 'name', title: said('column.name'), cell: (g) => (g.name ? <bdi>{shown(g.name)}</bdi> : <em class="quiet">{x('gateway.not-in-ledger')}</em>), text: (g) => g.name ?? '', sort: (g) => g.name, wrap: true },
	{
		id: 'state',
		title: said('column.status'),
		cell: (g) => {
			const [shape, tone] = STATES[g.state];
			return (
				<span class="gateway-state">
					<span class="state">
						<Mark shape={shape} tone={tone} />
						{x(`gateway.${g.state}`)}
					</span>
					{g.why && <span class="quiet"> {g.why}</span>}
				</span>
			);
		},
		text: (g) => `${x(`gateway.${g.state}`)}${g.why ? ` ${g.why}` : ''}`,
		sort: (g) => ORDER.indexOf(g.state),
		wrap: true,
	},
	{ id: 'address', title: said('kind.address'), cell: (g) => <bdi>{shown(g.address ?? '', 60)}</bdi>, text: (g) => g.address ?? '', sort: (g) => g.address, sparse: true, wrap: true },
	{ id: 'box', title: said('gateway.box'), cell: (g) => <bdi>{shown([g.maker, g.model].filter(Boolean).join(' '), 60)}</bdi>, text: (g) => [g.maker, g.model].filter(Boolean).join(' '), sort: (g) => g.maker, sparse: true, wrap: true },
	{ id: 'firmware', title: said('gateway.firmware'), cell: (g) => <bdi>{shown(g.firmware ?? '', 40)}</bdi>, text: (g) => g.firmware ?? '', sort: (g) => g.firmware, sparse: true },
	{
		id: 'seen',
		title: said('gateway.seen-as'),
		cell: (g) => (
			<ul class="gateway-seen">
				{g.seen.slice(0, 5).map(({ asset, detail, source, seen }, i) => (
					<li key={i}>
						<a href={assetPath('address', asset.replace(/ .*$/, ''))}>
							<bdi>{shown(asset, 60)}</bdi>
						</a>{' '}
						<bdi>{shown(detail ?? '', 80)}</bdi>{' '}
						<span class="quiet">
							{sourceName(source)} <Time at={seen} />
						</span>
					</li>
				))}
			</ul>
		),
		text: (g) => g.seen.map(({ asset, detail }) => `${asset} ${detail ?? ''}`).join('; '),
		sparse: true,
		wrap: 'wide',
	},
	{ id: 'holder', title: said('gateway.holder'), cell: (g) => <bdi>{shown([g.holder, g.telephone].filter(Boolean).join(' '), 80)}</bdi>, text: (g) => [g.holder, g.telephone].filter(Boolean).join(' '), sort: (g) => g.holder, sparse: true, wrap: true },
	{ id: 'patched', title: said('gateway.patched'), cell: (g) => (g.patched_at ? day(g.patched_at) : ''), text: (g) => g.patched_at?.slice(0, 10) ?? '', sort: (g) => g.patched_at, sparse: true },
];

function Import() {
	const take = async (file: File | undefined) => {
		if (!file) return;
		try {
			const { kept } = await call<{ kept: number }>('POST', 'surface/gateways/import', { file: await fileBytes(file) });
			say({ text: x('gateways.imported', { n: kept }) });
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
		refreshAll();
	};
	return (
		<label class="button file-button" title={x('gateways.import.hint')}>
			{x('gateways.import')}
			<input
				type="file"
				class="unseen"
				accept=".csv,.xlsx,text/csv"
				onChange={(event) => {
					const input = event.currentTarget;
					void take(input.files?.[0]).finally(() => (input.value = ''));
				}}
			/>
		</label>
	);
}

/** An empty ledger to fill in, with what was seen and is not declared. */
function Form({ rows }: { rows: Gateway[] }) {
	const save = () => {
		const head = ['name', 'address', 'maker', 'model', 'firmware', 'holder', 'telephone', 'patched'];
		const body = rows.map((g) => [g.name ?? g.seen_as ?? '', g.address ?? g.seen[0]?.asset.replace(/ .*$/, '') ?? '', g.maker ?? '', g.model ?? '', g.firmware ?? '', g.holder ?? '', g.telephone ?? '', g.patched_at?.slice(0, 10) ?? '']);
		download('mamori-gateways-ledger.csv', [head, ...body]);
	};
	return (
		<button type="button" title={x('gateways.form.hint')} onClick={save}>
			{x('gateways.form')}
		</button>
	);
}

export function Gateways({ shown: at }: { shown: Shown }) {
	const { params } = useRoute();
	const live = useAll<Gateway>('surface/gateways', {}, at.newest);
	if (!live.rows) return live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton lines={10} />;
	const rows = live.rows;
	return (
		<>
			<p class="quiet">
				{x('gateways.note')}
				{at.param && ` ${x('gateways.newest')}`}
			</p>
			<div class="compare-figures">
				{ORDER.filter((state) => rows.some((g) => g.state === state)).map((state) => (
					<a key={state} href={href(['surface'], { ...Object.fromEntries(params), state: params.get('state') === state ? null : state })} aria-current={params.get('state') === state ? 'true' : undefined}>
						<span class="amount">{number(rows.filter((g) => g.state === state).length)}</span> {x(`gateway.${state}`)}
					</a>
				))}
			</div>
			<Rows<Gateway>
				name="surface-gateways"
				caption={x('tab.gateways')}
				columns={COLUMNS}
				rows={[...rows].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))}
				keyOf={(g) => `${g.name ?? ''} ${g.address ?? ''} ${g.seen_as ?? ''}`}
				keep={(g, query) => !query.get('state') || g.state === query.get('state')}
				filters={['q', 'state']}
				most={200}
				toolbar={
					<>
						<Search hint={said('gateways.search')} />
						{may('operator') && <Import />}
						<Form rows={rows} />
					</>
				}
				empty={
					<Empty title={x('gateways.none')}>
						<p>{x('gateways.none.advice')}</p>
					</Empty>
				}
			/>
		</>
	);
}
