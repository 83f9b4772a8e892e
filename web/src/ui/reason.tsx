// A button that asks for a reason, and where it matters for a department, before it does something that people will
// ask about later.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { FormButton } from './dialog';

export function ReasonButton({
	label,
	title,
	body,
	confirm,
	danger,
	label2,
	act,
}: {
	label: string;
	title: string;
	body: (reason: string) => ComponentChildren;
	confirm: string;
	danger?: boolean;
	/** What the text field is called, where it is not a reason. */
	label2?: string;
	act: (reason: string) => Promise<unknown>;
}) {
	const [reason, setReason] = useState('');
	return (
		<FormButton label={label} title={title} confirm={confirm} danger={danger ?? false} ready={reason.trim() !== ''} start={() => setReason('')} save={() => act(reason.trim())}>
			{body(reason)}
			<label class="field">
				{label2 ?? t('reason')}
				<input autofocus required maxLength={160} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
			</label>
		</FormButton>
	);
}
