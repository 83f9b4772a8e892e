// What people decided about an update: approve, reject, withdraw, each with the machines that it touches, and undo.
import { useState } from 'preact/hooks';
import { call, withQuery } from '../api';
import { t } from '../i18n';
import { refreshAll, useLive } from '../live';
import { may } from '../session';
import type { List as ListAnswer, PatchDetail } from '../types';
import type { Verdict } from '../types-plan';
import { Time } from './bits';
import { messageOf, say } from './dialog';
import { Choice } from './form';
import { Mark, type Shape, type Tone } from './marks';
import { ReasonButton } from './reason';

const MARKS: Record<Verdict['verdict'], [Shape, Tone]> = { approved: ['check', 'green'], rejected: ['cross', 'grey'], withdrawn: ['cross', 'red'] };

export function VerdictMark({ verdict }: { verdict: Verdict['verdict'] }) {
	const [shape, tone] = MARKS[verdict] ?? ['dash', 'grey'];
	return (
		<span class="state">
			<Mark shape={shape} tone={tone} />
			{t(`verdict.${verdict}`)}
		</span>
	);
}

export async function undo(verdict: Verdict): Promise<string> {
	await call('DELETE', `verdicts/${encodeURIComponent(verdict.id)}`);
	return t('verdict.undone');
}

export function UndoButton({ verdict }: { verdict: Verdict }) {
	const run = async () => {
		try {
			say({ text: await undo(verdict) });
		} catch (cause) {
			say({ text: messageOf(cause) });
		}
		refreshAll();
	};
	return (
		<button type="button" onClick={run}>
			{t('verdict.undo')}
		</button>
	);
}

/** The verdicts in force on an update, and the buttons for a new one. */
export function Verdicts({ p }: { p: PatchDetail }) {
	const live = useLive<ListAnswer<Verdict>>(withQuery('verdicts', { patch: p.id, limit: 100 }));
	const rows = (live.data?.items ?? []).filter((v) => !v.undone_at);
	return (
		<section class="verdicts">
			{rows.length > 0 && (
				<ul class="notices">
					{rows.map((v) => (
						<li key={v.id}>
							<VerdictMark verdict={v.verdict} />
							<span>
								{v.group ?? t('verdict.everywhere')}: {v.reason}{' '}
								<span class="quiet">
									{v.by} · <Time at={v.at} />
								</span>
							</span>
							{may('approver') && <UndoButton verdict={v} />}
						</li>
					))}
				</ul>
			)}
			{may('approver') && (
				<div class="host-actions">
					<Decide p={p} verdict="approved" />
					<Decide p={p} verdict="rejected" />
					<Decide p={p} verdict="withdrawn" />
				</div>
			)}
		</section>
	);
}

function Decide({ p, verdict }: { p: PatchDetail; verdict: Verdict['verdict'] }) {
	const [group, setGroup] = useState('');
	const groups = [...new Set(p.targets.flatMap(({ host }) => (host.group ? [host.group] : [])))];
	const withdrawn = verdict === 'withdrawn';
	const mine = p.targets.filter(({ host }) => withdrawn || group === '' || host.group === group);
	const have = mine.filter(({ state }) => state.startsWith('installed')).length;
	const act = async (reason: string) => {
		const made = await call<Verdict>('POST', 'verdicts', { patch: p.id, verdict, reason, ...(group && !withdrawn ? { group } : {}) });
		say({ text: t(`verdict.${verdict}.done`, { what: p.title, n: mine.length }), action: { label: t('order.take-back'), run: () => undo(made) } });
	};
	return (
		<ReasonButton
			label={t(`verdict.${verdict}.button`)}
			title={t(`verdict.${verdict}.title`, { what: p.title })}
			danger={verdict !== 'approved'}
			confirm={t(`verdict.${verdict}.confirm`, { n: withdrawn ? mine.length : mine.length - have })}
			act={act}
			body={() => (
				<>
					<p>{t(`verdict.${verdict}.body`, { n: mine.length - have, have })}</p>
					{!withdrawn && groups.length > 1 && <Choice label={t('group')} value={group} options={[['', t('verdict.everywhere')], ...groups.map((name): [string, string] => [name, name])]} set={setGroup} />}
				</>
			)}
		/>
	);
}
