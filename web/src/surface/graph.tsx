// 関係図: what hangs on what, from the seeds outward. A click or the arrow keys choose a dot; the path of evidence to it is
// drawn and told beside it, step by step. The same things stand in a list below, and under “Assets”.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { number } from '../i18n';
import { useLive } from '../live';
import { go, href, setParams, useRoute } from '../router';
import { Failure, Skeleton } from '../ui/bits';
import { Filter, Search } from '../ui/list';
import { keyOf, risksByAsset, risksOf } from './assets';
import { RiskLines } from './asset';
import { draw, hit, type Scene, type View } from './canvas';
import { layout } from './layout';
import { KindChip, OwnershipMark } from './marks';
import { assetPath, kindName, KINDS, nameOf, OWNERS, OWNERSHIPS, percent, ruleWords, shown, unitName, type Units } from './model';
import { EvidencePath } from './path';
import { unitsOf, useAssets, useRisks, useSeeds, type Shown } from './run';
import type { Asset, Risk, WholeAsset } from './types';
import { said, x, xOr } from './words';

const LISTED = 200;
const MOVED = 4;
const NOTHING: ReadonlySet<number> = new Set();

export function Graph({ shown: at }: { shown: Shown }) {
	const { params } = useRoute();
	const assets = useAssets(at);
	const risks = useRisks(at);
	const seeds = useSeeds(at);
	const units = unitsOf(assets.rows, seeds.rows);
	const toFix = useMemo(() => risksByAsset(risks.rows ?? []), [risks.rows]);
	const filters = ['kind', 'ownership', 'owner', 'unit', 'insecure'].map((name) => params.get(name) ?? '').join('\n');
	const scene = useMemo(() => (assets.rows ? sceneOf(assets.rows, units, toFix, params) : null), [assets.rows, units, toFix, filters]);
	if (!assets.rows || !scene) return assets.error ? <Failure error={assets.error} retry={assets.reload} /> : <Skeleton lines={14} />;
	const names = units ? [...new Set(assets.rows.map((a) => unitName(units.ofAsset(a))))].sort() : [];
	return (
		<>
			<div class="toolbar">
				<Search hint={said('graph.find')} />
				<Filter name="kind" label={said('column.kind')} options={KINDS.map((kind): [string, string] => [kind, kindName(kind)])} />
				<Filter name="ownership" label={said('column.ownership')} options={OWNERSHIPS.map((one): [string, string] => [one, x(`ownership.${one}`)])} />
				{OWNERS.filter((owner) => assets.rows!.some((a) => a.owner === owner)).length > 1 && <Filter name="owner" label={said('column.owner')} options={OWNERS.map((one): [string, string] => [one, x(`owner.${one}`)])} />}
				{names.length > 1 && <Filter name="unit" label={said('filter.unit')} options={names.map((name): [string, string] => [name, shown(name, 40)])} />}
				<Filter name="insecure" label={said('column.risks')} options={[['true', x('graph.risky')]]} />
				<span class="toolbar-end total" role="status">
					{x('graph.shown', { n: scene.matched.filter(Boolean).length })}
				</span>
			</div>
			<Drawn scene={scene} at={at} toFix={toFix} />
		</>
	);
}

function sceneOf(assets: Asset[], units: Units | null, toFix: Map<string, Risk[]>, params: URLSearchParams): Scene {
	const wanted = (name: string, value: string) => !params.get(name) || params.get(name) === value;
	const is = (a: Asset) =>
		wanted('kind', a.kind) && wanted('ownership', a.ownership) && wanted('owner', a.owner) && (!params.get('insecure') || risksOf(toFix, a).length > 0) && (!params.get('unit') || (units !== null && unitName(units.ofAsset(a)) === params.get('unit')));
	const index = new Map<string, number>();
	const byName = new Map<string, number>();
	assets.forEach((a, i) => {
		index.set(keyOf(a), i);
		byName.set(a.name, i);
	});
	const up = assets.map((a) => (a.from ? (index.get(`${a.from_kind ?? ''}:${a.from}`) ?? byName.get(a.from) ?? -1) : -1));
	const matching = assets.map(is);
	const kept = [...matching];
	// What something hangs on stands with it.
	matching.forEach((on, i) => {
		for (let parent = on ? up[i]! : -1, n = 0; parent >= 0 && !kept[parent] && n < 100; parent = up[parent]!, n++) kept[parent] = true;
	});
	const place = new Map<number, number>();
	const nodes: Asset[] = [];
	const matched: boolean[] = [];
	assets.forEach((a, i) => {
		if (!kept[i]) return;
		place.set(i, nodes.length);
		nodes.push(a);
		matched.push(matching[i]!);
	});
	const parents = [...place.keys()].map((i) => place.get(up[i]!) ?? -1);
	const places = layout(parents);
	const alarm = nodes.map((a) => {
		const mine = risksOf(toFix, a);
		return mine.some(({ severity }) => severity === 'critical' || severity === 'high') ? 2 : mine.length > 0 ? 1 : 0;
	});
	const byWeight = nodes.map((_, i) => i).sort((a, b) => alarm[b]! - alarm[a]! || places[b]!.r - places[a]!.r);
	return { nodes, places, matched, alarm, byWeight, width: 0, height: 0 };
}

/** Everything on the screen. */
function fitted({ places }: Scene, width: number, height: number): View {
	let [left, right, top, bottom] = [-10, 10, -10, 10];
	for (const { x: px, y: py } of places) {
		left = Math.min(left, px - 12);
		right = Math.max(right, px + 12);
		top = Math.min(top, py - 12);
		bottom = Math.max(bottom, py + 12);
	}
	const k = Math.min(2, width / (right - left), height / (bottom - top));
	return { k, x: width / 2 - ((left + right) / 2) * k, y: height / 2 - ((top + bottom) / 2) * k };
}

const zoomed = (view: View, by: number, sx: number, sy: number): View => {
	const k = Math.min(12, Math.max(0.02, view.k * by));
	return { k, x: sx - ((sx - view.x) / view.k) * k, y: sy - ((sy - view.y) / view.k) * k };
};

function Drawn({ scene, at, toFix }: { scene: Scene; at: Shown; toFix: Map<string, Risk[]> }) {
	const { params } = useRoute();
	const canvas = useRef<HTMLCanvasElement>(null);
	const view = useRef<View>({ k: 1, x: 0, y: 0 });
	const hover = useRef(-1);
	const frame = useRef(0);
	const chosen = useMemo(() => {
		const key = params.get('at');
		return key ? scene.nodes.findIndex((a) => keyOf(a) === key) : -1;
	}, [scene, params.get('at')]);
	const path = useMemo(() => {
		if (chosen < 0) return NOTHING;
		const out = new Set<number>();
		for (let i = chosen; i >= 0 && !out.has(i); i = scene.places[i]!.parent) out.add(i);
		return out;
	}, [scene, chosen]);
	const latest = useRef({ scene, path, chosen });
	if (latest.current.scene !== scene) hover.current = -1; // of the nodes before
	latest.current = { scene, path, chosen };
	const redraw = () => {
		cancelAnimationFrame(frame.current);
		frame.current = requestAnimationFrame(() => {
			const { scene: s, path: p, chosen: c } = latest.current;
			if (canvas.current) draw(canvas.current, s, view.current, p, c, hover.current);
		});
	};
	const choose = (i: number) => {
		const node = latest.current.scene.nodes[i];
		if (node) setParams({ at: keyOf(node) });
	};
	const reveal = (i: number) => {
		const { scene: s } = latest.current;
		const place = s.places[i];
		if (!place) return;
		const [sx, sy] = [place.x * view.current.k + view.current.x, place.y * view.current.k + view.current.y];
		if (sx > 30 && sy > 30 && sx < s.width - 30 && sy < s.height - 30 && view.current.k > 0.25) return;
		const k = Math.max(view.current.k, 0.8);
		view.current = { k, x: s.width / 2 - place.x * k, y: s.height / 2 - place.y * k };
	};

	// The size of the place that it has on the page.
	useEffect(() => {
		const box = canvas.current!;
		const size = () => {
			const { clientWidth: width, clientHeight: height } = box;
			const ratio = devicePixelRatio || 1;
			const first = latest.current.scene.width === 0;
			Object.assign(latest.current.scene, { width, height });
			box.width = Math.round(width * ratio);
			box.height = Math.round(height * ratio);
			if (first) {
				view.current = fitted(latest.current.scene, width, height);
				if (latest.current.chosen >= 0) reveal(latest.current.chosen);
			}
			redraw();
		};
		const watch = new ResizeObserver(size);
		watch.observe(box);
		const theme = matchMedia('(prefers-color-scheme: dark)');
		theme.addEventListener('change', redraw);
		size();
		return () => {
			watch.disconnect();
			theme.removeEventListener('change', redraw);
			cancelAnimationFrame(frame.current);
		};
	}, [scene]);
	useEffect(() => {
		if (chosen >= 0) reveal(chosen);
		redraw();
	}, [chosen, path]);
	usePointer(canvas, latest, view, hover, redraw, choose);
	useFound(scene, params.get('q') ?? '', choose);

	const zoom = (by: number) => {
		view.current = zoomed(view.current, by, scene.width / 2, scene.height / 2);
		redraw();
	};
	const fit = () => {
		view.current = fitted(scene, scene.width, scene.height);
		redraw();
	};
	const node = chosen >= 0 ? scene.nodes[chosen]! : null;
	const key = (event: KeyboardEvent) => {
		const to = event.key.startsWith('Arrow') ? stepTo(scene, chosen, event.key) : -1;
		if (to >= 0) choose(to);
		else if (event.key === '+' || event.key === ';') zoom(1.35);
		else if (event.key === '-') zoom(1 / 1.35);
		else if (event.key === '0') fit();
		else if (event.key === 'Escape') setParams({ at: null });
		else if (event.key === 'Enter' && node) go(assetPath(node.kind, node.name, at.param));
		else if (!event.key.startsWith('Arrow')) return;
		event.preventDefault();
		event.stopPropagation();
	};
	return (
		<>
			<div class="graph-columns">
				<div class="graph-box">
					<canvas ref={canvas} class="graph" tabIndex={0} role="application" aria-label={x('graph.canvas')} aria-describedby="graph-keys" onKeyDown={key} />
					<div class="graph-zoom">
						<button type="button" onClick={() => zoom(1.35)} aria-label={x('graph.in')} title={x('graph.in')}>
							+
						</button>
						<button type="button" onClick={() => zoom(1 / 1.35)} aria-label={x('graph.out')} title={x('graph.out')}>
							−
						</button>
						<button type="button" onClick={fit}>
							{x('graph.fit')}
						</button>
					</div>
					<p class="quiet graph-keys" id="graph-keys">
						<Legend /> {x('graph.keys')}
					</p>
					<p class="unseen" role="status" aria-live="polite">
						{node && `${kindName(node.kind)} ${nameOf(node)}, ${xOr('ownership', node.ownership)}${node.rule ? `, ${ruleWords(node.rule)}` : ''}`}
					</p>
				</div>
				<aside class="graph-side" aria-label={x('asset.path')}>
					{node ? <Chosen key={keyOf(node)} node={node} beyond={beyond(scene, chosen)} at={at} risks={risksOf(toFix, node)} /> : <p class="quiet">{x('graph.none')}</p>}
				</aside>
			</div>
			<Listed scene={scene} />
		</>
	);
}

/** How many hang on it, near and far. */
function beyond({ places }: Scene, at: number): number {
	let n = 0;
	const rest = [...(places[at]?.children ?? [])];
	for (let i = rest.pop(); i !== undefined; i = rest.pop()) {
		n++;
		rest.push(...places[i]!.children);
	}
	return n;
}

function stepTo({ places }: Scene, at: number, key: string): number {
	const place = places[at];
	if (!place) return places.findIndex(({ parent }) => parent < 0);
	if (key === 'ArrowLeft') return place.parent;
	if (key === 'ArrowRight') return place.children[0] ?? -1;
	const beside = place.parent >= 0 ? places[place.parent]!.children : places.flatMap(({ parent }, i) => (parent < 0 ? [i] : []));
	return beside[beside.indexOf(at) + (key === 'ArrowDown' ? 1 : -1)] ?? -1;
}

/** What is typed into the search chooses the first that fits. */
function useFound(scene: Scene, q: string, choose: (i: number) => void): void {
	useEffect(() => {
		const word = q.trim().toLowerCase();
		if (word === '') return;
		const names = scene.nodes.map((a) => `${a.name}\n${a.unicode ?? ''}`.toLowerCase());
		const at = [names.findIndex((name) => name.startsWith(word)), names.findIndex((name) => name.includes(word))].find((i) => i >= 0);
		if (at !== undefined) choose(at);
	}, [q]);
}

interface Latest {
	current: { scene: Scene; path: ReadonlySet<number>; chosen: number };
}

/** Dragging moves it, two fingers or the wheel zoom, a click chooses. The wheel scrolls the page until the graph was clicked. */
function usePointer(canvas: { current: HTMLCanvasElement | null }, latest: Latest, view: { current: View }, hover: { current: number }, redraw: () => void, choose: (i: number) => void): void {
	useEffect(() => {
		const box = canvas.current!;
		const down = new Map<number, { x: number; y: number }>();
		let moved = 0;
		const at = (event: PointerEvent | WheelEvent) => {
			const { left, top } = box.getBoundingClientRect();
			return { x: event.clientX - left, y: event.clientY - top };
		};
		const pressed = (event: PointerEvent) => {
			if (down.size === 0) moved = 0;
			down.set(event.pointerId, at(event));
			box.setPointerCapture(event.pointerId);
		};
		const dragged = (event: PointerEvent) => {
			const now = at(event);
			const was = down.get(event.pointerId);
			if (!was) {
				const over = hit(latest.current.scene, view.current, now.x, now.y);
				if (over === hover.current) return;
				hover.current = over;
				box.classList.toggle('over', over >= 0);
				return redraw();
			}
			moved += Math.hypot(now.x - was.x, now.y - was.y);
			const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
			if (other) view.current = zoomed(view.current, Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(was.x - other.x, was.y - other.y)), other.x, other.y);
			else view.current = { ...view.current, x: view.current.x + now.x - was.x, y: view.current.y + now.y - was.y };
			down.set(event.pointerId, now);
			redraw();
		};
		const released = (event: PointerEvent) => {
			if (!down.delete(event.pointerId) || moved > MOVED || event.type === 'pointercancel') return;
			const now = at(event);
			const over = hit(latest.current.scene, view.current, now.x, now.y);
			if (over >= 0) choose(over);
		};
		const wheel = (event: WheelEvent) => {
			if (document.activeElement !== box && !event.ctrlKey) return;
			event.preventDefault();
			const now = at(event);
			view.current = zoomed(view.current, Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.04 : 0.0015)), now.x, now.y);
			redraw();
		};
		box.addEventListener('pointerdown', pressed);
		box.addEventListener('pointermove', dragged);
		box.addEventListener('pointerup', released);
		box.addEventListener('pointercancel', released);
		box.addEventListener('wheel', wheel, { passive: false });
		return () => {
			box.removeEventListener('pointerdown', pressed);
			box.removeEventListener('pointermove', dragged);
			box.removeEventListener('pointerup', released);
			box.removeEventListener('pointercancel', released);
			box.removeEventListener('wheel', wheel);
		};
	}, []);
}

const SHAPES: [kind: string, d: string][] = [
	['organisation', 'M2 2h8v8H2z'],
	['domain', 'M6 1 11 6 6 11 1 6z'],
	['host', 'M6 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8z'],
	['address', 'M6 1.500 11 10H1z'],
	['certificate', 'M1 4h10v4H1z'],
];
const TONES: Record<string, string> = { approved: 'green', candidate: 'orange', dependency: 'sky', monitor: 'purple', excluded: 'grey' };

function Legend() {
	return (
		<span class="graph-legend">
			{OWNERSHIPS.map((one) => (
				<span key={one}>
					<svg class={`mark ${TONES[one]}`} viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
						<circle cx="6" cy="6" r="5" />
					</svg>{' '}
					{x(`ownership.${one}`)}
				</span>
			))}
			{SHAPES.map(([kind, d]) => (
				<span key={kind}>
					<svg class="mark grey" viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
						<path d={d} />
					</svg>{' '}
					{kindName(kind)}
				</span>
			))}
			<span>
				<svg class="mark red" viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
					<circle cx="6" cy="6" r="4.500" class="stroke" />
				</svg>{' '}
				{x('column.risks')}
			</span>
		</span>
	);
}

function Chosen({ node, beyond: n, at, risks }: { node: Asset; beyond: number; at: Shown; risks: Risk[] }) {
	const answer = useLive<WholeAsset>(`surface/assets/${encodeURIComponent(keyOf(node))}${at.query.run ? `?run=${at.query.run}` : ''}`);
	return (
		<>
			<p>
				<KindChip kind={node.kind} /> <OwnershipMark ownership={node.ownership} /> <span class="quiet">{percent(node.confidence)}</span>
			</p>
			<h2>
				<a href={assetPath(node.kind, node.name, at.param)}>
					<bdi>{nameOf(node)}</bdi>
				</a>
			</h2>
			{n > 0 && <p class="quiet">{x('graph.below', { n: number(n) })}</p>}
			<RiskLines risks={risks} run={at.param} />
			<h3>{x('asset.path')}</h3>
			{answer.error && <Failure error={answer.error} retry={answer.reload} />}
			{!answer.data && !answer.error && <Skeleton lines={6} />}
			{answer.data && <EvidencePath steps={answer.data.path} kind={answer.data.kind} name={answer.data.name} run={at.param} />}
		</>
	);
}

/** For readers of screens, and for whoever rather reads than looks. */
function Listed({ scene }: { scene: Scene }) {
	const { params } = useRoute();
	const [open, setOpen] = useState(false);
	const rows = scene.nodes.map((node, i) => ({ node, i })).filter(({ i }) => scene.matched[i]);
	return (
		<details class="graph-list" onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary>{x('graph.list')}</summary>
			{open && (
				<>
					<p class="quiet">
						<a href={href(['surface'], { ...Object.fromEntries(params), view: 'assets', at: null })}>{x('graph.list.note')}</a>
					</p>
					<ul class="near">
						{rows.slice(0, LISTED).map(({ node }) => (
							<li key={keyOf(node)}>
								<KindChip kind={node.kind} />
								<a href={href(['surface'], { ...Object.fromEntries(params), at: keyOf(node) })}>
									<bdi>{nameOf(node)}</bdi>
								</a>
								<OwnershipMark ownership={node.ownership} />
							</li>
						))}
					</ul>
					{rows.length > LISTED && <p class="quiet">{x('and-more', { n: rows.length - LISTED })}</p>}
				</>
			)}
		</details>
	);
}
