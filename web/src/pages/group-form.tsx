// Making a group or changing it: who would be in it stands beside the fields before anything is kept.
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api';
import { number, t } from '../i18n';
import { refreshAll, useLive } from '../live';
import { go, href } from '../router';
import { may } from '../session';
import type { Group, GroupPreview, GroupRule, List as ListAnswer } from '../types';
import { PageHead } from '../ui/bits';
import { messageOf, Problem, say } from '../ui/dialog';
import { Choice, Section, Words } from '../ui/form';
import { HostPicker, type Chosen } from '../ui/hosts';
import { groupPath, leaveAndDelete, membersPath, putBack, setMembers, type Member } from './group';
import { ruleText, wayOf } from './groups';

const LOOK_MS = 300;
const SHOWN = 60;

/** Without the lists that are empty; null when none is left. */
function cleaned(rule: GroupRule): GroupRule | null {
	const parts = Object.entries(rule).filter(([, words]) => words.length > 0);
	return parts.length > 0 ? Object.fromEntries(parts) : null;
}

export function GroupForm({ group }: { group?: Group }) {
	const members = useLive<ListAnswer<Member>>(group ? membersPath(group) : null);
	const [name, setName] = useState(group?.group ?? '');
	const [byRule, setByRule] = useState(group ? wayOf(group) !== 'hand' : true);
	const [rule, setRule] = useState<GroupRule>(group?.rule ?? {});
	const [picked, setPicked] = useState<Chosen | null>(null);
	const [error, setError] = useState('');
	const [busy, setBusy] = useState(false);
	const before = members.data?.items ?? [];
	const chosen = picked ?? new Map(before.map((host) => [host.id, host]));
	const wanted = byRule ? cleaned(rule) : null;
	const ready = name.trim() !== '' && (byRule ? wanted !== null : group === undefined || members.data !== undefined);
	const back = href(group ? ['groups', group.group ?? ''] : ['groups']);
	const set = (key: keyof GroupRule) => (words: string[]) => setRule({ ...rule, [key]: words });
	const save = async (event: Event) => {
		event.preventDefault();
		const to = name.trim();
		setBusy(true);
		setError('');
		try {
			if (!group) await unused(to);
			await call('PUT', groupPath(to), { rule: wanted });
			if (!byRule) await setMembers(to, [...chosen.keys()]);
			const undo = group ? () => putBack(to, group.rule ?? null, before.map(({ id }) => id)) : () => takeAway(to);
			go(href(['groups', to]));
			say({ text: t('group.saved', { name: to }), action: { label: t('order.take-back'), run: undo } });
			refreshAll();
		} catch (cause) {
			setError(messageOf(cause));
			setBusy(false);
		}
	};
	return (
		<form onSubmit={save}>
			<PageHead kicker={<a href={href(['groups'])}>{t('nav.groups')}</a>} title={group ? t('group.edit.title', { name: group.group ?? '' }) : t('group.new')} sentence={t('group.form.sentence')}>
				<a class="button" href={back}>
					{t('cancel')}
				</a>
				<button type="submit" class="primary" disabled={!ready || busy || !may('operator')}>
					{t('save')}
				</button>
			</PageHead>
			<Problem text={error} />
			<div class="beside">
				<div class="policy-form group-form">
					<Section title={t('group.form.what')}>
						{!group && (
							<label class="field">
								{t('group.form.name')}
								<input autofocus required pattern="[^\/]+" maxLength={32} value={name} onInput={(event) => setName(event.currentTarget.value)} />
							</label>
						)}
						<Choice
							label={t('group.way')}
							value={byRule ? 'rule' : 'hand'}
							options={[
								['rule', t('group.form.by-rule')],
								['hand', t('group.form.by-hand')],
							]}
							set={(way) => setByRule(way === 'rule')}
						/>
					</Section>
					{byRule ? (
						<Section title={t('group.rule')} hint={t('group.form.rule.hint')}>
							<Words label={t('group.form.names')} words={rule.names ?? []} set={set('names')} hint="nurse-*, xray-0*" live />
							<Words label={t('group.form.os')} words={rule.os ?? []} set={set('os')} hint="windows, debian:12" live />
							<Words label={t('form.tags')} words={rule.tags ?? []} set={set('tags')} hint="pilot" live />
							<Words label={t('group.form.networks')} words={rule.networks ?? []} set={set('networks')} hint="10.3.0.0/16" live />
						</Section>
					) : (
						<Section title={t('hosts')}>
							<HostPicker chosen={chosen} set={setPicked} />
						</Section>
					)}
				</div>
				<section class="who" aria-label={t('group.preview')} aria-live="polite">
					{byRule ? <ByRule rule={wanted} group={group} /> : <ByHand chosen={chosen} before={before} />}
				</section>
			</div>
		</form>
	);
}

/** Saving under a name that is there would change that group without showing it. */
async function unused(name: string): Promise<void> {
	const { items } = await call<ListAnswer<Group>>('GET', 'groups?limit=1000');
	if (items.some(({ group }) => group === name)) throw new Taken(name);
}

class Taken extends Error {
	constructor(name: string) {
		super(t('group.form.taken', { name }));
	}
	override toString(): string {
		return this.message;
	}
}

async function takeAway(name: string): Promise<string> {
	await leaveAndDelete(name);
	return t('group.deleted', { name });
}

/** Asked of the server a moment after the last key. */
function usePreview(rule: GroupRule | null, group: Group | undefined): { look: GroupPreview | null; error: string } {
	const [seen, setSeen] = useState<{ look: GroupPreview | null; error: string }>({ look: null, error: '' });
	const asked = JSON.stringify(rule);
	useEffect(() => {
		let gone = false;
		if (!rule) {
			setSeen({ look: null, error: '' });
			return;
		}
		const ask = async () => {
			try {
				const look = await call<GroupPreview>('POST', 'groups/preview', { rule, ...(group ? { group: group.group } : {}) });
				if (!gone) setSeen({ look, error: '' });
			} catch (cause) {
				if (!gone) setSeen({ look: null, error: messageOf(cause) });
			}
		};
		const timer = setTimeout(() => void ask(), LOOK_MS);
		return () => {
			gone = true;
			clearTimeout(timer);
		};
	}, [asked]);
	return seen;
}

function ByRule({ rule, group }: { rule: GroupRule | null; group: Group | undefined }) {
	const { look, error } = usePreview(rule, group);
	if (!rule) return <p class="lead">{t('group.preview.nothing')}</p>;
	if (error) return <Problem text={error} />;
	if (!look) return <p class="lead">{t('loading')}</p>;
	const come = group ? look.items.filter(({ is }) => !is) : [];
	const stay = group ? look.items.filter(({ is }) => is) : look.items;
	return (
		<>
			<h2>{t('group.preview.counts', { n: number(look.total), of: number(look.of) })}</h2>
			<p class="quiet">{ruleText(rule)}</p>
			<Names title={t('group.preview.come', { n: come.length })} hosts={come} sign="+" />
			<Names title={t('group.preview.leave', { n: look.leaves.length })} hosts={look.leaves} sign="−" />
			<Names title={group ? t('group.preview.stay', { n: stay.length }) : ''} hosts={stay} />
			{look.total === 0 && <p class="lead">{t('group.preview.none')}</p>}
		</>
	);
}

function ByHand({ chosen, before }: { chosen: Chosen; before: Member[] }) {
	const was = new Set(before.map(({ id }) => id));
	const hosts = [...chosen.values()];
	return (
		<>
			<h2>{t('group.preview.chosen', { n: chosen.size })}</h2>
			{chosen.size === 0 && <p class="lead">{t('group.preview.choose')}</p>}
			<Names title={t('group.preview.come', { n: hosts.filter(({ id }) => !was.has(id)).length })} hosts={hosts.filter(({ id }) => !was.has(id))} sign="+" />
			<Names title={t('group.preview.leave', { n: before.filter(({ id }) => !chosen.has(id)).length })} hosts={before.filter(({ id }) => !chosen.has(id))} sign="−" />
			<Names title={was.size > 0 ? t('group.preview.stay', { n: hosts.filter(({ id }) => was.has(id)).length }) : ''} hosts={hosts.filter(({ id }) => was.has(id))} />
		</>
	);
}

function Names({ title, hosts, sign }: { title: string; hosts: Member[]; sign?: string }) {
	if (hosts.length === 0) return null;
	const rows = [...hosts].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
	return (
		<div class="names">
			{title && <h3>{title}</h3>}
			<ul>
				{rows.slice(0, SHOWN).map((host) => (
					<li key={host.id}>
						{sign && <b class={sign === '+' ? 'sign-in' : 'sign-out'}>{sign} </b>}
						{host.name} <span class="quiet">{host.group ?? ''}</span>
					</li>
				))}
			</ul>
			{rows.length > SHOWN && <p class="quiet">{t('more', { n: rows.length - SHOWN })}</p>}
		</div>
	);
}
