// The part of the mock server that knows closed networks: relays, sites, and bundles that are carried there.
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const GB = 1_000_000_000;

/** A hospital with a ward network (two relays, one silent), an annex fed by bundles, and a laboratory behind another relay. */
function closed(h) {
	const ago = (ms) => h.iso(h.now - ms);
	const relay = (id, name, site, more) => ({ id, name, site, state: 'active', silent: false, by_bundle: false, urls: [`https://${name}.hospital.example:8480`], names: [`${name}.hospital.example`], version: '0.1.0', enrolled_at: ago(60 * DAY), last_seen: ago(40_000), peer: '192.0.2.7', space: 0, space_max: 100 * GB, hits: 0, misses: 0, served: 0, fetched: 0, metadata_at: null, queue: 0, lists_old: 0, refused_total: 0, trouble: null, ...more });
	return {
		relays: [
			relay('relay-1', 'relay-ward-a', '病棟ネットワーク', { names: ['relay-ward-a.hospital.example', '10.1.0.5'], urls: ['https://10.1.0.5:8480'], space: 41.3 * GB, hits: 48_211, misses: 1_804, served: 812 * GB, fetched: 33.2 * GB, metadata_at: ago(5 * HOUR), lists_old: 1, refused_total: 337 }),
			relay('relay-2', 'relay-ward-b', '病棟ネットワーク', { silent: true, last_seen: ago(9 * HOUR), space: 38 * GB, hits: 21_940, misses: 1_322, served: 371 * GB, fetched: 29.7 * GB, metadata_at: ago(14 * HOUR), queue: 3 }),
			relay('relay-3', 'relay-lab', '検査室', { peer: '10.1.0.5', space: 12 * GB, space_max: 20 * GB, hits: 932, misses: 310, served: 14 * GB, fetched: 6.1 * GB, metadata_at: ago(100 * HOUR), lists_old: 1, trouble: '配布元から署名と異なるファイルが届いたため、拒否しました。' }),
			relay('relay-4', 'relay-annex', '別館', { by_bundle: true, peer: '', last_seen: ago(6 * DAY), space: 9.4 * GB, hits: 4_120, misses: 0, served: 61 * GB, metadata_at: ago(26 * HOUR), queue: 12 }),
			relay('relay-5', 'relay-old', null, { state: 'revoked', last_seen: ago(80 * DAY) }),
		],
		sites: [
			{ site: '検査室', relay_only: true, fresh_h: 72, note: '分析装置のある部屋' },
			{ site: '別館', relay_only: true, fresh_h: 336, note: 'USB メモリーのみ。毎月第 1 月曜に運搬' },
			{ site: '病棟ネットワーク', relay_only: false, fresh_h: 72, note: '' },
		],
		bundles: [
			{ site: '別館', direction: 'down', counter: 6, id: 'b6', relay: null, since: 4, seen: 0, made: ago(24 * DAY), expires: ago(-6 * DAY), at: ago(24 * DAY - HOUR), members: 412, bytes: 1_830_000_000, by: 'admin' },
			{ site: '別館', direction: 'up', counter: 5, id: 'u5', relay: 'relay-4', since: 0, seen: 5, made: ago(26 * DAY), expires: ago(-4 * DAY), at: ago(25 * DAY), members: 15, bytes: 640_000, by: 'admin' },
			{ site: '別館', direction: 'down', counter: 5, id: 'b5', relay: null, since: 4, seen: 0, made: ago(55 * DAY), expires: ago(25 * DAY), at: ago(55 * DAY), members: 820, bytes: 2_410_000_000, by: 'admin' },
		],
	};
}

const sitesOf = (host, i) => (host.group === '検査科' ? '検査室' : i % 9 === 4 ? '別館' : host.group?.startsWith('病棟') ? '病棟ネットワーク' : null);

/** Of which site a machine is. */
export function siteOf(h, host) {
	if (host.site === undefined) h.hosts.forEach((x, i) => (x.site ??= sitesOf(x, i)));
	return host.site;
}

const all = (h) => (h.closed ??= closed(h));

function bundleOf(h, site) {
	const mine = all(h).bundles.filter((b) => b.site === site && b.at).sort((a, b) => (a.made < b.made ? 1 : -1));
	const [down, up] = ['down', 'up'].map((direction) => mine.find((b) => b.direction === direction));
	if (!down && !up) return null;
	const seen = Math.max(0, ...mine.map((b) => b.seen));
	return { counter: down?.counter ?? 0, made: down?.made ?? null, expires: down?.expires ?? null, seen, seen_made: mine.find((b) => b.direction === 'down' && b.counter === seen)?.made ?? null, up: up?.counter ?? 0, up_made: up?.made ?? null, up_at: up?.at ?? null };
}

const newest = (times) => times.filter(Boolean).sort().at(-1) ?? null;

function siteItem(h, row) {
	const relays = all(h).relays.filter((r) => r.site === row.site && r.state === 'active');
	const metadata_at = newest(relays.map((r) => r.metadata_at));
	const hosts = h.hosts.filter((x) => siteOf(h, x) === row.site && x.state === 'active').length;
	return { ...row, hosts, relays: relays.length, metadata_at, stale: metadata_at !== null && Date.parse(metadata_at) + row.fresh_h * HOUR < h.now, last_seen: newest(relays.map((r) => r.last_seen)), queue: relays.reduce((sum, r) => sum + r.queue, 0), bundle: bundleOf(h, row.site) };
}

const relayItem = (r) => ({ ...r, hit_rate: r.hits + r.misses > 0 ? r.hits / (r.hits + r.misses) : null });

function next(h, site, query) {
	const mine = h.hosts.filter((x) => siteOf(h, x) === site && x.state === 'active');
	const lacks = h.targets.filter((t) => mine.includes(t.host) && !t.state.startsWith('installed'));
	const patches = [...new Set(lacks.map((t) => t.patch))];
	const fixed = (p) => h.vulnerabilities.filter((v) => v.patch === p.id);
	const rank = ['unknown', 'low', 'medium', 'high', 'critical'];
	const items = patches.filter((p) => fixed(p).length > 0).map((p) => ({ package: p.source, severity: rank[Math.max(...fixed(p).map((v) => rank.indexOf(v.severity)))], kev: fixed(p).filter((v) => v.kev).length, vulnerabilities: fixed(p).length, hosts: lacks.filter((t) => t.patch === p).length }));
	items.sort((a, b) => b.kev - a.kev || rank.indexOf(b.severity) - rank.indexOf(a.severity) || b.vulnerabilities - a.vulnerabilities);
	const known = bundleOf(h, site);
	const heard = mine.length > 0 ? h.iso(h.now - 6 * DAY) : null;
	return { counter: (known?.counter ?? 0) + 1, since: known?.seen ?? 0, hosts: mine.length, heard_first: heard, heard_last: heard, updates: patches.length, bytes: patches.reduce((sum, p) => sum + p.size, 0), vulnerabilities: items.reduce((sum, x) => sum + x.vulnerabilities, 0), letters: mine.length, total: items.length, items: items.slice(0, Number(query.get('limit') ?? 100)) };
}

/** What the overview says of them. */
export function relayNotices(h) {
	const notice = (level, code, about, text) => ({ level, code, host: null, ...about, text });
	const silent = all(h).relays.filter((r) => r.silent && r.state === 'active').map((r) => notice('alarm', 'relay-silent', { relay: r.id }, `中継サーバー ${r.name} から連絡がありません。`));
	const stale = all(h).sites.map((s) => siteItem(h, s)).filter((s) => s.stale).map((s) => notice('alarm', 'stale-site', { site: s.site }, `拠点 ${s.site}: パッケージ一覧が上限の ${s.fresh_h} 時間より古くなっています。`));
	const origins = all(h).relays.filter((r) => r.id === 'relay-1' && r.lists_old > 0).map((r) => notice('alarm', 'stale-origin', { relay: r.id }, `中継サーバー ${r.name}: 署名付きの一覧 https://security.example/debian-security/dists/bookworm-security/InRelease の有効期限が切れました。`));
	return [...silent, ...stale, ...origins];
}

/** Where the first relay goes: fresh, one list past its end, one that nobody asks for any more, one that is not signed. */
function originsOf(h, r) {
	const at = (ms) => h.iso(h.now + ms);
	const signed = (base, path, label, dated, expires, checked, state) => ({ url: `${base}${path}`, label, dated: at(dated), expires: expires === null ? null : at(expires), checked: checked === null ? null : at(checked), state });
	const origin = (url, by, lists, more = {}) => ({ url, by, unverified: false, state: lists.some((l) => l.state === 'expired') ? 'expired' : lists.some((l) => l.state === 'stale') ? 'stale' : (lists[0]?.state ?? 'unread'), lists, ...more });
	if (r.id === 'relay-3') return [origin('https://deb.example/debian/', 'relay', [signed('https://deb.example/debian/', 'dists/bookworm/InRelease', 'Debian bookworm', -70 * DAY, null, -100 * HOUR, 'stale')])];
	if (r.id !== 'relay-1') return [];
	return [
		origin('https://deb.example/debian/', 'relay', [
			signed('https://deb.example/debian/', 'dists/bookworm/InRelease', 'Debian bookworm', -70 * DAY, null, -5 * HOUR, 'current'),
			signed('https://deb.example/debian/', 'dists/bookworm-updates/InRelease', 'Debian bookworm-updates', -9 * HOUR, 7 * DAY, -5 * HOUR, 'current'),
			signed('https://deb.example/debian/', 'dists/bullseye/InRelease', 'Debian bullseye', -300 * DAY, null, -45 * DAY, 'unused'),
		]),
		origin('https://security.example/debian-security/', 'relay', [signed('https://security.example/debian-security/', 'dists/bookworm-security/InRelease', 'Debian bookworm-security', -8 * DAY, -DAY, -2 * HOUR, 'expired')]),
		origin('https://download.vendor.example/', 'bundle', []),
		origin('http://printer.example/drivers/', 'relay', [], { unverified: true }),
	];
}

const refusedOf = (h, r) =>
	r.refused_total > 0
		? [
				{ what: 'telemetry.vendor.example:443', peer: '10.1.3.21', count: 318, last: h.iso(h.now - 4 * MINUTE) },
				{ what: 'www.example.com', peer: '10.1.5.40', count: 12, last: h.iso(h.now - 3 * HOUR) },
				{ what: '198.51.100.7:4444', peer: '10.1.3.21', count: 2, last: h.iso(h.now - 26 * HOUR) },
			]
		: [];

/** Thirty days with a Patch Tuesday, and two on which it was off. */
function trendOf(h, r, days) {
	const today = Math.floor((h.now + 9 * HOUR) / DAY);
	const text = (day) => new Date(day * DAY).toISOString().slice(0, 10);
	const items = Array.from({ length: days }, (_, i) => {
		const busy = i % 7 === 4 ? 4 : i % 7 > 4 ? 0.4 : 1;
		const [hits, misses] = [Math.round(1600 * busy), Math.round(60 * busy + (i === 18 ? 240 : 0))];
		return { day: text(today - days + 1 + i), hits, misses, hit_rate: hits / (hits + misses), served: Math.round(27 * GB * busy), fetched: Math.round((1.1 * busy + (i === 18 ? 9 : 0)) * GB), space: Math.round((30 + i * 0.38) * GB), space_max: r.space_max };
	}).filter((_, i) => i !== 11 && i !== 12);
	return { days, today: text(today), items: r.hits > 0 ? items : [] };
}

export function relayRoutes(Refusal, list) {
	const find = (h, id) => {
		const found = all(h).relays.find((r) => r.id === id);
		if (!found) throw new Refusal(404, 'not-found', 'この中継サーバーはありません。');
		return found;
	};
	const siteless = (h) => (all(h).relays.some((r) => r.site === null && r.state === 'active') ? [{ site: null, relay_only: false, fresh_h: 72, note: '' }] : []);
	return [
		['GET', /^relays$/, (h, m, q) => list(all(h).relays.map(relayItem), q, { name: (x) => x.name, site: (x) => x.site ?? '', last_seen: (x) => x.last_seen ?? '' })],
		['GET', /^relays\/([^/]+)$/, (h, [id]) => ({ ...relayItem(find(h, id)), origins: originsOf(h, find(h, id)), refused: refusedOf(h, find(h, id)) })],
		['GET', /^relays\/([^/]+)\/trend$/, (h, [id], q) => trendOf(h, find(h, id), Number(q.get('days') ?? 30))],
		['PATCH', /^relays\/([^/]+)$/, (h, [id], q, body) => {
			const r = Object.assign(find(h, id), { site: body.site });
			if (body.site && !all(h).sites.some((s) => s.site === body.site)) all(h).sites.push({ site: body.site, relay_only: false, fresh_h: 72, note: '' });
			return relayItem(r);
		}],
		['POST', /^relays\/([^/]+)\/revoke$/, (h, [id]) => relayItem(Object.assign(find(h, id), { state: 'revoked', silent: false }))],
		['DELETE', /^relays\/([^/]+)$/, (h, [id]) => {
			find(h, id);
			all(h).relays = all(h).relays.filter((r) => r.id !== id);
		}],
		['GET', /^sites$/, (h, m, q) => list([...siteless(h), ...all(h).sites].map((s) => siteItem(h, s)), q)],
		['GET', /^sites\/([^/]+)\/next$/, (h, [site], q) => next(h, site, q)],
		['PUT', /^sites\/([^/]+)$/, (h, [site], q, body) => siteItem(h, Object.assign(all(h).sites.find((s) => s.site === site), body))],
		['GET', /^bundles$/, (h, m, q) => list(all(h).bundles.filter((b) => !q.get('site') || b.site === q.get('site')), q)],
	];
}

/** A relay that the token of this test enrolled; it has not spoken yet. */
export function enrolled(h, name, site) {
	h.tokens.at(-1).used = 1;
	all(h).relays.push({ ...all(h).relays[0], id: `relay-${name}`, name, site, last_seen: null, metadata_at: null, hits: 0, misses: 0, space: 0, space_max: 0, urls: [], names: [], peer: '', enrolled_at: h.iso(Date.now() - MINUTE), queue: 0, lists_old: 0, refused_total: 0 });
}

/** Nothing closed yet. */
export function unclosed(h) {
	h.closed = { relays: [], sites: [], bundles: [] };
	for (const host of h.hosts) host.site = null;
}
