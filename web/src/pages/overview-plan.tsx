// What the overview says about unattended patching: emergencies, halts, who is not back, what happens next.
import type { ComponentChildren } from 'preact';
import { call, withQuery } from '../api';
import { addDays, clock, instantOf, isoDay } from '../format';
import { number, t } from '../i18n';
import { useLive } from '../live';
import { href } from '../router';
import { may } from '../session';
import type { List as ListAnswer } from '../types';
import type { Calendar, CalendarSlot, EmergencyRow, Halt, NotBack, PolicyItem } from '../types-plan';
import { Time } from '../ui/bits';
import { say } from '../ui/dialog';
import { Mark } from '../ui/marks';
import { ReasonButton } from '../ui/reason';
import { HaltLine } from '../ui/rings';
import { SlotTime } from '../ui/slot';

const SHOWN = 8;

/** Above everything else: an update that goes out now, and the consent that its restart needs. */
export function Emergencies() {
	const live = useLive<ListAnswer<EmergencyRow>>('emergencies');
	const open = (live.data?.items ?? []).filter((e) => !e.ended_at);
	return (
		<>
			{open.map((e) => (
				<section key={e.patch} class="emergency" role="alert">
					<Mark shape="flame" tone="red" />
					<div>
						<h2>{t('emergency.title', { what: e.title ?? e.patch })}</h2>
						<p>
							{t('emergency.counts', { done: e.done, waiting: e.waiting })} {t('emergency.since')} <Time at={e.since} ago />
						</p>
						<p>{e.consents >= e.consents_needed ? t('emergency.consented') : t('emergency.consents', { n: e.consents, of: e.consents_needed })}</p>
					</div>
					<span class="row-actions">
						<a class="button" href={href(['patches', e.patch])}>
							{t('emergency.show')}
						</a>
						{may('approver') && e.consents < e.consents_needed && (
							<ReasonButton
								danger
								label={t('emergency.consent')}
								title={t('emergency.consent.title', { what: e.title ?? e.patch })}
								body={() => <p>{t('emergency.consent.body', { n: e.waiting, of: e.consents_needed })}</p>}
								confirm={t('emergency.consent')}
								act={async (reason) => {
									await call('POST', 'emergency/consents', { patch: e.patch, reason });
									say({ text: t('emergency.consent.done') });
								}}
							/>
						)}
					</span>
				</section>
			))}
		</>
	);
}

/** Offered while nothing is planned. */
export function AssistantOffer() {
	const live = useLive<ListAnswer<PolicyItem>>('policies?limit=1');
	if (!live.data || live.data.total > 0) return null;
	return (
		<section class="offer">
			<div>
				<h2>{t('assistant.offer')}</h2>
				<p>{t('assistant.offer.sentence')}</p>
			</div>
			<a class="button primary" href={href(['assistant'])}>
				{t('assistant.start')}
			</a>
		</section>
	);
}

export function Halted() {
	const live = useLive<ListAnswer<Halt>>('halts');
	const halts = live.data?.items ?? [];
	if (halts.length === 0) return null;
	return (
		<Panel title={t('halts.title', { n: halts.length })} to={href(['decisions'], { tab: 'halts' })}>
			{halts.slice(0, SHOWN).map((halt) => (
				<HaltLine key={halt.id} halt={halt} named />
			))}
		</Panel>
	);
}

/** Machines that should have been back by now. */
export function NotBackList() {
	const live = useLive<ListAnswer<NotBack>>('not-back?limit=200');
	const rows = live.data?.items ?? [];
	if (rows.length === 0) return null;
	return (
		<Panel title={t('not-back.title', { n: rows.length })}>
			<ul class="notices">
				{rows.map((row) => (
					<li key={row.host.id}>
						<Mark shape={row.state === 'unhealthy' ? 'diamond' : 'triangle'} tone="red" />
						<span>
							<a data-row href={href(['hosts', row.host.id])}>
								{row.host.name}
							</a>{' '}
							{row.host.group && <span class="quiet">{row.host.group} </span>}
							{row.why} <span class="quiet">{t('not-back.ready-by')}</span> <Time at={row.ready_by} />
						</span>
					</li>
				))}
			</ul>
		</Panel>
	);
}

function groupsOf(slots: CalendarSlot[]): string {
	const names = [...new Set(slots.map(({ group }) => group ?? t('group.none')))];
	return names.length <= 3 ? names.join(t('list.comma')) : t('calendar.groups-more', { groups: names.slice(0, 2).join(t('list.comma')), n: names.length - 2 });
}

/** The slots that are open or begin within a day, departments with the same hours together. */
export function Tonight() {
	const now = Date.now();
	const from = addDays(isoDay(), -1);
	const live = useLive<Calendar>(withQuery('calendar', { from: instantOf(from), until: instantOf(addDays(from, 3)), limit: 1000 }));
	const soon = (live.data?.items ?? []).filter((slot) => Date.parse(slot.end) > now && Date.parse(slot.start) < now + 86_400_000);
	const bunches = new Map<string, CalendarSlot[]>();
	for (const slot of soon) bunches.set(`${slot.start} ${slot.end}`, [...(bunches.get(`${slot.start} ${slot.end}`) ?? []), slot]);
	return (
		<Panel title={t('tonight.title')} to={href(['calendar'])}>
			{soon.length === 0 && <p class="quiet">{t('tonight.none')}</p>}
			<ul class="notices">
				{[...bunches.values()].slice(0, SHOWN).map((slots) => (
					<li key={`${slots[0]!.start} ${slots[0]!.end}`}>
						<Mark shape="clock" tone="blue" />
						<span>
							<SlotTime slot={slots[0]} /> <b>{groupsOf(slots)}</b>{' '}
							<span class="quiet">
								{t('tonight.counts', { hosts: number(slots.reduce((sum, { hosts }) => sum + hosts, 0)), n: number(slots.reduce((sum, { patches }) => sum + patches, 0)) })}
								{slots[0]!.ready_by && `${t('list.comma')}${t('calendar.back-by', { time: clock(slots[0]!.ready_by, slots[0]!.tz) })}`}
							</span>
						</span>
					</li>
				))}
			</ul>
			<p>
				<a href={href(['calendar'], { view: 'tomorrow' })}>{t('calendar.tomorrow')}</a>
			</p>
		</Panel>
	);
}

function Panel({ title, to, children }: { title: string; to?: string; children: ComponentChildren }) {
	return (
		<section class="panel">
			<h2>{to ? <a href={to}>{title}</a> : title}</h2>
			{children}
		</section>
	);
}
