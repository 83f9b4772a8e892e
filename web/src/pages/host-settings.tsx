// Settings that a policy manages, as they are on one machine: what holds, what does not, and why.
import { t, tOr } from '../i18n';
import type { HostDetail, HostSetting } from '../types';
import { Tag } from '../ui/bits';
import type { Shape, Tone } from '../ui/marks';

const STATES: Record<HostSetting['state'], [Shape, Tone]> = {
	'in-force': ['check', 'green'],
	conflict: ['diamond', 'orange'],
	'not-applicable': ['dash', 'grey'],
	failed: ['triangle', 'red'],
};

export const settingName = ({ setting }: HostSetting): string => tOr('setting', setting);

/** Those that somebody should look at. */
export const settingTroubles = (h: HostDetail): HostSetting[] => (h.settings ?? []).filter(({ state }) => state === 'conflict' || state === 'failed');

export function SettingsTable({ h }: { h: HostDetail }) {
	const rows = h.settings ?? [];
	return (
		<section class="host-settings">
			<h2>{t('host.settings')}</h2>
			{rows.length === 0 && <p class="quiet">{t('host.settings.none')}</p>}
			{rows.length > 0 && (
				<table class="plain lines">
					<thead>
						<tr>
							<th scope="col">{t('setting')}</th>
							<th scope="col">{t('state')}</th>
							<th scope="col">{t('reason')}</th>
						</tr>
					</thead>
					<tbody>
						{rows.map((s) => (
							<tr key={s.setting}>
								<th scope="row">{settingName(s)}</th>
								<td>
									<Tag shape={STATES[s.state]?.[0] ?? 'dash'} tone={STATES[s.state]?.[1] ?? 'grey'}>
										{tOr('setting-state', s.state)}
									</Tag>
								</td>
								<td>{s.why}</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</section>
	);
}
