// How far an update has come: ring after ring, with the word beside the colour, and the way on when one is halted.
import { useEffect, useState } from 'preact/hooks';
import { call, withQuery } from '../api';
import { number, t, useLang } from '../i18n';
import { useLive } from '../live';
import { href } from '../router';
import { may } from '../session';
import type { List as ListAnswer } from '../types';
import type { Halt, PolicyItem, RingState } from '../types-plan';
import { Time } from './bits';
import { say } from './dialog';
import { Mark, type Shape, type Tone } from './marks';
import { ReasonButton } from './reason';

const MARKS: Record<RingState['state'], [Shape, Tone]> = {
	released: ['play', 'green'],
	soaking: ['clock', 'sky'],
	waits: ['pause', 'grey'],
	halted: ['cross', 'red'],
	empty: ['dash', 'red'],
};

const ASK_MS = 15_000;

interface Way {
	policy: string;
	rings: RingState[];
}

/** Its way in every policy that has rings. */
function useWays(patch: string): Way[] {
	const language = useLang();
	const policies = useLive<ListAnswer<PolicyItem>>('policies?limit=1000');
	const halts = useLive<ListAnswer<Halt>>('halts?limit=1000');
	const names = (policies.data?.items ?? []).filter((p) => p.in_force && p.hosts > 0).map(({ name }) => name);
	const [ways, setWays] = useState<Way[]>([]);
	useEffect(() => {
		let gone = false;
		const load = async () => {
			const answers = await Promise.allSettled(names.map(async (policy) => ({ policy, rings: (await call<ListAnswer<RingState>>('GET', withQuery('rings', { policy, patch }))).items })));
			if (!gone) setWays(answers.flatMap((a) => (a.status === 'fulfilled' && a.value.rings.length > 0 ? [a.value] : [])));
		};
		void load();
		const timer = setInterval(() => document.visibilityState === 'visible' && void load(), ASK_MS);
		return () => {
			gone = true;
			clearInterval(timer);
		};
	}, [names.join('\n'), patch, halts.data?.total, language]);
	return ways;
}

export function RingWays({ patch }: { patch: string }) {
	const ways = useWays(patch);
	const halts = useLive<ListAnswer<Halt>>('halts?limit=1000');
	return (
		<>
			{ways.map(({ policy, rings }) => {
				const halt = (halts.data?.items ?? []).find((h) => h.policy === policy && h.patch === patch && !h.lifted_at);
				return (
					<section key={policy} class={halt ? 'rings halted' : 'rings'}>
						<h2>
							{t('rings.title')} <a href={href(['policies', policy])}>{policy}</a>
						</h2>
						<ol>
							{rings.map((ring) => (
								<RingStep key={ring.ring} ring={ring} />
							))}
						</ol>
						{halt && <HaltLine halt={halt} />}
					</section>
				);
			})}
		</>
	);
}

function RingStep({ ring }: { ring: RingState }) {
	const [shape, tone] = MARKS[ring.state] ?? ['dash', 'grey'];
	const part = ring.hosts > 0 ? (100 * ring.installed) / ring.hosts : 0;
	const bad = ring.failed + ring.unhealthy;
	return (
		<li class={`ring ${ring.state}`}>
			<p class="ring-head">
				<b>{ring.ring}</b>
				<span class="state">
					<Mark shape={shape} tone={tone} />
					{t(`ring.${ring.state}`)}
				</span>
			</p>
			<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
				<rect class="bar-all" width="100" height="8" />
				<rect class="bar-part" width={part} height="8" />
				<rect class="bar-bad" x={part} width={ring.hosts > 0 ? (100 * bad) / ring.hosts : 0} height="8" />
			</svg>
			<p>
				{t('ring.counts', { done: ring.installed, of: ring.hosts })}
				{bad > 0 && (
					<>
						{t('list.comma')}
						<strong class="problem">{t('ring.failed', { n: bad })}</strong>
					</>
				)}
				{ring.running > 0 && `${t('list.comma')}${t('ring.running', { n: number(ring.running) })}`}
			</p>
			<p class="quiet">
				{ring.why}
				{ring.until && (
					<>
						{' '}
						<Time at={ring.until} />
					</>
				)}
			</p>
		</li>
	);
}

/** Halted, why, since when, and the button that lets it go on. */
export function HaltLine({ halt, named }: { halt: Halt; named?: boolean }) {
	const resume = async (reason: string) => {
		await call('POST', `halts/${encodeURIComponent(halt.id)}/resume`, { reason });
		say({ text: t('halt.resumed', { what: halt.title ?? halt.patch }) });
	};
	return (
		<div class="halt">
			<Mark shape="cross" tone="red" />
			<span>
				<strong class="problem">{t('ring.halted')}</strong>{' '}
				{named && (
					<>
						<a data-row href={href(['patches', halt.patch])}>
							{halt.title ?? halt.patch}
						</a>{' '}
					</>
				)}
				{halt.why}{' '}
				<span class="quiet">
					{halt.policy} / {halt.ring} · <Time at={halt.at} />
				</span>
			</span>
			{may('approver') && (
				<ReasonButton label={t('halt.resume')} title={t('halt.resume.title', { what: halt.title ?? halt.patch })} body={() => <p>{t('halt.resume.body')}</p>} confirm={t('halt.resume')} danger act={resume} />
			)}
		</div>
	);
}
