// The notice that hangs on a ward's door the day before: A4, Japanese first, readable from two metres.
import { withQuery } from '../api';
import { zoneOr } from '../format';
import { t } from '../i18n';
import { useLive } from '../live';
import type { Tomorrow } from '../types-plan';
import { Empty, Failure, Skeleton } from '../ui/bits';
import { DoorNotice } from '../ui/door-notice';

export function TomorrowNotice({ group }: { group: string }) {
	const live = useLive<Tomorrow>(withQuery('slots/tomorrow', { group }));
	if (!live.data) return live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton lines={10} />;
	if (live.data.items.length === 0) return <Empty title={t('notice.none')} />;
	return (
		<>
			{live.data.items.map((item) => (
				<DoorNotice key={`${item.group} ${item.start} ${item.policy} ${item.window}`} {...item} zone={zoneOr(item.tz)} updates={item.updates.length} />
			))}
		</>
	);
}
