// What may be changed about one machine: its department, its enrolment.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { t } from '../i18n';
import { refreshAll, useLive } from '../live';
import { go, href } from '../router';
import { may } from '../session';
import type { Group, HostDetail, List as ListAnswer } from '../types';
import { ConfirmButton, Dialog, messageOf, say } from '../ui/dialog';

export function HostActions({ h }: { h: HostDetail }) {
	const path = `hosts/${encodeURIComponent(h.id)}`;
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

function ChangeGroup({ h }: { h: HostDetail }) {
	const groups = useLive<ListAnswer<Group>>('groups?limit=1000');
	const [open, setOpen] = useState(false);
	const [name, setName] = useState('');
	const [error, setError] = useState('');
	const save = async (event: Event) => {
		event.preventDefault();
		try {
			await call('PATCH', `hosts/${encodeURIComponent(h.id)}`, { group: name.trim() || null });
			setOpen(false);
			refreshAll();
		} catch (cause) {
			setError(messageOf(cause));
		}
	};
	const start = () => {
		setName(h.group ?? '');
		setError('');
		setOpen(true);
	};
	return (
		<>
			<button type="button" onClick={start}>
				{t('host.group.change')}
			</button>
			{open && (
				<Dialog title={t('host.group.title', { host: h.name })} onClose={() => setOpen(false)}>
					<form onSubmit={save}>
						<label class="field">
							{t('group')}
							<input autofocus list="groups" value={name} maxLength={100} onInput={(event) => setName(event.currentTarget.value)} />
						</label>
						<datalist id="groups">
							{groups.data?.items.map((item) => item.group && <option key={item.group} value={item.group} />)}
						</datalist>
						<p class="quiet">{t('host.group.hint')}</p>
						{error && (
							<p class="problem" role="alert">
								{error}
							</p>
						)}
						<div class="dialog-actions">
							<button type="button" onClick={() => setOpen(false)}>
								{t('cancel')}
							</button>
							<button type="submit" class="primary">
								{t('save')}
							</button>
						</div>
					</form>
				</Dialog>
			)}
		</>
	);
}
