// Places for the nodes of a forest, without a library: what hangs on a node and carries nothing itself lies in a spiral
// around it (as seeds in a sunflower), and the circles of what carries more are packed around that, large ones first. The
// same forest has the same places each time, and thousands of nodes are placed at once.

export interface Place {
	x: number;
	y: number;
	/** Of the circle that holds it and all that hangs on it. */
	r: number;
	/** Where the node is from that circle's centre. */
	dx: number;
	dy: number;
	parent: number;
	depth: number;
	children: number[];
}

const STEP = 8; // between the dots of a spiral
const DOT = 7; // the circle of one that carries nothing
const GAP = 4;
const PACKED_MOST = 260; // circles that are packed one against another; more stand in a spiral
const GOLDEN = Math.PI * (3 - Math.sqrt(5));

interface Circle {
	x: number;
	y: number;
	r: number;
}

const spiralRadius = (leaves: number): number => (leaves > 0 ? STEP * Math.sqrt(leaves + 1) + DOT : DOT);

/** Where circles stand around the origin, which is taken up to `inner`. */
function pack(circles: Circle[], inner: number): void {
	if (circles.length > PACKED_MOST) return spread(circles, inner);
	const level = inner === 0; // trees stand beside each other: screens are wide
	const placed: Circle[] = inner > 0 ? [{ x: 0, y: 0, r: inner }] : [];
	for (const circle of circles) {
		if (placed.length > 0) {
			let away = inner + circle.r + GAP;
			while (!free(circle, placed, away, level ? 0 : away)) away += Math.max(3, circle.r / 3);
		}
		placed.push(circle);
	}
}

/** The circle around all of them: near enough to the smallest one. */
function around(circles: Circle[]): Circle {
	let [left, right, top, bottom] = [0, 0, 0, 0];
	for (const { x, y, r } of circles) {
		left = Math.min(left, x - r);
		right = Math.max(right, x + r);
		top = Math.min(top, y - r);
		bottom = Math.max(bottom, y + r);
	}
	const [x, y] = [(left + right) / 2, (top + bottom) / 2];
	return { x, y, r: Math.max(...circles.map((one) => Math.hypot(one.x - x, one.y - y) + one.r)) };
}

/** Puts it on the ring where there is room. */
function free(circle: Circle, placed: Circle[], away: number, turn: number): boolean {
	const steps = Math.min(180, Math.max(8, Math.ceil((2 * Math.PI * away) / Math.max(4, circle.r / 2))));
	for (let i = 0; i < steps; i++) {
		const angle = (i / steps) * 2 * Math.PI + turn;
		const [x, y] = [Math.cos(angle) * away, Math.sin(angle) * away];
		if (placed.some((other) => (other.x - x) ** 2 + (other.y - y) ** 2 < (other.r + circle.r + GAP) ** 2)) continue;
		[circle.x, circle.y] = [x, y];
		return true;
	}
	return false;
}

function spread(circles: Circle[], inner: number): void {
	const widest = Math.max(...circles.map(({ r }) => r)) + GAP;
	const start = (inner / (2 * widest)) ** 2 + 1;
	circles.forEach((circle, i) => {
		const away = 2 * widest * Math.sqrt(start + i);
		[circle.x, circle.y] = [Math.cos(i * GOLDEN) * away, Math.sin(i * GOLDEN) * away];
	});
}

/** parents[i]: the index of the node that i hangs on, or -1. */
export function layout(parents: number[]): Place[] {
	const places: Place[] = parents.map((parent) => ({ x: 0, y: 0, r: DOT, dx: 0, dy: 0, parent, depth: 0, children: [] }));
	const roots: number[] = [];
	parents.forEach((parent, i) => (parent >= 0 && parent !== i ? places[parent]!.children.push(i) : roots.push(i)));
	const order: number[] = [];
	const seen = new Set<number>();
	const walk = (root: number) => {
		const from = order.length;
		seen.add(root);
		order.push(root);
		for (let at = from; at < order.length; at++) {
			const place = places[order[at]!]!;
			place.children = place.children.filter((child) => !seen.has(child));
			for (const child of place.children) {
				seen.add(child);
				places[child]!.depth = place.depth + 1;
				order.push(child);
			}
		}
	};
	for (const root of roots) walk(root);
	for (let i = 0; i < parents.length; i++)
		if (!seen.has(i)) {
			roots.push(i); // a ring of things that hang on each other
			places[i]!.parent = -1;
			walk(i);
		}
	for (const at of [...order].reverse()) arrange(places, places[at]!);
	const top = roots.map((root): Circle & { root: number } => ({ x: 0, y: 0, r: places[root]!.r, root })).sort((a, b) => b.r - a.r);
	pack(top, 0);
	for (const { root, x, y } of top) [places[root]!.x, places[root]!.y] = [x + places[root]!.dx, y + places[root]!.dy];
	for (const at of order) {
		const { x, y, children } = places[at]!;
		for (const child of children) {
			places[child]!.x += x;
			places[child]!.y += y;
		}
	}
	return places;
}

/** Its children around it; their places are told from it until all are known. */
function arrange(places: Place[], node: Place): void {
	const leaves = node.children.filter((child) => places[child]!.children.length === 0);
	const inner = node.children.filter((child) => places[child]!.children.length > 0);
	leaves.forEach((leaf, k) => {
		const away = STEP * Math.sqrt(k + 1.6);
		places[leaf]!.x = Math.cos(k * GOLDEN) * away;
		places[leaf]!.y = Math.sin(k * GOLDEN) * away;
	});
	const circles = inner.map((child): Circle & { child: number } => ({ x: 0, y: 0, r: places[child]!.r, child })).sort((a, b) => b.r - a.r);
	const own = spiralRadius(leaves.length);
	pack(circles, own);
	const whole = around([{ x: 0, y: 0, r: own }, ...circles]);
	[node.r, node.dx, node.dy] = [whole.r, -whole.x, -whole.y];
	for (const { child, x, y } of circles) {
		places[child]!.x = x + places[child]!.dx;
		places[child]!.y = y + places[child]!.dy;
	}
}
