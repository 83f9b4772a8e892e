// No fix yet: what stands in until there is one, and who looks after it. It ends by itself once the fix is installed.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { t } from '../i18n';
import { useSession } from '../session';
import { say } from './dialog';
import { TextField } from './form';
import { href } from '../router';
import { ReasonButton } from './reason';

export function MitigateButton({ subject, hosts }: { subject: string; hosts: number }) {
	const state = useSession();
	const [owner, setOwner] = useState('');
	const user = state.status === 'in' ? state.session.user : '';
	const act = async (workaround: string) => {
		await call('POST', 'mitigations', { subject, workaround, owner: owner.trim() || user });
		say({ text: t('mitigation.done', { what: subject }), link: { label: t('decisions.mitigations'), href: href(['decisions'], { tab: 'mitigations' }) } });
	};
	return (
		<ReasonButton
			label={t('mitigation.button')}
			title={t('mitigation.title', { what: subject })}
			confirm={t('mitigation.confirm')}
			label2={t('mitigation.workaround')}
			act={act}
			body={() => (
				<>
					<p>{t('mitigation.body', { n: hosts })}</p>
					<TextField label={t('mitigation.owner')} value={owner} set={setOwner} hint={user} />
				</>
			)}
		/>
	);
}
