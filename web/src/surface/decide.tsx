// Deciding about what must be fixed: one, or many at once. What is accepted has a reason and a day; a decision can be
// taken back as long as its message stands.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { addDays, instantOf, isoDay } from '../format';
import { refreshAll } from '../live';
import { may } from '../session';
import { FormButton, messageOf, say } from '../ui/dialog';
import { riskName, shown, statusOf } from './model';
import type { Risk, RiskState, Status } from './types';
import { forgetRows } from './data';
import { x, xOr } from './words';

const YEARS_2 = 730;
const REASON_BYTES = 480; // of the API's 500
const STATUSES: Status[] = ['open', 'in-progress', 'done', 'accepted'];

type Body = Partial<Record<'status' | 'assignee' | 'until' | 'reason', string>>;

export const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

async function put(risk: Risk, body: Body): Promise<void> {
	await call('PUT', `surface/risks/${encodeURIComponent(risk.risk)}`, { asset: risk.asset, ...(risk.detail ? { detail: risk.detail } : {}), ...body });
}

/** What makes it as it was; null where that cannot be said any more. */
function before(state: RiskState): Body | null {
	const note = state.by && state.note ? { reason: state.note } : {};
	const assignee = { assignee: state.assignee ?? '' };
	if (state.status !== 'accepted') return { status: state.status, ...assignee, ...note };
	return state.accepted_until && state.note && !state.expired && Date.parse(state.accepted_until) > Date.now() ? { status: 'accepted', until: state.accepted_until, reason: state.note, ...assignee } : null;
}

function changed(): void {
	forgetRows();
	refreshAll();
}

interface Done {
	risk: Risk;
	state: RiskState;
}

async function undo(done: Done[]): Promise<string> {
	for (const { risk, state } of done) {
		const body = before(state);
		if (body) await put(risk, body);
	}
	changed();
	return x('decide.undone');
}

/** One or many; gives the sentence for the foot of the page. */
async function decideAll(risks: Risk[], bodyOf: (risk: Risk) => Body): Promise<void> {
	const done: Done[] = [];
	let bad = 0;
	let why: unknown;
	for (const risk of risks) {
		try {
			await put(risk, bodyOf(risk));
			if (risk.state) done.push({ risk, state: risk.state });
		} catch (cause) {
			if (risks.length === 1) throw cause;
			bad++;
			why ??= cause;
		}
	}
	changed();
	if (bad > 0 && done.length === 0) throw why;
	const action = done.some(({ state }) => before(state)) ? { action: { label: x('decide.undo'), run: () => undo(done) } } : {};
	if (bad > 0) return say({ text: x('decide.failed.n', { n: done.length, bad, why: messageOf(why) }), ...action });
	const only = risks.length === 1 ? risks[0] : undefined;
	if (!only) return say({ text: x('decide.saved.n', { n: done.length }), ...action });
	const body = bodyOf(only);
	const what = `${riskName(only.risk)} ${shown(only.asset, 60)}`;
	const text = body.status ? x('decide.saved', { what, status: xOr('status', body.status) }) : body.assignee ? x('decide.assigned', { what, who: body.assignee }) : x('decide.unassigned', { what });
	say({ text, ...action });
}

export function DecideButton({ risks, people, primary, label, onDone }: { risks: Risk[]; people: string[]; primary?: boolean; label?: string; onDone?: () => void }) {
	const many = risks.length > 1;
	const first = risks[0];
	const [status, setStatus] = useState<Status | ''>('');
	const [assignee, setAssignee] = useState('');
	const [until, setUntil] = useState('');
	const [reason, setReason] = useState('');
	if (!may('operator') || !first) return null;
	const approver = may('approver');
	const today = isoDay();
	const last = addDays(today, YEARS_2);
	const accepting = status === 'accepted';
	const assigns = many ? assignee.trim() !== '' : assignee.trim() !== (first.state?.assignee ?? '');
	const ready = (status !== '' || assigns) && (!accepting || (until > today && until <= last && reason.trim() !== '')) && bytesOf(reason) <= REASON_BYTES;
	const bodyOf = (risk: Risk): Body => {
		const kept = risk.state?.by && risk.state.note ? risk.state.note : '';
		return {
			...(status ? { status } : {}),
			...(accepting ? { until: instantOf(until, '23:59') } : {}),
			...(assigns ? { assignee: assignee.trim() } : {}),
			...(reason.trim() || (!status && kept) ? { reason: reason.trim() || kept } : {}),
		};
	};
	return (
		<FormButton
			label={label ?? (many ? x('decide.n', { n: risks.length }) : x('decide'))}
			primary={primary ?? false}
			title={many ? x('decide.n', { n: risks.length }) : `${riskName(first.risk)} ${shown(first.asset, 60)}`}
			ready={ready}
			start={() => {
				setStatus('');
				setAssignee(many ? '' : (first.state?.assignee ?? ''));
				setUntil(addDays(today, 90));
				setReason('');
			}}
			save={async () => {
				await decideAll(risks, bodyOf);
				onDone?.();
			}}
		>
			<fieldset class="choices">
				<legend>{x('decide.status')}</legend>
				<label>
					<input type="radio" name="status" checked={status === ''} onChange={() => setStatus('')} /> {x('decide.keep')}
				</label>
				{STATUSES.map((one) => (
					<label key={one}>
						<input type="radio" name="status" checked={status === one} disabled={(one === 'accepted' && !approver) || (!many && one === statusOf(first) && one !== 'accepted')} onChange={() => setStatus(one)} /> {xOr('status', one)}
					</label>
				))}
			</fieldset>
			{status === 'done' && <p class="quiet">{x('decide.done.hint')}</p>}
			{(accepting || !approver) && <p class="quiet">{x('decide.accept.hint')}</p>}
			{accepting && (
				<label class="field">
					{x('decide.until')}
					<input type="date" required min={addDays(today, 1)} max={last} value={until} onInput={(event) => setUntil(event.currentTarget.value)} />
				</label>
			)}
			<label class="field">
				{x(many ? 'decide.assignee.many' : 'decide.assignee')}
				<input list="surface-people" maxLength={60} value={assignee} onInput={(event) => setAssignee(event.currentTarget.value)} />
				<datalist id="surface-people">
					{people.map((name) => (
						<option key={name} value={name} />
					))}
				</datalist>
			</label>
			<label class="field">
				{x(accepting ? 'decide.reason.need' : 'decide.reason')}
				<textarea rows={2} maxLength={240} required={accepting} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
			</label>
		</FormButton>
	);
}
