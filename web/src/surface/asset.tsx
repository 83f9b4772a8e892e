// One asset: why it is ours, step by step with the words of each source; what is known of it; what is to be fixed; what
// stands beside it; and a person's decision, which can be taken back.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { call } from '../api';
import { countryName, day } from '../format';
import { number } from '../i18n';
import { refreshAll } from '../live';
import { href } from '../router';
import { may } from '../session';
import { useLive } from '../live';
import type { List } from '../types';
import { Empty, Failure, PageHead, Skeleton, Time } from '../ui/bits';
import { FormButton, messageOf, say } from '../ui/dialog';
import { keyOf, risksByAsset, risksOf } from './assets';
import { bytesOf } from './decide';
import { KindChip, LevelMark, OwnershipMark, StatusMark } from './marks';
import { assetPath, KINDS, nameOf, percent, riskName, riskPath, shown, sourceName, unitName } from './model';
import { EvidencePath, StepBody } from './path';
import { unitsOf, useAssets, useRisks, useSeeds, type Shown } from './run';
import type { Asset, Ownership, Risk, Service, Verdict, WholeAsset } from './types';
import { x, xOr, type Word } from './words';

const NEAR = 60;
const REASON_BYTES = 480;
const NAME_BYTES = 512; // of a decision's name
const DECISIONS: Ownership[] = ['approved', 'dependency', 'monitor', 'excluded'];
const DAYS = ['created', 'expires', 'from', 'until'];
const FACTS = ['company', 'site', 'registrant', 'registrar', 'created', 'expires', 'addresses', 'alias', 'network', 'as', 'holder', 'lies_in', 'name_servers', 'mail', 'spf', 'dmarc', 'dkim', 'organisation', 'issuer', 'from', 'until', 'names', 'shown_at'];

export function AssetPage({ id, at }: { id: string; at: Shown }) {
	const cut = id.indexOf(':');
	const [kind, name] = [id.slice(0, cut), id.slice(cut + 1)];
	const answer = useLive<WholeAsset>(`surface/assets/${encodeURIComponent(id)}${at.query.run ? `?run=${at.query.run}` : ''}`);
	const asset = answer.data;
	const back = (
		<p class="crumb">
			<a href={href(['surface'], { view: 'assets', run: at.param })}>← {x('tab.assets')}</a>
		</p>
	);
	if (!asset)
		return (
			<>
				{back}
				<PageHead title={<bdi>{shown(name)}</bdi>} kicker={KINDS.some((one) => one === kind) ? <KindChip kind={kind} /> : undefined} />
				{answer.error?.code === 'not-found' ? (
					<Empty title={x('asset.gone')} />
				) : answer.error ? (
					bytesOf(id) > 2000 ? (
						<Empty title={x('asset.too-long')} />
					) : (
						<Failure error={answer.error} retry={answer.reload} />
					)
				) : (
					<Skeleton lines={12} />
				)}
			</>
		);
	return (
		<div class="surface asset">
			{back}
			<PageHead kicker={<KindChip kind={asset.kind} />} title={<bdi>{nameOf(asset)}</bdi>} sentence={<Sentence asset={asset} />}>
				<a class="button" href={href(['surface'], { view: 'graph', at: keyOf(asset), run: at.param })}>
					{x('asset.graph')}
				</a>
				{['address', 'host', 'domain'].includes(asset.kind) && (
					<a class="button" href={href(['exposure'], { q: asset.kind === 'address' ? `ip:${asset.name}` : `hostname:${asset.name}` })}>
						{x('asset.exposure')}
					</a>
				)}
				<DecideOwnership asset={asset} />
			</PageHead>
			<Decided asset={asset} />
			<Body asset={asset} at={at} />
		</div>
	);
}

function Sentence({ asset }: { asset: WholeAsset }) {
	return (
		<span class="asset-sentence">
			<OwnershipMark ownership={asset.ownership} /> {xOr('ownership', `${asset.ownership}.hint`)} · {x('column.confidence')} {percent(asset.confidence)} · {xOr('owner', asset.owner)}
			{asset.unicode && asset.unicode !== asset.name && <code> {shown(asset.name)}</code>}
		</span>
	);
}

function Body({ asset, at }: { asset: WholeAsset; at: Shown }) {
	const risks = useRisks(at);
	const assets = useAssets(at);
	const seeds = useSeeds(at);
	const units = unitsOf(assets.rows, seeds.rows);
	const light = units?.find(asset.kind, asset.name);
	const mine = risksOf(risksByAsset(risks.rows ?? []), asset);
	const parents = new Set(asset.path.map(({ from, from_kind: kind }) => `${kind ?? ''}:${from}`));
	const near = (asset.neighbours ?? []).filter((other) => !parents.has(keyOf(other)));
	return (
		<>
			<div class="asset-columns">
				<section class="panel">
					<h2>{x('asset.path')}</h2>
					<p class="quiet">{x('asset.path.note')}</p>
					<EvidencePath steps={asset.path} kind={asset.kind} name={asset.name} run={at.param} />
				</section>
				<div>
					<section class="panel">
						<h2>
							{x('asset.risks')} {mine.length > 0 && <span class="quiet">{number(mine.length)}</span>}
						</h2>
						{mine.length === 0 && risks.rows && <p class="quiet">{x('asset.risks.none')}</p>}
						<RiskLines risks={mine} run={at.param} />
					</section>
					<section class="panel">
						<h2>{x('asset.facts')}</h2>
						<FactList asset={asset} unit={units && light ? unitName(units.ofAsset(light)) : null} run={at.param} />
					</section>
					{asset.services && asset.services.length > 0 && <Services services={asset.services} />}
				</div>
			</div>
			{asset.evidence && asset.evidence.length > 0 && (
				<section class="panel">
					<h2>{x('asset.evidence')}</h2>
					<p class="quiet">{x('asset.evidence.note')}</p>
					<ol class="evidence-list">
						{asset.evidence.map((step, i) => (
							<li key={i}>
								<StepBody step={step} run={at.param} />
							</li>
						))}
					</ol>
				</section>
			)}
			{near.length > 0 && <Near rows={near} run={at.param} />}
		</>
	);
}

export function RiskLines({ risks, run }: { risks: Risk[]; run: string | null }) {
	return (
		<ul class="risk-lines">
			{risks.map((risk, i) => (
				<li key={i}>
					<LevelMark level={risk.severity} />
					<a data-row href={riskPath(risk, run)}>
						{riskName(risk.risk)}
					</a>
					<span class="quiet">
						<bdi>{shown(risk.detail ?? risk.asset, 80)}</bdi>
					</span>
					<StatusMark risk={risk} />
				</li>
			))}
		</ul>
	);
}

// ---- what is known ----

function valueOf(field: string, value: unknown, run: string | null): ComponentChildren {
	if (Array.isArray(value)) {
		const list = value.map(String);
		const body = list.slice(0, NEAR).map((one, i) => (
			<li key={i}>
				<bdi>{field === 'addresses' ? <a href={assetPath('address', one, run)}>{shown(one)}</a> : shown(one, 300)}</bdi>
			</li>
		));
		return (
			<ul class="values">
				{body}
				{list.length > NEAR && <li class="quiet">{x('and-more', { n: list.length - NEAR })}</li>}
			</ul>
		);
	}
	const text = String(value);
	if (DAYS.includes(field)) return shown(day(text));
	if (field === 'lies_in') return shown(countryName(text));
	if (field === 'network') return <a href={assetPath('network', text, run)}>{shown(text)}</a>;
	if (field === 'as') return <a href={assetPath('as', text, run)}>{shown(text)}</a>;
	return <bdi>{shown(text, 600)}</bdi>;
}

function FactList({ asset, unit, run }: { asset: WholeAsset; unit: string | null; run: string | null }) {
	const fields = FACTS.filter((field) => {
		const value = asset[field];
		return value !== null && value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
	});
	return (
		<dl class="values asset-facts">
			{unit && (
				<div>
					<dt>{x('column.unit')}</dt>
					<dd>{shown(unit)}</dd>
				</div>
			)}
			{fields.map((field) => (
				<div key={field}>
					<dt>{x(`fact.${field}` as Word)}</dt>
					<dd>{valueOf(field, asset[field], run)}</dd>
				</div>
			))}
		</dl>
	);
}

function Services({ services }: { services: Service[] }) {
	return (
		<section class="panel">
			<h2>{x('asset.services')}</h2>
			<ul class="services">
				{services.slice(0, NEAR).map(({ service, product, title, source, seen }, i) => (
					<li key={i}>
						<strong>{shown(service.replace(/^\S+ /, ''), 40)}</strong> <bdi>{shown([product, title].filter(Boolean).join(' · '), 200)}</bdi>
						<span class="quiet">
							{' '}
							{sourceName(source)} <Time at={seen} />
						</span>
					</li>
				))}
				{services.length > NEAR && <li class="quiet">{x('and-more', { n: services.length - NEAR })}</li>}
			</ul>
		</section>
	);
}

function Near({ rows, run }: { rows: Asset[]; run: string | null }) {
	const [all, setAll] = useState(false);
	const some = all ? rows : rows.slice(0, NEAR);
	return (
		<section class="panel">
			<h2>
				{x('asset.below')} <span class="quiet">{number(rows.length)}</span>
			</h2>
			<ul class="near">
				{some.map((other) => (
					<li key={keyOf(other)}>
						<KindChip kind={other.kind} />
						<a data-row href={assetPath(other.kind, other.name, run)}>
							<bdi>{nameOf(other)}</bdi>
						</a>
						<OwnershipMark ownership={other.ownership} />
					</li>
				))}
			</ul>
			{some.length < rows.length && (
				<button type="button" class="bare" onClick={() => setAll(true)}>
					{x('and-more', { n: rows.length - some.length })}
				</button>
			)}
		</section>
	);
}

// ---- a person's word ----

const addressOf = ({ kind, name }: { kind: string; name: string }): string => `surface/verdicts/${encodeURIComponent(`${kind}:${name}`)}`;

const useVerdicts = () => useLive<List<Verdict>>('surface/verdicts?limit=1000');

async function takeBack(about: { kind: string; name: string }): Promise<string> {
	await call('DELETE', addressOf(about));
	return x('verdict.undone');
}

function Decided({ asset }: { asset: WholeAsset }) {
	const verdict = useVerdicts().data?.items.find(({ kind, name }) => kind === asset.kind && name === asset.name);
	if (!verdict) return null;
	const undo = async () => {
		try {
			say({ text: await takeBack(verdict) });
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
		refreshAll();
	};
	const [before, after] = x('verdict.is', { by: shown(verdict.by, 60), ownership: xOr('ownership', verdict.ownership), at: '\u0000' }).split('\u0000');
	return (
		<p class="decided">
			<span>
				{before}
				<Time at={verdict.at} />
				{after}
				{verdict.reason && <>: {shown(verdict.reason, 500)}</>}
			</span>
			{may('approver') && (
				<button type="button" onClick={undo}>
					{x('verdict.undo')}
				</button>
			)}
		</p>
	);
}

function DecideOwnership({ asset }: { asset: WholeAsset }) {
	const [ownership, setOwnership] = useState<Ownership>('approved');
	const [reason, setReason] = useState('');
	if (!may('approver') || bytesOf(asset.name) > NAME_BYTES) return null;
	const save = async () => {
		await call('PUT', addressOf(asset), { ownership, ...(reason.trim() ? { reason: reason.trim() } : {}) });
		say({ text: x('verdict.saved', { name: nameOf(asset), ownership: xOr('ownership', ownership) }), action: { label: x('verdict.undo'), run: () => takeBack(asset) } });
	};
	return (
		<FormButton
			label={x('verdict.button')}
			primary={asset.ownership === 'candidate'}
			title={x('verdict.title', { name: shown(nameOf(asset), 60) })}
			ready={bytesOf(reason) <= REASON_BYTES}
			start={() => {
				setOwnership(asset.ownership === 'candidate' || !DECISIONS.includes(asset.ownership) ? 'approved' : asset.ownership);
				setReason('');
			}}
			save={save}
		>
			<fieldset class="choices column">
				<legend>{x('column.ownership')}</legend>
				{DECISIONS.map((one) => (
					<label key={one}>
						<input type="radio" name="ownership" checked={ownership === one} onChange={() => setOwnership(one)} /> {xOr('ownership', one)} <span class="quiet">{xOr('ownership', `${one}.hint`)}</span>
					</label>
				))}
			</fieldset>
			<p class="quiet">{x('verdict.hint')}</p>
			<label class="field">
				{x('verdict.reason')}
				<input maxLength={160} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
			</label>
		</FormButton>
	);
}
