// What will happen on a machine next and by whose word: the next slot, the line of every policy, and the hold.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { t, tOr } from '../i18n';
import { useLive } from '../live';
import { href } from '../router';
import { may } from '../session';
import type { HostDetail, List as ListAnswer } from '../types';
import type { Hold, HostPolicy } from '../types-plan';
import { Empty, Facts, Failure, Skeleton, Time } from '../ui/bits';
import { FormButton } from '../ui/dialog';
import { Choice, TextField, Words } from '../ui/form';
import { HoldButton, ReleaseButton } from '../ui/hold';
import { Mark, type Shape, type Tone } from '../ui/marks';
import { SlotTime } from '../ui/slot';
import { flow } from '../yaml';

const path = (id: string) => `hosts/${encodeURIComponent(id)}/policy`;

const isOpen = ({ start, end }: { start: string | null; end: string | null }) => start !== null && end !== null && Date.parse(start) <= Date.now() && Date.parse(end) > Date.now();

/** May it start: members of a redundancy group or a limited ring ask first. */
function Lease({ lease }: { lease: HostPolicy['lease'] }) {
	if (!lease?.needed) return <>{t('host.policy.lease.not-needed')}</>;
	if (!lease.until) return <>{t('host.policy.lease.waits')}</>;
	return (
		<>
			{t('host.policy.lease.until')} <Time at={lease.until} />
		</>
	);
}

const useHolds = (h: HostDetail): Hold[] => {
	const live = useLive<ListAnswer<Hold>>('holds?limit=1000');
	return (live.data?.items ?? []).filter((x) => !x.released_at && (x.host ? x.host.id === h.id : x.group === h.group && h.group !== null));
};

/** One line above everything else: when, why, and the button that stops it. */
export function NextSlot({ h }: { h: HostDetail }) {
	const live = useLive<HostPolicy>(h.state === 'active' ? path(h.id) : null);
	const holds = useHolds(h);
	const p = live.data;
	if (!p) return null;
	const mark: [Shape, Tone] = holds.length > 0 ? ['pause', 'orange'] : p.slot ? ['clock', 'blue'] : ['ring', 'grey'];
	return (
		<section class="next-slot">
			<Mark shape={mark[0]} tone={mark[1]} />
			<div>
				{p.slot ? (
					<p>
						{p.slot.start && (
							<>
								<b>
									{t(isOpen(p.slot) ? 'slot.now' : 'slot.next')} <SlotTime slot={p.slot} plain />
								</b>{' '}
								·{' '}
							</>
						)}
						{p.slot.why}
					</p>
				) : (
					<p>
						{t('slot.none')} <a href={href(['policies'])}>{t('nav.policies')}</a>
					</p>
				)}
				{holds.map((hold) => (
					<p key={hold.id}>
						<b>{t('hold.now')}</b> {hold.group && <a href={href(['decisions'])}>{hold.group}</a>} {hold.why} <span class="quiet">{hold.by}</span> · {hold.until ? <Time at={hold.until} ago /> : t('hold.open')}
					</p>
				))}
			</div>
			{may('operator') && (
				<span class="row-actions">
					{holds.filter(({ host }) => host).map((hold) => (
						<ReleaseButton key={hold.id} hold={hold} />
					))}
					{holds.length === 0 && <HoldButton who={h.name} what={{ host: h.id }} hosts={1} />}
				</span>
			)}
		</section>
	);
}

/** The value behind a line's key: "install.windows" of the effective policy. */
function valueOf(p: HostPolicy, key: string): unknown {
	let at: unknown = p.policy;
	for (const part of key.split('.')) at = at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[part] : undefined;
	return at;
}

const shown = (value: unknown) => (value === undefined ? '' : Array.isArray(value) && value.some((v) => typeof v === 'object') ? value.map((v) => flow(v)).join('\n') : flow(value as never));

export function HostPolicyTab({ h }: { h: HostDetail }) {
	const live = useLive<HostPolicy>(path(h.id));
	const p = live.data;
	if (!p) return live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton />;
	if (p.applied.length === 0)
		return (
			<>
				{may('operator') && (
					<div class="host-actions">
						<ChangeTraits h={h} p={p} />
					</div>
				)}
				<Empty title={t('host.policy.none')}>
					<a href={href(['policies'])}>{t('nav.policies')}</a>
				</Empty>
			</>
		);
	return (
		<div class="host-policy">
			{may('operator') && (
				<div class="host-actions">
					<ChangeTraits h={h} p={p} />
				</div>
			)}
			<Facts
				rows={[
					['host.policy.applied', <Names names={p.applied} />],
					['form.groups', p.groups.join(t('list.comma'))],
					['form.tags', p.tags.join(t('list.comma'))],
					['form.roles', p.role && tOr('assistant.for', p.role)],
					['site', p.site],
					['redundancy', p.redundancy],
					['host.policy.ring', p.ring],
					['host.policy.lease', <Lease lease={p.lease} />],
					['host.policy.directive', t(p.directive.obeyed >= p.directive.serial ? 'host.policy.obeyed' : 'host.policy.not-obeyed', { n: p.directive.serial })],
				]}
			/>
			<p>
				<a href={href(['calendar'], { group: h.group, view: 'month' })}>{t('host.policy.calendar')}</a>
			</p>
			<table class="plain lines">
				<thead>
					<tr>
						<th scope="col">{t('host.policy.line')}</th>
						<th scope="col">{t('host.policy.value')}</th>
						<th scope="col">{t('host.policy.from')}</th>
					</tr>
				</thead>
				<tbody>
					{p.lines.filter(({ key, from }) => from || valueOf(p, key) !== undefined).map(({ key, from }) => (
						<tr key={key} class={from ? '' : 'quiet'}>
							<th scope="row">{tOr('line', key)}</th>
							<td>
								<code>{shown(valueOf(p, key))}</code>
							</td>
							<td>{from ? <a href={href(['policies', from])}>{from}</a> : t('host.policy.default')}</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** What policies ask of a machine: its role, its tags, where it stands, and whom it stands in for. */
function ChangeTraits({ h, p }: { h: HostDetail; p: HostPolicy }) {
	const [role, setRole] = useState('');
	const [site, setSite] = useState('');
	const [tags, setTags] = useState<string[]>([]);
	const [redundancy, setRedundancy] = useState('');
	const start = () => {
		setRole(p.role ?? '');
		setSite(p.site ?? '');
		setTags(p.tags);
		setRedundancy(p.redundancy ?? '');
	};
	const save = () => call('PATCH', `hosts/${encodeURIComponent(h.id)}`, { role: role.trim() || null, site: site.trim() || null, tags, redundancy: redundancy.trim() || null });
	const roles = [...new Set(['', 'ward', 'outpatient', 'server', ...(role ? [role] : [])])];
	return (
		<FormButton label={t('host.traits')} title={t('host.traits.title', { host: h.name })} start={start} save={save}>
			<Choice label={t('form.roles')} value={role} options={roles.map((name) => [name, name === '' ? t('host.traits.no-role') : tOr('assistant.for', name)])} set={setRole} />
			<TextField label={t('site')} value={site} set={setSite} />
			<Words label={t('form.tags')} words={tags} set={setTags} hint="pilot, pc" />
			<TextField label={t('redundancy')} value={redundancy} set={setRedundancy} />
			<p class="quiet">{t('host.traits.hint')}</p>
		</FormButton>
	);
}

function Names({ names }: { names: string[] }) {
	return (
		<>
			{names.map((name, i) => (
				<span key={name}>
					{i > 0 && t('list.comma')}
					<a href={href(['policies', name])}>{name}</a>
				</span>
			))}
		</>
	);
}
