// 設定: language, who is signed in, links for others.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { setLang, t, tOr, useLang } from '../i18n';
import { useLive } from '../live';
import { may, signOut, useSession } from '../session';
import type { Group, List as ListAnswer, Overview, Role, Settings } from '../types';
import { Command, Facts, PageHead, Time } from '../ui/bits';
import { messageOf, Problem, say } from '../ui/dialog';

const ROLES: Role[] = ['viewer', 'auditor', 'operator', 'approver', 'administrator'];

export function SettingsPage() {
	const language = useLang();
	const state = useSession();
	const overview = useLive<Overview>('overview');
	if (state.status !== 'in') return null;
	const { session } = state;
	const leave = () => signOut().catch((cause) => say({ text: messageOf(cause) }));
	return (
		<>
			<PageHead title={t('nav.settings')} />
			<section class="guide">
				<h2>{t('settings.language')}</h2>
				<div class="choices" role="radiogroup" aria-label={t('settings.language')}>
					<label>
						<input type="radio" name="lang" checked={language === 'ja'} onChange={() => void setLang('ja')} /> 日本語
					</label>
					<label>
						<input type="radio" name="lang" checked={language === 'en'} onChange={() => void setLang('en')} /> English
					</label>
				</div>
			</section>
			<section class="guide">
				<h2>{t('settings.you')}</h2>
				<Facts
					rows={[
						['user', session.user],
						['role', tOr('role', session.role)],
						['session-until', <Time at={session.expires} />],
					]}
				/>
				<button type="button" onClick={leave}>
					{t('sign-out')}
				</button>
			</section>
			<Deadlines />
			{may('operator') && <WardPins />}
			{may('administrator') && <Links />}
			<section class="guide">
				<h2>{t('settings.server')}</h2>
				<Facts
					rows={[
						['server', overview.data?.server.name],
						['version', overview.data?.server.version],
						['url', overview.data?.server.url],
						['server-now', <Time at={overview.data?.server.now} />],
						['settings.zone', session.timezone],
					]}
				/>
				<p class="quiet">{t('settings.zone.hint')}</p>
			</section>
		</>
	);
}

/** Which set of deadlines the due dates follow. */
function Deadlines() {
	const live = useLive<Settings>('settings');
	const [error, setError] = useState('');
	const s = live.data;
	if (!s) return null;
	const choose = async (name: string) => {
		setError('');
		try {
			await call('PATCH', 'settings', { deadlines: name });
			live.reload();
		} catch (cause) {
			setError(messageOf(cause));
		}
	};
	return (
		<section class="guide">
			<h2>{t('settings.deadlines')}</h2>
			<p>{t('settings.deadlines.sentence')}</p>
			<div class="choices column" role="radiogroup" aria-label={t('settings.deadlines')}>
				{s.deadline_sets.map((set) => (
					<label key={set.name}>
						<input type="radio" name="deadlines" disabled={!may('administrator')} checked={s.deadlines === set.name} onChange={() => choose(set.name)} /> {set.title}
					</label>
				))}
			</div>
			<Problem text={error} />
		</section>
	);
}

const somePin = () => String(crypto.getRandomValues(new Uint32Array(1))[0]! % 1_000_000).padStart(6, '0');

/** A ward acts on its own page with a PIN instead of an account. */
function WardPins() {
	const groups = useLive<ListAnswer<Group>>('groups?limit=1000');
	const names = [...new Set((groups.data?.items ?? []).flatMap((g) => (g.group && (g.kind ?? 'department') === 'department' ? [g.group] : [])))];
	const [chosen, setChosen] = useState('');
	const group = chosen || names[0] || '';
	const [pin, setPin] = useState(somePin);
	const [done, setDone] = useState<{ group: string; pin: string } | null>(null);
	const [error, setError] = useState('');
	const save = async (event: Event) => {
		event.preventDefault();
		setError('');
		setDone(null);
		try {
			await call('PUT', `wards/${encodeURIComponent(group)}`, { pin });
			setDone({ group, pin });
			setPin(somePin());
		} catch (cause) {
			setError(messageOf(cause));
		}
	};
	const end = async () => {
		setDone(null);
		try {
			await call('DELETE', `wards/${encodeURIComponent(group)}`);
			say({ text: t('settings.wards.ended', { group }) });
		} catch (cause) {
			setError(messageOf(cause));
		}
	};
	return (
		<section class="guide">
			<h2>{t('settings.wards')}</h2>
			<p>{t('settings.wards.sentence')}</p>
			{names.length === 0 && <p class="quiet">{t('settings.wards.none')}</p>}
			{names.length > 0 && (
				<form class="form-row" onSubmit={save}>
					<label class="field">
						{t('group')}
						<select value={group} onChange={(event) => setChosen(event.currentTarget.value)}>
							{names.map((name) => (
								<option key={name} value={name}>
									{name}
								</option>
							))}
						</select>
					</label>
					<label class="field">
						PIN
						<input required minLength={6} maxLength={64} autocomplete="off" value={pin} onInput={(event) => setPin(event.currentTarget.value)} />
					</label>
					<button type="submit">{t('settings.wards.set')}</button>
					<button type="button" class="bare" onClick={end}>
						{t('settings.wards.end')}
					</button>
				</form>
			)}
			<Problem text={error} />
			{done && (
				<>
					<Command text={`${location.origin}/#/ward/${encodeURIComponent(done.group)}`} />
					<p>{t('settings.wards.done', done)}</p>
				</>
			)}
		</section>
	);
}

function Links() {
	const [role, setRole] = useState<Role>('viewer');
	const [name, setName] = useState('');
	const [made, setMade] = useState<{ link: string; expires: string } | null>(null);
	const [error, setError] = useState('');
	const create = async () => {
		setError('');
		try {
			setMade(await call('POST', 'signin-links', { role, ...(name.trim() ? { user: name.trim() } : {}) }));
		} catch (cause) {
			setError(messageOf(cause));
		}
	};
	return (
		<section class="guide">
			<h2>{t('settings.links')}</h2>
			<p>{t('settings.links.sentence')}</p>
			<div class="form-row">
				<label class="field">
					{t('settings.links.user')}
					<input maxLength={32} value={name} onInput={(event) => setName(event.currentTarget.value)} />
				</label>
				<label class="field">
					{t('role')}
					<select value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
						{ROLES.map((name) => (
							<option key={name} value={name}>
								{t(`role.${name}`)}
							</option>
						))}
					</select>
				</label>
				<button type="button" onClick={create}>
					{t('settings.links.create')}
				</button>
			</div>
			<Problem text={error} />
			{made && (
				<>
					<Command text={made.link} />
					<p class="quiet">
						{t('settings.links.once')} {t('enrol.until')} <Time at={made.expires} />
					</p>
				</>
			)}
		</section>
	);
}
