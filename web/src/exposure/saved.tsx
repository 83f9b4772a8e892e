// 保存した検索: how many match now, how that changed since somebody looked, and what is new.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { number } from '../i18n';
import { refreshAll, useLive } from '../live';
import { href } from '../router';
import { may } from '../session';
import type { List } from '../types';
import { Empty, Failure, Skeleton, Time } from '../ui/bits';
import { ConfirmButton, FormButton, messageOf, say } from '../ui/dialog';
import { Mark } from '../ui/marks';
import { endpoint } from './results';
import { term } from './query';
import type { Saved } from './types';
import { x } from './words';

const pathOf = (name: string) => `exposure/saved/${encodeURIComponent(name)}`;

export function SaveButton({ query }: { query: string }) {
	const [name, setName] = useState('');
	const [notice, setNotice] = useState(true);
	if (!may('operator') || query === '') return null;
	return (
		<FormButton
			label={x('save')}
			title={x('save.title')}
			ready={name.trim() !== ''}
			start={() => {
				setName('');
				setNotice(true);
			}}
			save={async () => {
				await call('PUT', pathOf(name.trim()), { query, notice });
				say({ text: x('save.done', { name: name.trim() }) });
			}}
		>
			<label class="field">
				<span>{x('save.name')}</span>
				<input value={name} maxLength={60} placeholder={x('save.name.hint')} onInput={(event) => setName(event.currentTarget.value)} required />
			</label>
			<p>
				<span class="quiet">{x('save.query')}</span>
				<br />
				<code class="wrapped">{query}</code>
			</p>
			<label class="check">
				<input type="checkbox" checked={notice} onChange={(event) => setNotice(event.currentTarget.checked)} /> {x('save.notice')}
			</label>
		</FormButton>
	);
}

export const useSaved = () => useLive<List<Saved>>('exposure/saved');

/** A strip above the results: what nobody has looked at yet. */
export function News() {
	const fresh = (useSaved().data?.items ?? []).filter((s) => s.new > 0);
	if (fresh.length === 0) return null;
	return (
		<ul class="news">
			{fresh.map((s) => (
				<li key={s.name}>
					<Mark shape="diamond" tone="orange" />
					<a href={href(['exposure'], { view: 'saved' })}>{s.name}</a>
					<span>{x('saved.new.n', { n: s.new })}</span>
				</li>
			))}
		</ul>
	);
}

/** The examples as a query of their own. */
function newQuery(s: Saved): string {
	const services = s.examples.map(({ ip, port }) => `(${term('ip', ip)} port:${port})`);
	return `(${s.query}) (${services.join(' OR ')})`;
}

export function SavedQueries() {
	const live = useSaved();
	const rows = live.data?.items;
	if (!rows) return live.error ? <Failure error={live.error} retry={live.reload} /> : <Skeleton />;
	if (rows.length === 0)
		return (
			<Empty title={x('saved.none')}>
				<p>{x('saved.none.advice')}</p>
			</Empty>
		);
	return (
		<ul class="saved">
			{rows.map((s) => (
				<SavedOne key={s.name} s={s} />
			))}
		</ul>
	);
}

function SavedOne({ s }: { s: Saved }) {
	const seen = async () => {
		try {
			await call('POST', `${pathOf(s.name)}/seen`);
			refreshAll();
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
	};
	return (
		<li class="panel">
			<div class="saved-head">
				<h2>
					<a data-row href={href(['exposure'], { q: s.query })}>
						{s.name}
					</a>
				</h2>
				<span class="saved-count">
					<span class="amount">{number(s.banners)}</span> {x('saved.banners')}
					{s.change !== 0 && (
						<span class="quiet" title={x('saved.change')}>
							{' '}
							{s.change > 0 ? '+' : '−'}
							{number(Math.abs(s.change))}
						</span>
					)}
				</span>
			</div>
			<p>
				<code class="wrapped">{s.query}</code>
			</p>
			{s.trouble && (
				<p class="problem">
					<Mark shape="triangle" tone="red" /> {x('saved.trouble', { why: s.trouble })}
				</p>
			)}
			{s.new > 0 && (
				<div class="saved-new">
					<p>
						<Mark shape="diamond" tone="orange" /> <strong>{x('saved.new.n', { n: s.new })}</strong> <Time at={s.new_since} ago />
					</p>
					<p class="quiet">
						{s.examples.map(({ ip, port }) => endpoint(ip, port)).join(x('comma'))}
						{s.new > s.examples.length && `${x('comma')}${x('and-more', { n: s.new - s.examples.length })}`}
					</p>
					<p class="saved-acts">
						<a class="button" href={href(['exposure'], { q: newQuery(s) })}>
							{x('saved.new.show')}
						</a>
						{may('operator') && (
							<button type="button" class="primary" title={x('saved.seen.hint')} onClick={() => void seen()}>
								{x('saved.seen')}
							</button>
						)}
					</p>
				</div>
			)}
			<p class="saved-foot quiet">
				{s.notice && <span>{x('saved.notice')}</span>}
				<span>
					{s.by} · <Time at={s.at} />
				</span>
				{s.seen_by && (
					<span>
						{x('saved.seen')}: {s.seen_by} · <Time at={s.seen_at} />
					</span>
				)}
				{may('operator') && (
					<ConfirmButton
						label={x('saved.remove')}
						title={x('saved.remove.title', { name: s.name })}
						body={<p>{x('saved.remove.body')}</p>}
						confirm={x('saved.remove')}
						danger
						act={() => call('DELETE', pathOf(s.name))}
					/>
				)}
			</p>
		</li>
	);
}
