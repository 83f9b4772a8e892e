// Where a relay may go, what each is for and how fresh it is, and who asked for something else.
import { day, exact, relative } from '../format';
import { number, t } from '../i18n';
import type { ListState, Refusal, RelayDetail, RelayList, RelayOrigin } from '../types-relay';
import { Tag, Time } from '../ui/bits';
import type { Shape, Tone } from '../ui/marks';

const MARKS: Record<ListState, [Shape, Tone]> = {
	current: ['check', 'green'],
	unread: ['ring', 'grey'],
	unused: ['dash', 'grey'],
	stale: ['triangle', 'red'],
	expired: ['triangle', 'red'],
};

function StateTag({ state }: { state: ListState }) {
	const [shape, tone] = MARKS[state];
	return (
		<Tag shape={shape} tone={tone}>
			{t(`origin.state.${state}`)}
		</Tag>
	);
}

/** Short: the exact time is told on hover. */
function Moment({ at, ago }: { at: string | null; ago?: boolean }) {
	if (!at) return <span class="quiet">–</span>;
	return (
		<time dateTime={at} title={exact(at)}>
			{ago ? relative(at) : day(at)}
		</time>
	);
}

/** The list's own name, else the part of its address that tells it from the others. */
const nameOf = (list: RelayList, origin: RelayOrigin) => list.label || list.url.slice(origin.url.length) || list.url;

function ListRow({ list, origin }: { list: RelayList; origin: RelayOrigin }) {
	return (
		<tr>
			<td data-label={t('origin.list')} title={list.url}>
				{nameOf(list, origin)}
			</td>
			<td data-label={t('state')}>
				<StateTag state={list.state} />
			</td>
			<td data-label={t('origin.checked')}>
				<Moment at={list.checked} ago />
			</td>
			<td data-label={t('origin.dated')}>
				<Moment at={list.dated} />
			</td>
			<td data-label={t('origin.expires')}>
				{list.expires ? (
					<span>
						<Moment at={list.expires} /> <span class="ago">{relative(list.expires)}</span>
					</span>
				) : (
					<span class="quiet">{t('origin.no-end')}</span>
				)}
			</td>
		</tr>
	);
}

function OriginPart({ origin }: { origin: RelayOrigin }) {
	return (
		<section class={origin.state === 'stale' || origin.state === 'expired' ? 'origin late' : 'origin'}>
			<h3>
				<code>{origin.url}</code>
				<span class="quiet">{t(origin.unverified ? 'origin.for.unverified' : origin.by === 'bundle' ? 'origin.for.bundle' : 'origin.for.relay')}</span>
			</h3>
			{origin.lists.length === 0 ? (
				<p class="quiet">{t(origin.unverified ? 'origin.unverified.lists' : 'origin.unread')}</p>
			) : (
				<div class="scroll">
					<table class="plain stacked">
						<thead>
							<tr>
								<th scope="col">{t('origin.list')}</th>
								<th scope="col">{t('state')}</th>
								<th scope="col">{t('origin.checked')}</th>
								<th scope="col">{t('origin.dated')}</th>
								<th scope="col">{t('origin.expires')}</th>
							</tr>
						</thead>
						<tbody>
							{origin.lists.map((list) => (
								<ListRow key={list.url} list={list} origin={origin} />
							))}
						</tbody>
					</table>
				</div>
			)}
		</section>
	);
}

const RANK: ListState[] = ['expired', 'stale', 'unread', 'current', 'unused'];

export function Origins({ relay, limit }: { relay: RelayDetail; limit: number }) {
	const origins = [...relay.origins].sort((a, b) => RANK.indexOf(a.state) - RANK.indexOf(b.state));
	return (
		<section class="guide wide origins">
			<h2>{t('origins')}</h2>
			<p class="quiet">{t('origins.sentence', { n: limit })}</p>
			{origins.length === 0 && <p>{t('origins.none')}</p>}
			{origins.map((origin) => (
				<OriginPart key={origin.url} origin={origin} />
			))}
		</section>
	);
}

function RefusedRow({ refusal }: { refusal: Refusal }) {
	return (
		<tr>
			<td data-label={t('refused.what')}>
				<code>{refusal.what || t('refused.nothing')}</code>
			</td>
			<td data-label={t('refused.count')} class="num">
				{number(refusal.count)}
			</td>
			<td data-label={t('refused.peer')}>{refusal.peer}</td>
			<td data-label={t('refused.last')}>
				<Time at={refusal.last} ago />
			</td>
		</tr>
	);
}

export function Refused({ relay }: { relay: RelayDetail }) {
	const told = relay.refused.reduce((sum, { count }) => sum + count, 0);
	return (
		<section class="guide wide refused">
			<h2>{t('refused', { n: relay.refused_total })}</h2>
			<p class="quiet">{t(relay.refused_total > 0 ? 'refused.sentence' : 'refused.none')}</p>
			{relay.refused.length > 0 && (
				<div class="scroll">
					<table class="plain stacked">
						<thead>
							<tr>
								<th scope="col">{t('refused.what')}</th>
								<th scope="col" class="num">
									{t('refused.count')}
								</th>
								<th scope="col">{t('refused.peer')}</th>
								<th scope="col">{t('refused.last')}</th>
							</tr>
						</thead>
						<tbody>
							{relay.refused.map((refusal) => (
								<RefusedRow key={refusal.what} refusal={refusal} />
							))}
						</tbody>
					</table>
				</div>
			)}
			{relay.refused_total > told && <p class="quiet">{t('refused.more', { n: relay.refused_total - told })}</p>}
		</section>
	);
}
