import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

type Point = [number, number];
interface Topology {
	arcs: Point[][];
	transform: { scale: Point; translate: Point };
	objects: { countries: { geometries: { type: string; id?: string; arcs: number[][] | number[][][]; properties: { name: string } }[] } };
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`./node_modules/${name}`, import.meta.url), 'utf8'));

/** Countries as SVG paths of 960 × 500 by ISO 3166 alpha-2, drawn here (Natural Earth projection), so that the page needs no
 * geometry of its own; countries too small for 1:110 million are dots. */
function worldMap(): Record<string, string> {
	const alpha2 = new Map<string, string>((read('i18n-iso-countries/codes.json') as string[][]).map(([two, , number]) => [number!, two!]));
	const project = ([lon, lat]: Point): Point => {
		const x = (lon * Math.PI) / 180;
		const p = (lat * Math.PI) / 180;
		const p2 = p * p;
		const p4 = p2 * p2;
		return [480 + 175 * x * (0.8707 - 0.131979 * p2 + p4 * (-0.013791 + p4 * (0.003971 * p2 - 0.001529 * p4))), 262 - 175 * p * (1.007226 + p2 * (0.015085 + p4 * (-0.044475 + 0.028874 * p2 - 0.005916 * p4)))];
	};
	/** What of a ring lies on one side of a meridian. */
	const side = (points: Point[], lon: number, sign: number): Point[] =>
		points.flatMap((to, i): Point[] => {
			const from = points[(i + points.length - 1) % points.length]!;
			const [a, b] = [(from[0] - lon) * sign, (to[0] - lon) * sign];
			const at = (): Point => [lon, from[1] + ((to[1] - from[1]) * (lon - from[0])) / (to[0] - from[0])];
			return b >= 0 ? (a >= 0 ? [to] : [at(), to]) : a >= 0 ? [at()] : [];
		});
	/** Rings that cross the date line are cut there: the atlas joins them. */
	const cut = (points: Point[]): Point[][] => {
		let shift = 0;
		const whole = points.map(([lon, lat], i): Point => {
			const before = points[i - 1]?.[0] ?? lon;
			if (lon - before > 180) shift -= 360;
			else if (before - lon > 180) shift += 360;
			return [lon + shift, lat];
		});
		return [-360, 0, 360]
			.map((by) => side(side(whole.map(([lon, lat]): Point => [lon + by, lat]), -180, 1), 180, -1))
			.filter((one) => one.length > 2);
	};
	const countries = (name: string): Map<string, Point[][]> => {
		const topology = read(`world-atlas/${name}`) as Topology;
		const { scale, translate } = topology.transform;
		const arcs = topology.arcs.map((arc) => {
			let [x, y] = [0, 0];
			return arc.map(([dx, dy]): Point => [(x += dx) * scale[0] + translate[0], (y += dy) * scale[1] + translate[1]]);
		});
		const ring = (parts: number[]) => cut(parts.flatMap((n, i) => (n < 0 ? [...arcs[~n]!].reverse() : arcs[n]!).slice(i > 0 ? 1 : 0))).map((points) => points.map(project));
		return new Map(
			topology.objects.countries.geometries.flatMap(({ type, id, arcs: parts, properties }): [string, Point[][]][] => {
				const code = properties.name === 'Kosovo' ? 'XK' : alpha2.get(id ?? '');
				if (!code || code === 'AQ') return [];
				const polygons = type === 'Polygon' ? [parts as number[][]] : (parts as number[][][]);
				return [[code, polygons.flatMap((polygon) => polygon.flatMap(ring))]];
			}),
		);
	};
	const short = (n: number) => String(Math.round(n * 10) / 10);
	const path = (rings: Point[][]) =>
		rings
			.map((points) => {
				let [lastX, lastY] = [0, 0];
				return `${points
					.map(([x, y], i) => {
						const [fromX, fromY] = [lastX, lastY];
						[lastX, lastY] = [Math.round(x * 10) / 10, Math.round(y * 10) / 10];
						return i === 0 ? `M${short(lastX)} ${short(lastY)}` : lastX === fromX && lastY === fromY ? '' : `l${short(lastX - fromX)} ${short(lastY - fromY)}`;
					})
					.join('')}z`;
			})
			.join('');
	const large = countries('countries-110m.json');
	const out: Record<string, string> = {};
	for (const [code, rings] of large) out[code] = path(rings);
	for (const [code, rings] of countries('countries-50m.json')) {
		if (large.has(code)) continue;
		const [x, y] = rings.sort((a, b) => b.length - a.length)[0]!.reduce(([ax, ay], [bx, by], i) => [(ax * i + bx) / (i + 1), (ay * i + by) / (i + 1)]);
		out[code] = `${short(x)},${short(y)}`;
	}
	return out;
}

const world: Plugin = {
	name: 'world',
	resolveId: (id) => (id === 'virtual:world' ? '\0world' : null),
	load: (id) => (id === '\0world' ? `export default ${JSON.stringify(worldMap())};` : null),
};

// The bundle is served by the C server under a strict Content-Security-Policy: nothing may be inlined, neither
// scripts nor images as data: URLs, and every name but index.html carries its content's hash.
export default defineConfig({
	base: './',
	plugins: [world],
	build: {
		target: 'es2022',
		assetsInlineLimit: 0,
		cssCodeSplit: false,
		modulePreload: false,
		sourcemap: false,
		reportCompressedSize: true,
	},
});
