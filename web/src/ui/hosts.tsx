// Choosing machines and departments.
import { useState } from 'preact/hooks';
import { withQuery } from '../api';
import { t } from '../i18n';
import { useLive } from '../live';
import type { Group, Host, List } from '../types';
import { Failure, Skeleton } from './bits';

const SHOWN = 200;

/** A department: one that is there, or a new one. */
export function DepartmentField({ name, set }: { name: string; set: (name: string) => void }) {
	const groups = useLive<List<Group>>('groups?limit=1000');
	return (
		<label class="field">
			{t('group')}
			<input autofocus list="departments" value={name} maxLength={100} onInput={(event) => set(event.currentTarget.value)} />
			<datalist id="departments">
				{groups.data?.items.map(({ group, kind }) => group && (kind ?? 'department') === 'department' && <option key={group} value={group} />)}
			</datalist>
		</label>
	);
}

/** Machines by their ids. */
export type Chosen = ReadonlyMap<string, { id: string; name: string; group: string | null }>;

/** A searched list of machines to be ticked. What is chosen stays chosen while the search changes. */
export function HostPicker({ chosen, set, without }: { chosen: Chosen; set: (chosen: Chosen) => void; without?: ReadonlySet<string> }) {
	const [q, setQ] = useState('');
	const live = useLive<List<Host>>(withQuery('hosts', { q: q.trim(), state: 'active', sort: 'name', limit: SHOWN }));
	const rows = (live.data?.items ?? []).filter(({ id }) => !without?.has(id));
	const rest = (live.data?.total ?? 0) - (live.data?.items.length ?? 0);
	const toggle = ({ id, name, group }: Host) => {
		const next = new Map(chosen);
		if (!next.delete(id)) next.set(id, { id, name, group });
		set(next);
	};
	return (
		<div class="picker">
			<input type="search" class="search" value={q} placeholder={t('search.hosts')} aria-label={t('search.hosts')} spellcheck={false} autocomplete="off" onInput={(event) => setQ(event.currentTarget.value)} onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()} />
			{live.error && !live.data && <Failure error={live.error} retry={live.reload} />}
			{!live.data && !live.error && <Skeleton lines={5} />}
			{live.data && (
				<ul>
					{rows.map((host) => (
						<li key={host.id}>
							<label>
								<input type="checkbox" checked={chosen.has(host.id)} onChange={() => toggle(host)} />
								<span>{host.name}</span>
								<span class="quiet">{host.group ?? ''}</span>
							</label>
						</li>
					))}
					{rows.length === 0 && <li class="quiet">{t('picker.none')}</li>}
				</ul>
			)}
			<p class="quiet" role="status">
				{t('picker.chosen', { n: chosen.size })}
				{rest > 0 && ` ${t('picker.more', { n: rest })}`}
			</p>
		</div>
	);
}
