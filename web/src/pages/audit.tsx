// 監査ログ: who did what. Append-only; each row's hash covers the one before.
import { t } from '../i18n';
import { may } from '../session';
import type { Audit } from '../types';
import { Empty, PageHead, Time } from '../ui/bits';
import { List } from '../ui/list';
import type { Column } from '../ui/table';

const detail = (a: Audit) => (a.detail === null || a.detail === undefined ? '' : typeof a.detail === 'string' ? a.detail : JSON.stringify(a.detail));

const columns: Column<Audit>[] = [
	{ id: 'seq', title: 'audit.seq', num: true, falling: true, cell: (a) => a.seq, text: (a) => String(a.seq), sort: (a) => a.seq },
	{ id: 'at', title: 'at', falling: true, cell: (a) => <Time at={a.at} />, text: (a) => a.at, sort: (a) => a.at },
	{ id: 'who', title: 'audit.who', cell: (a) => a.who, text: (a) => a.who, sort: (a) => a.who },
	{ id: 'what', title: 'audit.what', cell: (a) => <code>{a.what}</code>, text: (a) => a.what, sort: (a) => a.what },
	{ id: 'object', title: 'audit.object', wrap: true, cell: (a) => a.object, text: (a) => a.object, sort: (a) => a.object },
	{ id: 'detail', title: 'audit.detail', wrap: true, cell: detail, text: detail },
	{ id: 'hash', title: 'audit.hash', cell: (a) => <code title={a.hash}>{a.hash.slice(0, 12)}</code>, text: (a) => a.hash },
];

export function AuditPage() {
	return (
		<>
			<PageHead title={t('nav.audit')} sentence={t('audit.sentence')} />
			{may('auditor') ? (
				<List<Audit>
					path="audit"
					name="audit"
					caption={t('nav.audit')}
					columns={columns}
					keyOf={(a) => String(a.seq)}
					filters={[]}
					empty={<Empty title={t('empty.audit')} />}
				/>
			) : (
				<Empty title={t('audit.not-allowed')} />
			)}
		</>
	);
}
