// データの鮮度: how old is what mamori knows?
import { bytes } from '../format';
import { number, t } from '../i18n';
import { useLive } from '../live';
import type { Feed, Feeds } from '../types';
import { Command, Empty, Failure, PageHead, Skeleton, Tag, Time } from '../ui/bits';
import { Rows } from '../ui/list';
import type { Column } from '../ui/table';

function Status({ feed }: { feed: Feed }) {
	if (!feed.imported_at) return <Tag shape="ring" tone="grey">{t('feed.never')}</Tag>;
	if (feed.stale) return <Tag shape="diamond" tone="orange">{t('feed.stale')}</Tag>;
	return <Tag shape="check" tone="green">{t('feed.fresh')}</Tag>;
}

const statusText = (feed: Feed) => t(!feed.imported_at ? 'feed.never' : feed.stale ? 'feed.stale' : 'feed.fresh');

function hours(seconds: number): string {
	return seconds % 86_400 === 0 ? t('time.days', { n: seconds / 86_400 }) : t('time.only-hours', { n: Math.round(seconds / 3600) });
}

const columns: Column<Feed>[] = [
	{ id: 'title', title: 'feed', wrap: true, cell: (f) => f.title, text: (f) => f.title, sort: (f) => f.title },
	{ id: 'state', title: 'state', cell: (f) => <Status feed={f} />, text: statusText, sort: statusText },
	{ id: 'records', title: 'records', num: true, falling: true, cell: (f) => number(f.records), text: (f) => String(f.records), sort: (f) => f.records },
	{ id: 'imported', title: 'imported-at', falling: true, cell: (f) => <Time at={f.imported_at} />, text: (f) => f.imported_at ?? '', sort: (f) => f.imported_at },
	{ id: 'published', title: 'published-at', falling: true, cell: (f) => <Time at={f.published_at} ago />, text: (f) => f.published_at ?? '', sort: (f) => f.published_at },
	{ id: 'limit', title: 'stale-after', num: true, cell: (f) => hours(f.stale_after_s), text: (f) => hours(f.stale_after_s), sort: (f) => f.stale_after_s },
	{ id: 'source', title: 'taken-from', extra: true, wrap: true, cell: (f) => f.source ?? '', text: (f) => f.source ?? '' },
	{ id: 'feed', title: 'id', extra: true, cell: (f) => <code>{f.feed}</code>, text: (f) => f.feed },
];

function sentenceOf(feeds: Feeds): string {
	const imported = feeds.items.filter((feed) => feed.imported_at);
	const stale = imported.filter((feed) => feed.stale).length;
	if (imported.length === 0) return t('feeds.none');
	return stale > 0 ? t('feeds.sentence.stale', { n: stale, of: imported.length }) : t('feeds.sentence.fresh', { n: imported.length });
}

export function FeedsPage() {
	const live = useLive<Feeds>('feeds');
	if (!live.data)
		return (
			<>
				<PageHead title={t('nav.feeds')} />
				{live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton />}
			</>
		);
	const { items, index } = live.data;
	return (
		<>
			<PageHead title={t('nav.feeds')} sentence={sentenceOf(live.data)} />
			{live.error && <Failure error={live.error} retry={live.reload} quiet />}
			<Rows<Feed>
				name="feeds"
				caption={t('nav.feeds')}
				columns={columns}
				rows={items}
				keyOf={(f) => f.feed}
				filters={[]}
				empty={<Empty title={t('feeds.none')} />}
			/>
			{index.built_at && (
				<p class="quiet">
					{t('feeds.index', { size: bytes(index.size) })} <Time at={index.built_at} ago />
				</p>
			)}
			<section class="guide">
				<h2>{t('feeds.how')}</h2>
				<p>{t('feeds.how.online')}</p>
				<Command text="sudo mamori feed update" />
				<p>{t('feeds.how.offline')}</p>
				<Command text="sudo mamori feed import /media/usb/feeds" />
			</section>
		</>
	);
}
