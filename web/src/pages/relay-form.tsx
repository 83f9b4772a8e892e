// 中継サーバーを追加: a token and three commands, and the relay appears here.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { t } from '../i18n';
import { refreshAll, useLive } from '../live';
import { href } from '../router';
import { may } from '../session';
import { RELAY_DATA, shellWord } from '../shell';
import type { List as ListAnswer, Token } from '../types';
import type { Relay, Site } from '../types-relay';
import { Command, Empty, PageHead, Tag, Time } from '../ui/bits';
import { messageOf, Problem } from '../ui/dialog';

interface Made {
	id: string;
	token: string;
	expires: string;
	/** Relays that were there before. */
	before: ReadonlySet<string>;
}

const LIFE_S = 86_400;
const PORT = 8480;
const ORIGIN = /^https?:\/\/[^\s'"<>\\,]+$/;

const lines = (text: string) => text.split(/[\s,、]+/).filter(Boolean);

export function RelayForm({ sites, relays }: { sites: Site[]; relays: Relay[] }) {
	const [site, setSite] = useState('');
	const [address, setAddress] = useState('');
	const [origins, setOrigins] = useState('');
	const [made, setMade] = useState<Made | null>(null);
	const [error, setError] = useState('');
	const wrong = lines(origins).find((origin) => !ORIGIN.test(origin));
	const create = async (event: Event) => {
		event.preventDefault();
		setError('');
		try {
			const token = await call<Omit<Made, 'before'>>('POST', 'tokens', { role: 'relay', group: site.trim() || null, uses: 1, ttl_s: LIFE_S });
			setMade({ ...token, before: new Set(relays.map(({ id }) => id)) });
			refreshAll();
		} catch (cause) {
			setError(messageOf(cause));
		}
	};
	return (
		<>
			<PageHead kicker={<a href={href(['relays'])}>{t('nav.relays')}</a>} title={t('relay.add')} sentence={t('relay.add.sentence')} />
			{!may('administrator') && <Empty title={t('relay.ask-administrator')} />}
			{may('administrator') && (
				<form class="relay-form" onSubmit={create}>
					<label class="field">
						{t('relay.form.site')}
						<input list="sites" value={site} maxLength={100} disabled={made !== null} placeholder={t('relay.form.site.hint')} onInput={(event) => setSite(event.currentTarget.value)} />
						<small>{t('relay.form.site.help')}</small>
					</label>
					<datalist id="sites">{sites.map((s) => s.site !== null && <option key={s.site} value={s.site} />)}</datalist>
					<label class="field">
						{t('relay.form.address')}
						<input value={address} maxLength={200} spellcheck={false} placeholder="10.1.0.5" onInput={(event) => setAddress(event.currentTarget.value)} />
						<small>{t('relay.form.address.help')}</small>
					</label>
					<label class="field">
						{t('relay.form.origins')}
						<textarea rows={3} value={origins} spellcheck={false} placeholder={t('relay.form.origins.hint')} onInput={(event) => setOrigins(event.currentTarget.value)} />
						<small>{t('relay.form.origins.help')}</small>
					</label>
					<Problem text={wrong ? t('relay.form.origins.wrong', { word: wrong }) : ''} />
					{!made && (
						<button type="submit" class="primary" disabled={wrong !== undefined}>
							{t('enrol.create')}
						</button>
					)}
					<Problem text={error} />
				</form>
			)}
			{made && <Steps made={made} address={address.trim()} origins={lines(origins).filter((origin) => ORIGIN.test(origin))} relays={relays} />}
		</>
	);
}

function Steps({ made, address, origins, relays }: { made: Made; address: string; origins: string[]; relays: Relay[] }) {
	const host = address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
	// An address to listen at comes into the certificate by itself; only a name must be said.
	const name = /[a-z]/i.test(address) && !address.includes(':') ? ` --name ${shellWord(address)}` : '';
	const allow = origins.map((origin) => ` \\\n  --allow ${shellWord(origin)}`).join('');
	return (
		<section class="guide">
			<h2>{t('relay.steps')}</h2>
			<ol class="steps">
				<li>
					<p>{t('enrol.step.token')}</p>
					<Command text={`(umask 077 && cat > relay.token) <<'END'\n${made.token}\nEND`} />
				</li>
				<li>
					<p>{t('relay.step.enrol')}</p>
					<Command text={`sudo mamori relay enrol --data ${RELAY_DATA} --token-file relay.token${name} && rm relay.token`} />
				</li>
				<li>
					<p>{t('relay.step.run')}</p>
					<Command text={`sudo mamori relay run --data ${RELAY_DATA} --listen ${shellWord(`${host || '0.0.0.0'}:${PORT}`)}${allow}`} />
				</li>
			</ol>
			<p class="quiet">
				{t('enrol.once')} {t('enrol.until')} <Time at={made.expires} />
			</p>
			<Progress made={made} relays={relays} />
			<h2>{t('relay.hosts.how')}</h2>
			<p>{t('relay.hosts.how.text')}</p>
			<Command text={`sudo mamori-agent enrol --token-file mamori.token --relay https://${host || 'RELAY'}:${PORT}`} />
		</section>
	);
}

/** Says when the relay has come, without a reload. */
function Progress({ made, relays }: { made: Made; relays: Relay[] }) {
	const tokens = useLive<ListAnswer<Token>>('tokens?limit=1000');
	const come = relays.find(({ id }) => !made.before.has(id));
	const used = (tokens.data?.items.find(({ id }) => id === made.id)?.used ?? 0) > 0;
	return (
		<p role="status">
			{come && used ? (
				<Tag shape="check" tone="green">
					{t(come.last_seen ? 'relay.come.runs' : 'relay.come')} <a href={href(['relays', come.id])}>{come.name}</a>
				</Tag>
			) : (
				<Tag shape="clock" tone="blue">{t('relay.waiting')}</Tag>
			)}
		</p>
	);
}
