// What may be changed about one machine: its department, its enrolment.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { t } from '../i18n';
import { refreshAll } from '../live';
import { go, href } from '../router';
import { may } from '../session';
import type { HostDetail, Importance } from '../types';
import { ConfirmButton, FormButton, messageOf, say } from '../ui/dialog';
import { Check, Choice } from '../ui/form';
import { DepartmentField } from '../ui/hosts';

const pathOf = (h: HostDetail) => `hosts/${encodeURIComponent(h.id)}`;

export function HostActions({ h }: { h: HostDetail }) {
	const path = pathOf(h);
	const refresh = async () => {
		try {
			await call('POST', `${path}/refresh`);
			say({ text: t('host.refresh.done') });
			refreshAll();
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
	};
	const forget = async () => {
		await call('DELETE', path);
		go(href(['hosts']));
	};
	return (
		<div class="host-actions">
			{h.state === 'pending' && may('approver') && (
				<ConfirmButton
					label={t('host.approve')}
					title={t('host.approve.title', { host: h.name })}
					body={<p>{t('host.approve.body')}</p>}
					confirm={t('host.approve')}
					act={() => call('POST', `${path}/approve`)}
				/>
			)}
			{may('operator') && <ChangeGroup h={h} />}
			{may('operator') && <ChangeWeight h={h} />}
			{may('operator') && h.state === 'active' && (
				<button type="button" onClick={refresh}>
					{t('host.refresh')}
				</button>
			)}
			{may('administrator') && h.state !== 'revoked' && (
				<ConfirmButton
					danger
					label={t('host.revoke')}
					title={t('host.revoke.title', { host: h.name })}
					body={<p>{t('host.revoke.body')}</p>}
					confirm={t('host.revoke')}
					act={() => call('POST', `${path}/revoke`)}
				/>
			)}
			{may('administrator') && h.state === 'revoked' && (
				<ConfirmButton
					danger
					label={t('host.forget')}
					title={t('host.forget.title', { host: h.name })}
					body={<p>{t('host.forget.body')}</p>}
					confirm={t('host.forget')}
					act={forget}
				/>
			)}
		</div>
	);
}

const IMPORTANCES: Importance[] = ['low', 'normal', 'high'];

/** What the decision tree is told of the machine; its due dates follow. */
function ChangeWeight({ h }: { h: HostDetail }) {
	const [exposed, setExposed] = useState(h.exposed);
	const [importance, setImportance] = useState(h.importance);
	const start = () => {
		setExposed(h.exposed);
		setImportance(h.importance);
	};
	return (
		<FormButton label={t('host.weight.change')} title={t('host.weight.title', { host: h.name })} start={start} save={() => call('PATCH', pathOf(h), { exposed, importance })}>
			<Choice label={t('importance')} value={importance} options={IMPORTANCES.map((name) => [name, t(`importance.${name}`)])} set={(name) => setImportance(name as Importance)} />
			<Check label={t('exposed.check')} on={exposed} set={setExposed} />
			<p class="quiet">{t('host.weight.hint')}</p>
		</FormButton>
	);
}

function ChangeGroup({ h }: { h: HostDetail }) {
	const [name, setName] = useState('');
	return (
		<FormButton label={t('host.group.change')} title={t('host.group.title', { host: h.name })} start={() => setName(h.group ?? '')} save={() => call('PATCH', pathOf(h), { group: name.trim() || null })}>
			<DepartmentField name={name} set={setName} />
			<p class="quiet">{t('host.group.hint')}</p>
		</FormButton>
	);
}
