// 脆弱性: are we affected by CVE-X? The search box comes first.
import { day, probability } from '../format';
import { t, tOr } from '../i18n';
import { href } from '../router';
import type { Vulnerability } from '../types';
import { Count, Empty, PageHead } from '../ui/bits';
import { ACTIONS, ActionMark, actionRank, Due, DUES } from '../ui/due';
import { Filter, GroupFilter, List, Search } from '../ui/list';
import { SeverityMark, severityRank } from '../ui/marks';
import type { Column } from '../ui/table';
import { SEVERITIES } from './host-tabs';
import { Kev } from './patch';

const page = (v: Vulnerability, more: Record<string, string> = {}) => href(['vulnerabilities', v.id], more);

const columns: Column<Vulnerability>[] = [
	{ id: 'id', title: 'vulnerability', cell: (v) => v.id, text: (v) => v.id, sort: (v) => v.id },
	{ id: 'severity', title: 'severity', cell: (v) => <SeverityMark severity={v.severity} />, text: (v) => t(`severity.${v.severity}`), sort: (v) => severityRank(v.severity) },
	{ id: 'action', title: 'action', cell: (v) => <ActionMark action={v.action} />, text: (v) => tOr('action', v.action ?? ''), sort: (v) => actionRank(v.action) },
	{ id: 'due', title: 'due', cell: (v) => <Due due={v.due} overdue={v.overdue} />, text: (v) => v.due?.slice(0, 10) ?? '', sort: (v) => v.due },
	{ id: 'kev', title: 'kev', cell: (v) => <Kev on={v.kev} />, text: (v) => t(v.kev ? 'yes' : 'no'), sort: (v) => (v.kev ? 0 : 1) },
	{ id: 'epss', title: 'epss', num: true, falling: true, extra: true, cell: (v) => (v.epss === null ? '–' : probability(v.epss)), text: (v) => String(v.epss ?? ''), sort: (v) => v.epss },
	{ id: 'cvss', title: 'cvss', num: true, falling: true, extra: true, cell: (v) => v.cvss?.toFixed(1) ?? '–', text: (v) => String(v.cvss ?? ''), sort: (v) => v.cvss },
	{ id: 'hosts', title: 'hosts', num: true, falling: true, cell: (v) => <Count n={v.hosts} to={page(v)} />, text: (v) => String(v.hosts), sort: (v) => v.hosts },
	{ id: 'fixable', title: 'fixable', num: true, falling: true, extra: true, cell: (v) => <Count n={v.fixable} to={page(v, { fixable: 'true' })} />, text: (v) => String(v.fixable), sort: (v) => v.fixable },
	{ id: 'packages', title: 'package', wrap: true, cell: (v) => v.packages.join(' '), text: (v) => v.packages.join(' '), sort: (v) => v.packages[0] ?? null },
	{ id: 'title', title: 'title', wrap: true, sparse: true, cell: (v) => v.title ?? '', text: (v) => v.title ?? '', sort: (v) => v.title },
	{ id: 'kev_due', title: 'kev-due', extra: true, cell: (v) => (v.kev_due ? day(v.kev_due) : '–'), text: (v) => v.kev_due ?? '', sort: (v) => v.kev_due },
	{ id: 'advisories', title: 'advisories', extra: true, wrap: true, cell: (v) => v.advisories.join(' '), text: (v) => v.advisories.join(' ') },
];

/** What to do, and by when: on every list of findings. */
export function ActionFilters() {
	return (
		<>
			<Filter name="action" label="action" options={ACTIONS.map((a) => [a, t(`action.${a}`)])} />
			<Filter name="due" label="due" options={DUES.map((d) => [d, t(`due.${d}`)])} />
		</>
	);
}

export function VulnerabilitiesPage() {
	return (
		<>
			<PageHead title={t('nav.vulnerabilities')} />
			<List<Vulnerability>
				path="vulnerabilities"
				name="vulnerabilities"
				caption={t('nav.vulnerabilities')}
				columns={columns}
				keyOf={(v) => v.id}
				link={(v) => page(v)}
				filters={['q', 'action', 'due', 'severity', 'kev', 'group', 'host']}
				toolbar={
					<>
						<Search hint="search.vulnerabilities" wide />
						<ActionFilters />
						<Filter name="severity" label="severity" options={SEVERITIES.map((s) => [s, t(`severity.${s}`)])} />
						<Filter name="kev" label="kev" options={[['true', t('kev.only')]]} />
						<GroupFilter />
					</>
				}
				empty={
					<Empty title={t('empty.vulnerabilities')}>
						<p>
							<a href={href(['feeds'])}>{t('empty.vulnerabilities.advice')}</a>
						</p>
					</Empty>
				}
			/>
		</>
	);
}
