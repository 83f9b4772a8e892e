// 設定: language, who is signed in, links for others.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { setLang, t, tOr, useLang } from '../i18n';
import { useLive } from '../live';
import { may, signOut, useSession } from '../session';
import type { Overview, Role } from '../types';
import { Command, Facts, PageHead, Time } from '../ui/bits';
import { messageOf, say } from '../ui/dialog';

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
						<input type="radio" name="lang" checked={language === 'ja'} onChange={() => setLang('ja')} /> 日本語
					</label>
					<label>
						<input type="radio" name="lang" checked={language === 'en'} onChange={() => setLang('en')} /> English
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
			{may('administrator') && <Links />}
			<section class="guide">
				<h2>{t('settings.server')}</h2>
				<Facts
					rows={[
						['server', overview.data?.server.name],
						['version', overview.data?.server.version],
						['url', overview.data?.server.url],
						['server-now', <Time at={overview.data?.server.now} />],
					]}
				/>
			</section>
		</>
	);
}

function Links() {
	const [role, setRole] = useState<Role>('viewer');
	const [made, setMade] = useState<{ link: string; expires: string } | null>(null);
	const [error, setError] = useState('');
	const create = async () => {
		setError('');
		try {
			setMade(await call('POST', 'signin-links', { role }));
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
			{error && (
				<p class="problem" role="alert">
					{error}
				</p>
			)}
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
