// 端末を追加: a token, three commands, and the machine appears. The token travels in a file, never as an argument.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { number, t } from '../i18n';
import { refreshAll, useLive } from '../live';
import { href } from '../router';
import { may } from '../session';
import type { Group, Host, List as ListAnswer, Token } from '../types';
import { Command, Count, Empty, Failure, PageHead, Skeleton, Tag, Time } from '../ui/bits';
import { ConfirmButton, messageOf, Problem } from '../ui/dialog';
import { Rows } from '../ui/list';
import type { Column } from '../ui/table';

interface NewToken {
	id: string;
	token: string;
	expires: string;
}

const LIFETIMES: [number, string][] = [
	[3600, 'enrol.ttl.hour'],
	[86_400, 'enrol.ttl.day'],
	[604_800, 'enrol.ttl.week'],
];

export function EnrolPage() {
	const [made, setMade] = useState<NewToken | null>(null);
	return (
		<>
			<PageHead title={t('nav.enrol')} sentence={t('enrol.sentence')} />
			{may('administrator') ? <TokenForm onMade={setMade} /> : <Empty title={t('enrol.not-allowed')} />}
			{made && <Steps made={made} />}
			<Pending />
			{may('administrator') && <Tokens />}
		</>
	);
}

function TokenForm({ onMade }: { onMade: (token: NewToken) => void }) {
	const groups = useLive<ListAnswer<Group>>('groups?limit=1000');
	const [group, setGroup] = useState('');
	const [uses, setUses] = useState(1);
	const [ttl, setTtl] = useState(86_400);
	const [error, setError] = useState('');
	const create = async (event: Event) => {
		event.preventDefault();
		setError('');
		try {
			onMade(await call<NewToken>('POST', 'tokens', { role: 'host', group: group.trim() || null, uses, ttl_s: ttl }));
			refreshAll();
		} catch (cause) {
			setError(messageOf(cause));
		}
	};
	return (
		<form class="form-row" onSubmit={create}>
			<label class="field">
				{t('group')}
				<input list="groups" value={group} maxLength={100} placeholder={t('enrol.group.hint')} onInput={(event) => setGroup(event.currentTarget.value)} />
			</label>
			<datalist id="groups">
				{groups.data?.items.map((item) => item.group && <option key={item.group} value={item.group} />)}
			</datalist>
			<label class="field">
				{t('enrol.uses')}
				<input type="number" min={1} max={10_000} required value={uses} onInput={(event) => setUses(event.currentTarget.valueAsNumber || 1)} />
			</label>
			<label class="field">
				{t('enrol.ttl')}
				<select value={ttl} onChange={(event) => setTtl(Number(event.currentTarget.value))}>
					{LIFETIMES.map(([seconds, key]) => (
						<option key={seconds} value={seconds}>
							{t(key as 'enrol.ttl.hour')}
						</option>
					))}
				</select>
			</label>
			<button type="submit" class="primary">
				{t('enrol.create')}
			</button>
			<Problem text={error} />
		</form>
	);
}

function Steps({ made }: { made: NewToken }) {
	return (
		<section class="guide">
			<h2>{t('enrol.steps')}</h2>
			<ol class="steps">
				<li>
					<p>{t('enrol.step.token')}</p>
					<Command text={`(umask 077 && cat > mamori.token) <<'END'\n${made.token}\nEND`} />
				</li>
				<li>
					<p>{t('enrol.step.enrol')}</p>
					<Command text="sudo mamori-agent enrol --token-file mamori.token && rm mamori.token" />
				</li>
				<li>
					<p>{t('enrol.step.run')}</p>
					<Command text="sudo mamori-agent run" />
				</li>
			</ol>
			<p class="quiet">
				{t('enrol.once')} {t('enrol.until')} <Time at={made.expires} />
			</p>
			<Progress id={made.id} />
		</section>
	);
}

/** Says when the machine has come, without a reload. */
function Progress({ id }: { id: string }) {
	const tokens = useLive<ListAnswer<Token>>('tokens?limit=1000');
	const token = tokens.data?.items.find((item) => item.id === id);
	if (!token) return null;
	return (
		<p role="status">
			{token.used > 0 ? (
				<Tag shape="check" tone="green">
					{t('enrol.arrived', { n: token.used, of: token.uses })} <a href={href(['hosts'], { sort: '-last_seen' })}>{t('nav.hosts')}</a>
				</Tag>
			) : (
				<Tag shape="clock" tone="blue">{t('enrol.waiting')}</Tag>
			)}
		</p>
	);
}

function Pending() {
	const pending = useLive<ListAnswer<Host>>('hosts?state=pending&limit=100');
	const items = pending.data?.items ?? [];
	if (items.length === 0) return null;
	return (
		<section class="guide">
			<h2>{t('enrol.pending', { n: pending.data?.total ?? 0 })}</h2>
			<ul class="notices">
				{items.map((host) => (
					<li key={host.id}>
						<Tag shape="clock" tone="blue">{t('host.state.pending')}</Tag>
						<a href={href(['hosts', host.id])}>{host.name}</a>
						{may('approver') && (
							<ConfirmButton
								label={t('host.approve')}
								title={t('host.approve.title', { host: host.name })}
								body={<p>{t('host.approve.body')}</p>}
								confirm={t('host.approve')}
								act={() => call('POST', `hosts/${encodeURIComponent(host.id)}/approve`)}
							/>
						)}
					</li>
				))}
			</ul>
		</section>
	);
}

const over = (token: Token) => token.revoked || token.used >= token.uses || Date.parse(token.expires) <= Date.now();

function tokenState(token: Token): string {
	if (token.revoked) return t('token.revoked');
	if (token.used >= token.uses) return t('token.used-up');
	return t(Date.parse(token.expires) <= Date.now() ? 'token.expired' : 'token.open');
}

const columns: Column<Token>[] = [
	{ id: 'id', title: 'token', cell: (x) => <code>{x.id}</code>, text: (x) => x.id },
	{
		id: 'state',
		title: 'state',
		cell: (x) => <Tag shape={over(x) ? 'dash' : 'check'} tone={over(x) ? 'grey' : 'green'}>{tokenState(x)}</Tag>,
		text: tokenState,
		sort: tokenState,
	},
	{ id: 'group', title: 'group', cell: (x) => x.group ?? <span class="quiet">–</span>, text: (x) => x.group ?? '', sort: (x) => x.group },
	{
		id: 'used',
		title: 'token.used',
		num: true,
		cell: (x) => (
			<>
				<Count n={x.used} to={href(['hosts'], { group: x.group ?? '' })} /> / {number(x.uses)}
			</>
		),
		text: (x) => `${x.used} / ${x.uses}`,
		sort: (x) => x.used,
	},
	{ id: 'expires', title: 'token.expires', cell: (x) => <Time at={x.expires} />, text: (x) => x.expires, sort: (x) => x.expires },
	{
		id: 'revoke',
		title: 'token.action',
		cell: (x) =>
			over(x) ? null : (
				<ConfirmButton
					danger
					label={t('token.revoke')}
					title={t('token.revoke.title')}
					body={<p>{t('token.revoke.body')}</p>}
					confirm={t('token.revoke')}
					act={() => call('DELETE', `tokens/${encodeURIComponent(x.id)}`)}
				/>
			),
		text: () => '',
	},
];

function Tokens() {
	const live = useLive<ListAnswer<Token>>('tokens?limit=1000');
	if (!live.data) return live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton lines={3} />;
	return (
		<section class="guide wide">
			<h2>{t('enrol.tokens')}</h2>
			<Rows<Token>
				name="tokens"
				caption={t('enrol.tokens')}
				columns={columns}
				rows={live.data.items}
				keyOf={(x) => x.id}
				filters={[]}
				order="-expires"
				empty={<Empty title={t('enrol.tokens.none')} />}
			/>
		</section>
	);
}
