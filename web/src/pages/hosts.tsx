// 端末: every machine, dense.
import { useState } from 'preact/hooks';
import { day } from '../format';
import { number, t, tOr } from '../i18n';
import { href } from '../router';
import type { Host } from '../types';
import { Count, Empty, PageHead, Tag, Time } from '../ui/bits';
import { Filter, GroupFilter, List, Search, SiteFilter } from '../ui/list';
import { Mark } from '../ui/marks';
import { OrderButton } from '../ui/order';
import type { Column } from '../ui/table';

const ATTENTION = ['security', 'failed', 'silent', 'reboot', 'eol', 'kev', 'overdue', 'not-matched'] as const;
const STATES = ['active', 'pending', 'revoked', 'cloned'] as const;

const tab = (host: Host, name: string, more: Record<string, string> = {}) => href(['hosts', host.id], { tab: name, ...more });

/** The one state that matters most. */
export function HostStatus({ host }: { host: Host }) {
	if (host.state !== 'active')
		return (
			<Tag shape={host.state === 'pending' ? 'clock' : 'cross'} tone={host.state === 'pending' ? 'blue' : 'red'}>
				{tOr('host.state', host.state)}
			</Tag>
		);
	if (host.failed > 0) return <Tag shape="triangle" tone="red">{t('state.failed')}</Tag>;
	if (host.silent) return <Tag shape="diamond" tone="orange">{t('host.silent')}</Tag>;
	if (host.running > 0) return <Tag shape="play" tone="sky">{t('state.running')}</Tag>;
	if (host.os.ended) return <Tag shape="cross" tone="red">{t('host.eol')}</Tag>;
	if (host.security > 0) return <Tag shape="ring" tone="orange">{t('host.behind')}</Tag>;
	if (host.reboot) return <Tag shape="again" tone="orange">{t('host.reboot')}</Tag>;
	return <Tag shape="check" tone="green">{t('host.current')}</Tag>;
}

function statusText(host: Host): string {
	if (host.state !== 'active') return tOr('host.state', host.state);
	if (host.failed > 0) return t('state.failed');
	if (host.silent) return t('host.silent');
	if (host.running > 0) return t('state.running');
	if (host.os.ended) return t('host.eol');
	if (host.security > 0) return t('host.behind');
	return host.reboot ? t('host.reboot') : t('host.current');
}

const serious = (host: Host) => host.findings.critical + host.findings.high;

const columns: Column<Host>[] = [
	{ id: 'name', title: 'host', cell: (h) => h.name, text: (h) => h.name, sort: (h) => h.name, server: 'name' },
	{ id: 'status', title: 'state', cell: (h) => <HostStatus host={h} />, text: statusText, sort: statusText },
	{ id: 'group', title: 'group', clip: true, cell: (h) => h.group ?? <span class="quiet">–</span>, text: (h) => h.group ?? '', sort: (h) => h.group, server: 'group' },
	{
		id: 'os',
		title: 'os',
		cell: (h) => (
			<>
				{h.os.ended && <Mark shape="cross" tone="red" />} {h.os.name.replace('GNU/Linux ', '')}
			</>
		),
		text: (h) => h.os.name,
		clip: true,
		sort: (h) => h.os.name,
		server: 'os',
	},
	{ id: 'security', title: 'security', num: true, falling: true, cell: (h) => <Count n={h.security} to={tab(h, 'updates', { security: 'true' })} />, text: (h) => String(h.security), sort: (h) => h.security, server: 'security' },
	{ id: 'pending', title: 'pending', num: true, falling: true, cell: (h) => <Count n={h.pending} to={tab(h, 'updates')} />, text: (h) => String(h.pending), sort: (h) => h.pending, server: 'pending' },
	{ id: 'findings', title: 'serious', num: true, falling: true, cell: (h) => <Count n={serious(h)} to={tab(h, 'findings')} />, text: (h) => String(serious(h)), sort: serious, server: 'findings' },
	{ id: 'kev', title: 'kev', num: true, falling: true, cell: (h) => <Count n={h.findings.kev} to={tab(h, 'findings', { kev: 'true' })} />, text: (h) => String(h.findings.kev), sort: (h) => h.findings.kev },
	{ id: 'last_seen', title: 'last-seen', falling: true, cell: (h) => <Time at={h.last_seen} />, text: (h) => h.last_seen ?? '', sort: (h) => h.last_seen, server: 'last_seen' },
	{ id: 'eol', title: 'eol', extra: true, cell: (h) => (h.os.eol ? day(h.os.eol) : '–'), text: (h) => h.os.eol ?? '', sort: (h) => h.os.eol },
	{ id: 'failed', title: 'failed', num: true, extra: true, falling: true, cell: (h) => <Count n={h.failed} to={tab(h, 'history')} />, text: (h) => String(h.failed), sort: (h) => h.failed },
	{ id: 'addresses', title: 'addresses', extra: true, cell: (h) => h.addresses.join(' '), text: (h) => h.addresses.join(' '), sort: (h) => h.addresses[0] ?? null },
	{ id: 'packages', title: 'packages', num: true, extra: true, falling: true, cell: (h) => <Count n={h.packages} to={tab(h, 'packages')} />, text: (h) => String(h.packages), sort: (h) => h.packages },
	{ id: 'agent', title: 'agent', extra: true, cell: (h) => h.agent, text: (h) => h.agent, sort: (h) => h.agent },
	{ id: 'sentence', title: 'sentence', extra: true, wrap: true, cell: (h) => h.sentence, text: (h) => h.sentence },
];

export function HostsPage() {
	const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
	const hosts = chosen.size > 0 ? [...chosen] : 'all';
	const all = hosts === 'all';
	const done = () => setChosen(new Set());
	return (
		<>
			<PageHead title={t('nav.hosts')}>
				{!all && <span class="quiet">{t('selected', { n: number(hosts.length) })}</span>}
				<OrderButton label={t('order.stage-security')} wanted={{ kind: 'stage', hosts, patches: 'security' }} onDone={done} />
				<OrderButton
					primary
					label={t(all ? 'order.apply-everywhere' : 'order.apply-security')}
					wanted={{ kind: 'apply', hosts, patches: 'security' }}
					onDone={done}
				/>
			</PageHead>
			<List<Host>
				path="hosts"
				name="hosts"
				caption={t('nav.hosts')}
				columns={columns}
				keyOf={(h) => h.id}
				link={(h) => href(['hosts', h.id])}
				filters={['q', 'group', 'site', 'attention', 'state', 'os']}
				order="name"
				selection={{ keys: chosen, set: setChosen }}
				selectable={(h) => h.state === 'active' && h.pending > 0}
				toolbar={
					<>
						<Search hint="search.hosts" />
						<GroupFilter />
						<SiteFilter />
						<Filter name="attention" label="attention" options={ATTENTION.map((a) => [a, t(`attention.${a}`)])} />
						<Filter name="state" label="enrolment" options={STATES.map((s) => [s, t(`host.state.${s}`)])} />
					</>
				}
				empty={
					<Empty title={t('empty.hosts')}>
						<p>
							<a class="button primary" href={href(['enrol'])}>
								{t('nav.enrol')}
							</a>
						</p>
					</Empty>
				}
			/>
		</>
	);
}
