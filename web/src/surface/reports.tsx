// レポート: a run as a document for people who decide, or as files for machines. The server makes them.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { dateTime } from '../format';
import { lang, number } from '../i18n';
import { refreshAll, useLive } from '../live';
import { may } from '../session';
import type { List } from '../types';
import { Command, Empty, Failure, Skeleton, Time } from '../ui/bits';
import { ConfirmButton, FormButton, say } from '../ui/dialog';
import { Choice } from '../ui/form';
import { Mark } from '../ui/marks';
import { OWNERS, shown } from './model';
import { useSeeds, type Shown } from './run';
import type { Report } from './types';
import { x, xOr } from './words';

const FORMATS = ['pdf', 'html', 'xlsx', 'risks.csv', 'assets.csv', 'json', 'graphml'] as const;

export function Reports({ shown: at }: { shown: Shown }) {
	const live = useLive<List<Report>>('surface/reports');
	const rows = live.data?.items;
	return (
		<>
			<p class="quiet">{x('reports.note')}</p>
			<p class="toolbar">
				<Order at={at} />
			</p>
			{!rows ? (
				live.error ? (
					<Failure error={live.error} retry={live.reload} />
				) : (
					<Skeleton />
				)
			) : rows.length === 0 ? (
				<Empty title={x('reports.none')}>
					<p>{x('reports.none.advice')}</p>
					<Command text="mamori surface report --to reports/" />
				</Empty>
			) : (
				<ul class="saved surface-reports">
					{rows.map((report) => (
						<One key={report.id} report={report} />
					))}
				</ul>
			)}
		</>
	);
}

function Order({ at }: { at: Shown }) {
	const [format, setFormat] = useState('pdf');
	const [language, setLanguage] = useState<string>(lang());
	const [owner, setOwner] = useState('');
	const [before, setBefore] = useState('');
	const seeds = useSeeds(at);
	const companies = [...new Set((seeds.rows ?? []).flatMap(({ company }) => (company ? [company] : [])))];
	const earlier = at.runs.filter(({ run, ended, began }) => run < at.run.run && (ended ?? began));
	return (
		<FormButton
			label={x('reports.order')}
			primary
			title={x('reports.order.title', { n: at.run.run })}
			confirm={x('reports.order')}
			start={() => setLanguage(lang())}
			save={async () => {
				await call('POST', 'surface/reports', { format, lang: language, run: at.run.run, ...(before ? { before: Number(before) } : {}), ...(owner ? { owner } : {}) });
				say({ text: x('reports.ordered') });
				refreshAll();
			}}
		>
			<Choice label={x('reports.format')} value={format} options={FORMATS.map((one): [string, string] => [one, x(`format.${one}`)])} set={setFormat} />
			<Choice label={x('reports.lang')} value={language} options={[['ja', '日本語'], ['en', 'English']]} set={setLanguage} />
			<Choice label={x('reports.owner')} value={owner} options={[['', x('assets.all')], ...OWNERS.map((one): [string, string] => [one, x(`owner.${one}`)]), ...companies.map((name): [string, string] => [name, shown(name, 60)])]} set={setOwner} />
			{earlier.length > 0 && <Choice label={x('reports.before')} value={before} options={[['', x('reports.before.last')], ...earlier.map(({ run, ended, began }): [string, string] => [String(run), x('run.option', { n: run, at: dateTime(ended ?? began ?? '') })])]} set={setBefore} />}
			<p class="quiet">{x('reports.hint')}</p>
		</FormButton>
	);
}

function One({ report }: { report: Report }) {
	return (
		<li class="panel">
			<div class="saved-head">
				<h2>
					{xOr('format', report.format)} · {x('reports.run', { n: report.run })}
					{report.owner && ` · ${shown(xOr('owner', report.owner), 60)}`}
				</h2>
				{report.state === 'done' ? (
					<a class="button" href={`/api/v1/surface/reports/${encodeURIComponent(report.id)}/file`} download>
						{x('reports.fetch')} ({number(Math.ceil(report.bytes / 1024))} KB)
					</a>
				) : (
					<span role="status">{x(`report.${report.state}`)}</span>
				)}
			</div>
			{report.error && (
				<p class="problem">
					<Mark shape="triangle" tone="red" /> {report.error}
				</p>
			)}
			<p class="saved-foot quiet">
				<span>
					{report.lang === 'ja' ? '日本語' : 'English'} · {shown(report.by, 60)} · <Time at={report.at} />
				</span>
				{report.sha256 && <span title={report.sha256}>SHA-256 {report.sha256.slice(0, 12)}…</span>}
				{may('operator') && report.state !== 'running' && (
					<ConfirmButton label={x('seed.remove')} title={x('reports.remove.title')} body={<p>{x('reports.remove.body')}</p>} confirm={x('seed.remove')} danger act={() => call('DELETE', `surface/reports/${encodeURIComponent(report.id)}`)} />
				)}
			</p>
		</li>
	);
}
