// カルテ: one machine, its state and why.
import { day, relative } from '../format';
import { t, tOr } from '../i18n';
import { useLive } from '../live';
import { href, useRoute } from '../router';
import type { HostDetail } from '../types';
import { Facts, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { LevelMark } from '../ui/marks';
import { OrderButton } from '../ui/order';
import { Tabs } from '../ui/tabs';
import { HostActions } from './host-actions';
import { HostFindings, HostMachine, HostPackages, HostTimeline, HostUpdates } from './host-tabs';
import { HostPolicyTab, NextSlot } from './host-policy';
import { settingName, SettingsTable, settingTroubles } from './host-settings';
import { HostStatus } from './hosts';

const TABS = ['updates', 'findings', 'history', 'policy', 'machine', 'packages'] as const;
type Tab = (typeof TABS)[number];

export function HostPage({ id }: { id: string }) {
	const live = useLive<HostDetail>(`hosts/${encodeURIComponent(id)}`);
	const { params } = useRoute();
	const asked = params.get('tab');
	const tab: Tab = TABS.find((name) => name === asked) ?? 'updates';
	const h = live.data;
	const back = <a href={href(['hosts'])}>{t('nav.hosts')}</a>;
	if (!h)
		return (
			<>
				<PageHead kicker={back} title="…" />
				{live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton lines={12} />}
			</>
		);
	const count: Record<Tab, number | undefined> = {
		updates: h.pending,
		findings: undefined, // counted by vulnerability, listed by package: the list says its own number
		history: undefined,
		policy: undefined,
		machine: undefined,
		packages: h.packages,
	};
	return (
		<>
			<PageHead
				kicker={back}
				title={
					<>
						{h.name} <HostStatus host={h} />
					</>
				}
				sentence={h.sentence}
			>
				<OrderButton label={t('order.stage-all')} wanted={{ kind: 'stage', hosts: [h.id], patches: 'all' }} disabled={h.pending === 0 || h.state !== 'active'} />
				<OrderButton primary label={t('order.apply-security')} wanted={{ kind: 'apply', hosts: [h.id], patches: 'security' }} disabled={h.security === 0 || h.state !== 'active'} />
			</PageHead>
			{live.error && <Failure error={live.error} retry={live.reload} quiet />}
			<Warnings h={h} />
			<NextSlot h={h} />
			<Facts
				rows={[
					['group', h.group],
					['os', <OsFact h={h} />],
					['last-seen', <Time at={h.last_seen} ago />],
					['next-check-in', h.next_check_in && <Time at={h.next_check_in} />],
					['addresses', h.addresses.join(' ')],
					['exposed', h.exposed ? t('exposed.yes') : t('exposed.no')],
					['importance', tOr('importance', h.importance)],
					['last-user', h.last_user],
					...(h.backup_at || h.backup?.why ? [['backup-at', <BackupFact h={h} />] as ['backup-at', ReturnType<typeof BackupFact>]] : []),
				]}
			/>
			<HostActions h={h} />
			<Tabs current={tab} tabs={TABS.map((name) => [name, t(`tab.${name}`), count[name]])} to={(name) => href(['hosts', h.id], { tab: name })} />
			{tab === 'updates' && <HostUpdates h={h} />}
			{tab === 'findings' && <HostFindings h={h} />}
			{tab === 'history' && <HostTimeline id={h.id} />}
			{tab === 'policy' && (
				<>
					<HostPolicyTab h={h} />
					<SettingsTable h={h} />
				</>
			)}
			{tab === 'machine' && <HostMachine h={h} />}
			{tab === 'packages' && <HostPackages id={h.id} />}
		</>
	);
}

/** When, and what keeps the host from seeing a newer one. */
function BackupFact({ h }: { h: HostDetail }) {
	return (
		<>
			{h.backup_at && <Time at={h.backup_at} ago />}
			{h.backup?.why && <span class="quiet"> {h.backup.why}</span>}
		</>
	);
}

function OsFact({ h }: { h: HostDetail }) {
	return (
		<>
			{h.os.name}
			{h.os.eol && (
				<span class="quiet">
					{' '}
					({t(h.os.ended ? 'os.ended' : 'os.supported')} {day(h.os.eol)}
					{h.os.ended ? '' : t('list.comma') + relative(h.os.eol)})
				</span>
			)}
		</>
	);
}

function Warnings({ h }: { h: HostDetail }) {
	const reboot = h.reboot_signals.length > 0;
	const settings = settingTroubles(h);
	const mitigations = h.mitigations ?? [];
	if (h.notices.length === 0 && !h.plan_error && !reboot && settings.length === 0 && mitigations.length === 0) return null;
	return (
		<ul class="notices warnings">
			{mitigations.map((m) => (
				<li key={m.patch}>
					<LevelMark level={m.state === 'in-force' ? 'warning' : 'alarm'} />
					<span>
						<a href={href(['patches', m.patch])}>{m.patch}</a>{' '}
						{m.why}
					</span>
				</li>
			))}
			{h.notices.map((notice, i) => (
				<li key={`${notice.code} ${i}`}>
					<LevelMark level={notice.level} />
					<span>{notice.text}</span>
				</li>
			))}
			{h.plan_error && (
				<li>
					<LevelMark level="warning" />
					<span>
						{t('host.plan-error')} {h.plan_error}
					</span>
				</li>
			)}
			{settings.map((s) => (
				<li key={s.setting}>
					<LevelMark level="warning" />
					<span>
						<a href={href(['hosts', h.id], { tab: 'policy' })}>{t('host.setting.trouble', { what: settingName(s), state: tOr('setting-state', s.state) })}</a> {s.why}
					</span>
				</li>
			))}
			{reboot && (
				<li>
					<LevelMark level="warning" />
					<span>
						{t('host.reboot-needed')} {h.reboot_signals.join(t('list.comma'))}
					</span>
				</li>
			)}
		</ul>
	);
}
