// レポート: what the query finds, as a document for people who decide, or as letters to organisations. The server makes them.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { number } from '../i18n';
import { refreshAll, useLive } from '../live';
import { may } from '../session';
import type { List } from '../types';
import { Empty, Failure, Skeleton, Time } from '../ui/bits';
import { ConfirmButton, FormButton, say } from '../ui/dialog';
import { Mark } from '../ui/marks';
import type { Report } from './types';
import { x, type Word } from './words';

const KINDS: [string, Word][] = [
	['healthcare pdf', 'report.healthcare.pdf'],
	['healthcare html', 'report.healthcare.html'],
	['healthcare xlsx', 'report.healthcare.xlsx'],
	['notify zip', 'report.notify.zip'],
];

const wordOf = (report: Report): string => x(KINDS.find(([kind]) => kind === `${report.kind} ${report.format}`)?.[1] ?? 'report.healthcare.pdf');

export function Reports({ query }: { query: string }) {
	const live = useLive<List<Report>>('exposure/reports');
	const rows = live.data?.items;
	return (
		<>
			{may('operator') && <Order query={query} />}
			{!rows ? (
				live.error ? (
					<Failure error={live.error} retry={live.reload} />
				) : (
					<Skeleton />
				)
			) : rows.length === 0 ? (
				<Empty title={x('report.none')}>
					<p>{x('report.none.advice')}</p>
				</Empty>
			) : (
				<ul class="saved">
					{rows.map((report) => (
						<One key={report.id} report={report} />
					))}
				</ul>
			)}
		</>
	);
}

function Order({ query }: { query: string }) {
	const [kind, setKind] = useState('healthcare pdf');
	const [country, setCountry] = useState('');
	const [from, setFrom] = useState('');
	return (
		<p class="toolbar-end">
			<FormButton
				label={x('report.order')}
				title={x('report.order.title')}
				confirm={x('report.order')}
				save={async () => {
					const [what, format] = kind.split(' ');
					await call('POST', 'exposure/reports', { kind: what, format, query, country: country.trim().toUpperCase(), from: from.trim() });
					say({ text: x('report.ordered') });
					refreshAll();
				}}
			>
				<label class="field">
					<span>{x('report.kind')}</span>
					<select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
						{KINDS.map(([value, label]) => (
							<option key={value} value={value}>
								{x(label)}
							</option>
						))}
					</select>
				</label>
				<label class="field">
					<span>{x('report.country')}</span>
					<input value={country} maxLength={2} placeholder="JP" onInput={(event) => setCountry(event.currentTarget.value)} />
				</label>
				{kind.startsWith('notify') && (
					<label class="field">
						<span>{x('report.from')}</span>
						<input value={from} maxLength={200} onInput={(event) => setFrom(event.currentTarget.value)} />
					</label>
				)}
				<p>
					<span class="quiet">{x('save.query')}</span>
					<br />
					<code class="wrapped">{query || x('report.everything')}</code>
				</p>
			</FormButton>
		</p>
	);
}

function One({ report }: { report: Report }) {
	return (
		<li class="panel">
			<div class="saved-head">
				<h2>
					{wordOf(report)}
					{report.country && ` · ${report.country}`}
				</h2>
				{report.state === 'done' ? (
					<a class="button" href={`/api/v1/exposure/reports/${report.id}/file`} download>
						{x('report.fetch')} ({number(Math.ceil(report.bytes / 1024))} KB)
					</a>
				) : (
					<span role="status">{x(`report.${report.state}`)}</span>
				)}
			</div>
			<p>
				<code class="wrapped">{report.query || x('report.everything')}</code>
			</p>
			{report.error && (
				<p class="problem">
					<Mark shape="triangle" tone="red" /> {report.error}
				</p>
			)}
			<p class="saved-foot quiet">
				<span>
					{report.by} · <Time at={report.at} />
				</span>
				{report.sha256 && <span title={report.sha256}>SHA-256 {report.sha256.slice(0, 12)}…</span>}
				{may('operator') && report.state !== 'running' && (
					<ConfirmButton
						label={x('saved.remove')}
						title={x('report.remove.title')}
						body={<p>{x('report.remove.body')}</p>}
						confirm={x('saved.remove')}
						danger
						act={() => call('DELETE', `exposure/reports/${report.id}`)}
					/>
				)}
			</p>
		</li>
	);
}
