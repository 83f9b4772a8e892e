// Draws the graph: lines, dots by ownership and kind, a ring where something is to be fixed, and as many names as there is
// room for. Colours are the page's own, so that light and dark need nothing here.
import type { Asset } from './types';
import type { Place } from './layout';
import { nameOf } from './model';

export interface View {
	/** Screen = world × k + (x, y). */
	k: number;
	x: number;
	y: number;
}

export interface Scene {
	nodes: Asset[];
	places: Place[];
	/** Matches the filters; others stand only because something hangs on them. */
	matched: boolean[];
	/** 0 nothing to fix, 1 something, 2 critical or high. */
	alarm: number[];
	/** By how much hangs on them, most first: whose name is shown. */
	byWeight: number[];
	width: number;
	height: number;
}

const SIZES: Record<string, number> = { organisation: 5.5, domain: 5, network: 5, as: 5, host: 3.2, address: 3.2, certificate: 2.6 };
const COLOURS: Record<string, string> = { approved: '--green', candidate: '--orange', dependency: '--sky', monitor: '--purple', excluded: '--grey' };
const LABELS = 70;
const FONT = '12px system-ui, "Noto Sans JP", "Noto Sans CJK JP", sans-serif';

const colour = (style: CSSStyleDeclaration, name: string): string => style.getPropertyValue(name).trim() || '#888';

export const sizeOf = (kind: string): number => SIZES[kind] ?? 3;

function shape(g: CanvasRenderingContext2D, kind: string, x: number, y: number, r: number): void {
	if (kind === 'domain') {
		g.moveTo(x, y - r * 1.2);
		g.lineTo(x + r * 1.2, y);
		g.lineTo(x, y + r * 1.2);
		g.lineTo(x - r * 1.2, y);
		g.closePath();
	} else if (kind === 'address') {
		g.moveTo(x, y - r * 1.15);
		g.lineTo(x + r, y + r * 0.8);
		g.lineTo(x - r, y + r * 0.8);
		g.closePath();
	} else if (kind === 'organisation' || kind === 'network' || kind === 'as') g.rect(x - r, y - r, 2 * r, 2 * r);
	else if (kind === 'certificate') g.rect(x - r, y - r * 0.6, 2 * r, 1.2 * r);
	else {
		g.moveTo(x + r, y);
		g.arc(x, y, r, 0, 2 * Math.PI);
	}
}

function lines(g: CanvasRenderingContext2D, { places }: Scene, view: View, path: ReadonlySet<number>, style: CSSStyleDeclaration): void {
	g.beginPath();
	places.forEach(({ x, y, parent }, i) => {
		if (parent < 0 || path.has(i)) return;
		const up = places[parent]!;
		g.moveTo(x * view.k + view.x, y * view.k + view.y);
		g.lineTo(up.x * view.k + view.x, up.y * view.k + view.y);
	});
	g.strokeStyle = colour(style, '--line-2');
	g.globalAlpha = path.size > 0 ? 0.3 : 0.6;
	g.lineWidth = 1;
	g.stroke();
	g.globalAlpha = 1;
}

function dots(g: CanvasRenderingContext2D, scene: Scene, view: View, path: ReadonlySet<number>, style: CSSStyleDeclaration): void {
	const groups = new Map<string, number[]>();
	scene.nodes.forEach(({ ownership }, i) => {
		const dim = !scene.matched[i] || (path.size > 0 && !path.has(i));
		const key = `${ownership} ${dim ? 'dim' : ''}`;
		const group = groups.get(key);
		if (group) group.push(i);
		else groups.set(key, [i]);
	});
	for (const [key, group] of groups) {
		const [ownership, dim] = key.split(' ');
		g.beginPath();
		for (const i of group) {
			const { x, y } = scene.places[i]!;
			const [sx, sy] = [x * view.k + view.x, y * view.k + view.y];
			const r = Math.max(1.4, sizeOf(scene.nodes[i]!.kind) * Math.min(view.k, 2.4));
			if (sx > -20 && sy > -20 && sx < scene.width + 20 && sy < scene.height + 20) shape(g, scene.nodes[i]!.kind, sx, sy, r);
		}
		g.fillStyle = colour(style, COLOURS[ownership ?? ''] ?? '--grey');
		g.globalAlpha = dim ? 0.32 : 1;
		g.fill();
	}
	g.globalAlpha = 1;
}

function alarms(g: CanvasRenderingContext2D, scene: Scene, view: View, path: ReadonlySet<number>, style: CSSStyleDeclaration): void {
	for (const level of [1, 2]) {
		g.beginPath();
		scene.alarm.forEach((alarm, i) => {
			if (alarm !== level || (path.size > 0 && !path.has(i) && level < 2)) return;
			const { x, y } = scene.places[i]!;
			const r = Math.max(2, sizeOf(scene.nodes[i]!.kind) * Math.min(view.k, 2.4)) + (level === 2 ? 3 : 2);
			g.moveTo(x * view.k + view.x + r, y * view.k + view.y);
			g.arc(x * view.k + view.x, y * view.k + view.y, r, 0, 2 * Math.PI);
		});
		g.strokeStyle = colour(style, '--red');
		g.lineWidth = level === 2 ? 2 : 1;
		g.globalAlpha = path.size > 0 ? 0.6 : 1;
		g.stroke();
	}
	g.globalAlpha = 1;
}

function highlight(g: CanvasRenderingContext2D, { nodes, places }: Scene, view: View, path: ReadonlySet<number>, chosen: number, style: CSSStyleDeclaration): void {
	g.strokeStyle = colour(style, '--accent');
	g.lineWidth = 2.5;
	g.beginPath();
	for (const i of path) {
		const { x, y, parent } = places[i]!;
		if (parent < 0) continue;
		g.moveTo(x * view.k + view.x, y * view.k + view.y);
		g.lineTo(places[parent]!.x * view.k + view.x, places[parent]!.y * view.k + view.y);
	}
	g.stroke();
	const at = places[chosen];
	if (!at) return;
	const r = Math.max(3, sizeOf(nodes[chosen]!.kind) * Math.min(view.k, 2.4)) + 5;
	g.beginPath();
	g.arc(at.x * view.k + view.x, at.y * view.k + view.y, r, 0, 2 * Math.PI);
	g.stroke();
}

/** Where a name begins: to the right of its dot, to the left where the edge would cut it, and never outside. */
function labelLeft(x: number, size: number, wide: number, width: number): number {
	const right = x + size + 3;
	if (right + wide <= width) return right;
	const left = x - size - 3 - wide;
	return left >= 0 ? left : Math.max(0, Math.min(right, width - wide));
}

/** Names that do not lie on each other; those of the path first. */
function names(g: CanvasRenderingContext2D, scene: Scene, view: View, first: number[], style: CSSStyleDeclaration): void {
	const taken: [number, number, number, number][] = [];
	g.font = FONT;
	g.textBaseline = 'middle';
	const put = (i: number, bold: boolean) => {
		const { x, y, r } = scene.places[i]!;
		const [sx, sy] = [x * view.k + view.x, y * view.k + view.y];
		if (sx < -40 || sy < -10 || sx > scene.width + 40 || sy > scene.height + 10) return;
		if (!bold && r * view.k < 16 && view.k < 1.7) return;
		const text = nameOf(scene.nodes[i]!).slice(0, 44);
		const size = Math.max(2, sizeOf(scene.nodes[i]!.kind) * Math.min(view.k, 2.4));
		const wide = g.measureText(text).width + 4;
		const left = labelLeft(sx, size, wide, scene.width);
		const box: [number, number, number, number] = [left, sy - 8, left + wide, sy + 8];
		if (taken.some(([a, b, c, d]) => box[0] < c && box[2] > a && box[1] < d && box[3] > b)) return;
		taken.push(box);
		g.lineWidth = 3.5;
		g.strokeStyle = colour(style, '--panel');
		g.strokeText(text, box[0] + 2, sy);
		g.fillStyle = colour(style, bold ? '--accent' : '--ink');
		g.fillText(text, box[0] + 2, sy);
	};
	for (const i of first) put(i, true);
	for (const i of scene.byWeight) {
		if (taken.length >= LABELS) break;
		if (first.length === 0 || view.k > 1.2) put(i, false);
	}
}

export function draw(canvas: HTMLCanvasElement, scene: Scene, view: View, path: ReadonlySet<number>, chosen: number, hover: number): void {
	const g = canvas.getContext('2d');
	if (!g) return;
	const ratio = devicePixelRatio || 1;
	const style = getComputedStyle(canvas);
	g.setTransform(ratio, 0, 0, ratio, 0, 0);
	g.fillStyle = colour(style, '--panel');
	g.fillRect(0, 0, scene.width, scene.height);
	lines(g, scene, view, path, style);
	dots(g, scene, view, path, style);
	alarms(g, scene, view, path, style);
	if (path.size > 0) highlight(g, scene, view, path, chosen, style);
	names(g, scene, view, [...(hover >= 0 ? [hover] : []), ...[chosen].filter((i) => i >= 0), ...[...path].filter((i) => i !== chosen)], style);
}

/** The dot under a point of the screen, or -1. */
export function hit({ nodes, places }: Scene, view: View, x: number, y: number): number {
	let [best, nearest] = [-1, 12 * 12];
	places.forEach((place, i) => {
		const r = sizeOf(nodes[i]!.kind) * Math.min(view.k, 2.4);
		const away = Math.max(0, Math.hypot(place.x * view.k + view.x - x, place.y * view.k + view.y - y) - r) ** 2;
		if (away < nearest) [best, nearest] = [i, away];
	});
	return best;
}
