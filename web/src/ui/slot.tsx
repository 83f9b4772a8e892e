// A slot in one line by the clock of its machines, with the zone on hover and named where it is not the reader's.
import { exact, foreignZone, shortDay, span } from '../format';
import { t } from '../i18n';

/** The zone's name, where there is something to say. */
export function Zone({ name }: { name: string | null }) {
	return name ? <small class="zone"> {name}</small> : null;
}

/** `plain`: whether it is open is said beside it. */
export function SlotTime({ slot, plain }: { slot: { start: string | null; end: string | null; tz?: string | null } | null | undefined; plain?: boolean }) {
	if (!slot?.start || !slot.end) return <span class="quiet">–</span>;
	const now = Date.now();
	const open = Date.parse(slot.start) <= now && Date.parse(slot.end) > now;
	return (
		<time dateTime={slot.start} title={`${exact(slot.start, slot.tz)} – ${exact(slot.end, slot.tz)}`}>
			{open && !plain && <b>{t('slot.open')} </b>}
			{shortDay(slot.start, slot.tz)} {span(slot.start, slot.end, slot.tz)}
			<Zone name={foreignZone(slot.tz, slot.start)} />
		</time>
	);
}
