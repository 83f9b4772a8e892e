// Ordering updates: nothing is sent before a dialog has said which machines and which updates it touches; what was
// ordered can be taken back until a machine has fetched it.
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api';
import { relative } from '../format';
import { t } from '../i18n';
import { refreshAll } from '../live';
import { href } from '../router';
import { may } from '../session';
import type { OrderAnswer, OrderRequest } from '../types';
import { Skeleton, Time } from './bits';
import { Dialog, messageOf, Problem, say } from './dialog';

const NAMES_SHOWN = 8;

type Wanted = Omit<OrderRequest, 'dry_run'>;

export function OrderButton({
	wanted,
	label,
	primary,
	disabled,
	onDone,
}: {
	wanted: Wanted;
	label: string;
	primary?: boolean;
	disabled?: boolean;
	onDone?: () => void;
}) {
	const [open, setOpen] = useState(false);
	const allowed = may('operator');
	return (
		<>
			<button
				type="button"
				class={primary ? 'primary' : undefined}
				disabled={disabled || !allowed}
				title={allowed ? undefined : t('order.not-allowed')}
				onClick={() => setOpen(true)}
			>
				{label}
			</button>
			{open && <OrderDialog wanted={wanted} onClose={() => setOpen(false)} onDone={onDone} />}
		</>
	);
}

function OrderDialog({ wanted, onClose, onDone }: { wanted: Wanted; onClose: () => void; onDone: (() => void) | undefined }) {
	const [plan, setPlan] = useState<OrderAnswer | null>(null);
	const [error, setError] = useState('');
	const [busy, setBusy] = useState(false);
	const stage = wanted.kind === 'stage';
	useEffect(() => {
		call<OrderAnswer>('POST', 'orders', { ...wanted, dry_run: true }).then(setPlan, (cause) => setError(messageOf(cause)));
	}, []);
	const run = async () => {
		setBusy(true);
		try {
			const done = await call<OrderAnswer>('POST', 'orders', { ...wanted, dry_run: false });
			onClose();
			onDone?.();
			announce(done, stage);
			refreshAll();
		} catch (cause) {
			setError(messageOf(cause));
			setBusy(false);
		}
	};
	const none = plan !== null && plan.orders.length === 0;
	return (
		<Dialog title={t(stage ? 'order.stage.title' : 'order.apply.title')} onClose={onClose}>
			{!plan && !error && <Skeleton lines={4} />}
			{plan && <Plan plan={plan} stage={stage} />}
			<Problem text={error} />
			<div class="dialog-actions">
				<button type="button" onClick={onClose}>
					{t(none ? 'close' : 'cancel')}
				</button>
				{plan && !none && (
					<button type="button" class="primary" disabled={busy} onClick={run}>
						{t(stage ? 'order.stage.confirm' : 'order.apply.confirm', { hosts: plan.hosts, n: plan.patches })}
					</button>
				)}
			</div>
		</Dialog>
	);
}

function Plan({ plan, stage }: { plan: OrderAnswer; stage: boolean }) {
	if (plan.orders.length === 0)
		return (
			<>
				<p>{t('order.nothing')}</p>
				<Refused plan={plan} />
			</>
		);
	const patches = new Map(plan.orders.flatMap((order) => order.patches.map((patch) => [patch.id, patch.title])));
	const last = plan.orders.map((order) => order.starts_by ?? '').sort().at(-1);
	return (
		<>
			<p class="sentence">
				{t(stage ? 'order.stage.sentence' : 'order.apply.sentence', { hosts: plan.hosts, n: plan.patches })}
			</p>
			<Names title={t('order.hosts', { n: plan.hosts })} names={plan.orders.map((order) => order.host.name)} />
			<Names title={t('order.patches', { n: patches.size })} names={[...patches.values()]} />
			{last && (
				<p>
					{t('order.starts')} <Time at={last} /> <span class="quiet">({relative(last)})</span>
				</p>
			)}
			<p class="quiet">{t(stage ? 'order.stage.note' : 'order.apply.note')}</p>
			<Refused plan={plan} />
		</>
	);
}

function Names({ title, names }: { title: string; names: string[] }) {
	const rest = names.length - NAMES_SHOWN;
	return (
		<div class="names">
			<h3>{title}</h3>
			<ul>
				{names.slice(0, NAMES_SHOWN).map((name, i) => (
					<li key={i}>{name}</li>
				))}
			</ul>
			{rest > 0 && (
				<details>
					<summary>{t('more', { n: rest })}</summary>
					<ul>
						{names.slice(NAMES_SHOWN).map((name, i) => (
							<li key={i}>{name}</li>
						))}
					</ul>
				</details>
			)}
		</div>
	);
}

function Refused({ plan }: { plan: OrderAnswer }) {
	if (plan.refused.length === 0) return null;
	return (
		<div class="names">
			<h3>{t('order.refused', { n: plan.refused.length })}</h3>
			<ul>
				{plan.refused.slice(0, NAMES_SHOWN).map(({ host, why }) => (
					<li key={host.id}>
						{host.name}: {why}
					</li>
				))}
			</ul>
			{plan.refused.length > NAMES_SHOWN && <p class="quiet">{t('more', { n: plan.refused.length - NAMES_SHOWN })}</p>}
		</div>
	);
}

function announce(done: OrderAnswer, stage: boolean): void {
	const ids = done.orders.map((order) => order.id).filter((id): id is string => id !== null);
	say({
		text: t(stage ? 'order.stage.done' : 'order.apply.done', { hosts: done.hosts, n: done.patches }),
		link: { label: t('nav.history'), href: href(['history']) },
		action: {
			label: t('order.take-back'),
			run: async () => {
				const answers = await Promise.allSettled(ids.map((id) => call('DELETE', `orders/${encodeURIComponent(id)}`)));
				const back = answers.filter((answer) => answer.status === 'fulfilled').length;
				if (back === ids.length) return t('order.taken-back', { n: back });
				return t('order.taken-back-partly', { n: back, rest: ids.length - back });
			},
		},
	});
}
