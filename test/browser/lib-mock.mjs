// A stand-in for the server, for what the real one cannot be brought to show: a whole hospital, hostile names,
// errors. It serves the built dashboard under the same strict policy and the API of doc/api.md from made-up data.
//   node test/browser/lib-mock.mjs DIST [PORT]    to look at it
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { dueOf, hospital, hostItem } from './lib-data.mjs';
import { groupRoutes } from './lib-groups.mjs';
import { relayNotices, relayRoutes, siteOf } from './lib-relays.mjs';
import { planRoutes, trouble, wardAnswer } from './lib-plan.mjs';

export const POLICY =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

class Refusal extends Error {
	constructor(status, code, message) {
		super(message);
		this.answer = { status, body: { error: { code, message } } };
	}
}

function list(items, query, sorts = {}) {
	let rows = items;
	const sort = query.get('sort');
	if (sort) {
		const by = sorts[sort.replace(/^-/, '')];
		if (!by) throw new Refusal(400, 'usage', `unknown sort ${sort}`);
		const sign = sort.startsWith('-') ? -1 : 1;
		rows = [...rows].sort((a, b) => (by(a) < by(b) ? -sign : by(a) > by(b) ? sign : 0));
	}
	const offset = Number(query.get('offset') ?? 0);
	return { total: rows.length, items: rows.slice(offset, offset + Number(query.get('limit') ?? 100)) };
}

const has = (text, q) => !q || text.toLowerCase().includes(q.toLowerCase());
const ref = (host) => ({ id: host.id, name: host.name, group: host.group });

const ATTENTION = {
	security: (x) => x.security > 0,
	failed: (x) => x.failed > 0,
	silent: (x) => x.silent,
	reboot: (x) => x.reboot,
	eol: (x) => x.os.ended,
	kev: (x) => x.findings.kev > 0,
	overdue: (x) => x.actions.overdue > 0,
	'not-matched': (x) => x.not_matched !== null,
};

function hosts(h, query) {
	const rows = h.hosts
		.map((host) => hostItem(h, host))
		.filter((x) => has(`${x.name} ${x.addresses} ${x.os.name}`, query.get('q')))
		.filter((x) => !query.get('group') || x.group === query.get('group'))
		.filter((x) => !query.get('site') || (siteOf(h, h.hosts.find(({ id }) => id === x.id)) ?? '-') === query.get('site'))
		.filter((x) => !query.get('state') || x.state === query.get('state'))
		.filter((x) => !query.get('attention') || ATTENTION[query.get('attention')](x));
	const pressing = (x) => x.findings.critical * 1000 + x.findings.high;
	return list(rows, query, {
		name: (x) => x.name,
		group: (x) => x.group ?? '',
		os: (x) => x.os.name,
		last_seen: (x) => x.last_seen,
		security: (x) => x.security,
		pending: (x) => x.pending,
		findings: pressing,
	});
}

function hostOf(h, id) {
	const host = h.hosts.find((x) => x.id === id);
	if (!host) throw new Refusal(404, 'not-found', 'この端末は登録されていません。');
	return host;
}

function hostDetail(h, id) {
	const host = hostOf(h, id);
	const release = '6.1.0-37-amd64';
	return {
		...hostItem(h, host),
		enrolled_at: h.iso(h.now - 40 * 86_400_000),
		boot: 'b1',
		kernel: {
			running: release,
			installed: [
				{ package: 'linux-image-6.1.0-37-amd64', version: '6.1.140-1', release, running: true },
				{ package: 'linux-image-6.1.0-31-amd64', version: '6.1.128-1', release: '6.1.0-31-amd64', running: false },
			],
		},
		hardware: {
			maker: 'NEC',
			model: 'Mate MKM30/B',
			serial: '5X00123K',
			uuid: 'u',
			firmware: '1.12',
			cpu: 'Intel Core i5-12500',
			memory: 16_000_000_000,
			disks: [{ name: 'nvme0n1', model: 'KXG6AZNV256G', serial: 'Y0AB12', size: 256_060_514_304 }],
			interfaces: [{ name: 'enp1s0', mac: '3c:ec:ef:12:34:56', addresses: host.addresses }],
		},
		last_user: '佐藤',
		timezone: 'Asia/Tokyo',
		backup_at: null,
		settings: [
			{ setting: 'lockout', state: 'in-force', why: null },
			{ setting: 'rdp', state: host.silent ? 'failed' : 'conflict', why: 'ドメインのポリシー「Default Domain Policy」が定めているため、変更していません。' },
			{ setting: 'smb1', state: 'not-applicable', why: 'この端末にファイル共有はありません。' },
		],
		reboot_signals: host.reboot ? ['/run/reboot-required: linux-image-6.1.0-37-amd64'] : [],
		planned_at: h.iso(h.now - 180_000),
		plan_error: null,
		lists_at: h.iso(h.now - 3 * 3_600_000),
		next_check_in: h.iso(h.now + 120_000),
		certificate: { serial: '01', not_after: h.iso(h.now + 140 * 86_400_000) },
		notices: host.silent ? [{ level: 'warning', code: 'silent', host: ref(host), text: '2 日前から応答がありません。' }] : [],
		sections: { system: h.iso(h.now - 180_000), packages: h.iso(h.now - 180_000), updates: h.iso(h.now - 180_000) },
	};
}

function patchItem(h, patch) {
	const counts = {};
	for (const t of h.targets.filter((x) => x.patch === patch)) counts[t.state] = (counts[t.state] ?? 0) + 1;
	const { from, ...item } = patch;
	return { ...item, hosts: counts };
}

function patches(h, query) {
	const rows = h.patches
		.map((patch) => patchItem(h, patch))
		.filter((x) => has(x.title, query.get('q')))
		.filter((x) => !query.get('security') || String(x.security) === query.get('security'))
		.filter((x) => !query.get('state') || x.hosts[query.get('state')] > 0);
	const rank = (x) => ['critical', 'high', 'medium', 'low', 'unknown'].indexOf(x.severity);
	return list(rows, query, { title: (x) => x.title, severity: rank, hosts: (x) => x.hosts.missing ?? 0, size: (x) => x.size, first_seen: (x) => x.first_seen });
}

const changes = (patch) => [{ name: patch.source, arch: 'amd64', from: patch.from, to: patch.version }];

function patchDetail(h, id) {
	const patch = h.patches.find((x) => x.id === id);
	if (!patch) throw new Refusal(404, 'not-found', 'この更新プログラムはありません。');
	const targets = h.targets.filter((t) => t.patch === patch);
	return {
		...patchItem(h, patch),
		targets: targets.map((t) => ({
			host: ref(t.host),
			state: t.state,
			why: h.WHY[t.state],
			from: patch.from,
			to: patch.version,
			packages: changes(patch),
			staged: t.staged,
			at: t.at,
		})),
		fixes: h.vulnerabilities
			.filter((v) => v.patch === id)
			.map((v, i) => ({ vulnerability: v.id, severity: v.severity, cvss: v.cvss, kev: v.kev, epss: v.epss, source: i % 3 === 2 ? 'changelog' : 'advisory', advisories: i % 3 === 2 ? [] : v.advisories, title: v.title, hosts: 1, ...dueOf(h, v) })),
	};
}

function hostPatches(h, query) {
	const rows = h.targets
		.filter((t) => !query.get('host') || t.host.id === query.get('host'))
		.filter((t) => (query.get('state') ? t.state === query.get('state') : !t.state.startsWith('installed')))
		.filter((t) => !query.get('security') || String(t.patch.security) === query.get('security'));
	return list(
		rows.map((t) => ({
			host: ref(t.host),
			group: t.host.group,
			patch: t.patch.id,
			title: t.patch.title,
			from: t.patch.from,
			to: t.patch.version,
			state: t.state,
			at: t.at,
			trigger: null,
			why: h.WHY[t.state],
			security: t.patch.security,
			severity: t.patch.severity,
			kev: t.patch.kev,
			staged: t.staged,
		})),
		query,
	);
}

const ORDER = ['running', 'queued'];

function history(h, query) {
	const rows = h.targets
		.filter((t) => t.at !== null)
		.map((t, i) => ({
			attempt: `o${i}/${t.patch.id}`,
			order: `o${i}`,
			host: ref(t.host),
			group: t.host.group,
			patch: t.patch.id,
			title: t.patch.title,
			from: t.patch.from,
			to: t.patch.version,
			packages: changes(t.patch),
			state: t.state,
			at: t.at,
			finished: ORDER.includes(t.state) ? null : h.iso(Date.parse(t.at) + 40_000 + i * 700),
			...(t.state === 'installed' && i % 4 === 0
				? { trigger: 'outside', by: 'clerk (1000)', why: 'mamori ではなく「apt-get install」による変更です(指示した人: clerk (1000))。' }
				: { trigger: 'order', by: 'admin', why: t.state === 'failed' ? h.WHY.failed : null }),
			words: ORDER.includes(t.state) ? null : h.WORDS,
		}))
		.filter((a) => !query.get('host') || a.host.id === query.get('host'))
		.filter((a) => !query.get('patch') || a.patch === query.get('patch'))
		.filter((a) => !query.get('group') || a.group === query.get('group'))
		.filter((a) => !query.get('state') || a.state === query.get('state'))
		.filter((a) => !query.get('from') || a.at >= query.get('from'))
		.filter((a) => !query.get('to') || a.at <= query.get('to'))
		.filter((a) => has(`${a.title} ${a.host.name} ${a.words}`, query.get('q')));
	const rank = (a) => (ORDER.includes(a.state) ? ORDER.indexOf(a.state) : 2);
	rows.sort((a, b) => rank(a) - rank(b) || (a.at < b.at ? 1 : -1));
	return list(rows, query);
}

function affected(h, v) {
	return h.targets.filter((t) => t.patch.id === v.patch && !t.state.startsWith('installed'));
}

function vulnerabilityItem(h, v) {
	const { patch, ...item } = v;
	const rows = affected(h, v);
	return { ...item, ...dueOf(h, v), hosts: rows.length, fixable: rows.filter((t) => t.state !== 'kept-back').length };
}

function vulnerabilities(h, query) {
	const rows = h.vulnerabilities
		.map((v) => vulnerabilityItem(h, v))
		.filter((v) => v.hosts > 0 && has(`${v.id} ${v.packages}`, query.get('q')))
		.filter((v) => !query.get('severity') || v.severity === query.get('severity'))
		.filter((v) => !query.get('kev') || v.kev)
		.filter((v) => within(v, query, h.now));
	rows.sort((a, b) => Number(b.kev) - Number(a.kev) || b.epss - a.epss);
	return list(rows, query, { ...byDue, id: (x) => x.id, hosts: (x) => x.hosts, epss: (x) => x.epss, cvss: (x) => x.cvss });
}

function vulnerabilityDetail(h, id) {
	const v = h.vulnerabilities.find((x) => x.id === id);
	if (!v) throw new Refusal(404, 'not-found', 'この脆弱性の検出はありません。');
	return {
		...vulnerabilityItem(h, v),
		findings: affected(h, v).map((t) => ({ host: ref(t.host), package: t.patch.source, installed: t.patch.from, fixed: t.patch.version, patch: t.patch.id, ...dueOf(h, v), first_seen: h.iso(h.now - 9 * 86_400_000), why: `${v.advisories[0]}: ${t.patch.version} 未満が対象です。` })),
	};
}

function findings(h, id, query) {
	const host = hostOf(h, id);
	const rows = h.targets
		.filter((t) => t.host === host && !t.state.startsWith('installed'))
		.flatMap((t) =>
			h.vulnerabilities
				.filter((v) => v.patch === t.patch.id)
				.map((v) => ({ package: t.patch.source, source: t.patch.source, installed: t.patch.from, fixed: t.patch.version, vulnerability: v.id, aliases: [], advisories: v.advisories, severity: v.severity, cvss: v.cvss, kev: v.kev, epss: v.epss, running: null, ...dueOf(h, v), first_seen: h.iso(h.now - 9 * 86_400_000), why: `${v.advisories[0]}: ${t.patch.version} 未満が対象です。`, patch: t.patch.id })),
		)
		.filter((f) => has(`${f.vulnerability} ${f.package}`, query.get('q')) && (!query.get('severity') || f.severity === query.get('severity')) && (!query.get('kev') || f.kev))
		.filter((f) => within(f, query, h.now));
	return list(rows, query, byDue);
}

const DAY = 86_400_000;

/** Ninety days in which things get better. */
function trend(h, query) {
	const days = Number(query.get('days') ?? 90);
	const items = Array.from({ length: days }, (_, i) => {
		const left = (days - i) / days;
		const wave = (n) => Math.round(n * left + (n / 6) * Math.sin(i / 5) ** 2);
		return { day: h.iso(h.now - (days - 1 - i) * DAY).slice(0, 10), hosts: 48, clean: 48 - wave(40), critical: wave(24), high: wave(90), medium: wave(160), low: wave(60), unknown: wave(12), kev: wave(5), overdue: wave(30), new: i % 7 === 0 ? 31 : 0, fixed: i % 7 === 2 ? 44 : 0 };
	});
	const fixed = { critical: { count: 21, mean_days: 2.4 }, high: { count: 80, mean_days: 9.1 }, medium: { count: 0, mean_days: null }, low: { count: 0, mean_days: null }, unknown: { count: 0, mean_days: null } };
	return { days, group: query.get('group'), items, fixed };
}

const SETS = [
	{ name: 'bod', title: 'CISA BOD 26-04:3 日・14 日・60 日' },
	{ name: 'pci', title: 'PCI DSS 6.3.3:緊急と重要は 1 か月' },
];

function settings(h, body) {
	if (body && !SETS.some((set) => set.name === body.deadlines)) throw new Refusal(400, 'usage', 'この基準はありません。');
	h.deadlines = body?.deadlines ?? h.deadlines ?? 'bod';
	return { timezone: 'Asia/Tokyo', deadlines: h.deadlines, deadline_sets: SETS };
}

const within = (f, query, now) => {
	const action = query.get('action');
	const due = query.get('due');
	const left = f.due ? (Date.parse(f.due) - now) / DAY : null;
	const spans = { overdue: (n) => n < 0, today: (n) => n >= 0 && n < 1, week: (n) => n >= 0 && n < 7, month: (n) => n >= 0 && n < 30 };
	return (!action || action.split(',').includes(f.action)) && (!due || (left !== null && spans[due](left)));
};

const byDue = { due: (x) => x.due ?? '9', severity: (x) => x.severity, package: (x) => x.package, vulnerability: (x) => x.vulnerability };

function groupsOf(h) {
	const names = [...new Set(h.hosts.map((x) => x.group))];
	return names.map((group) => {
		const mine = h.hosts.filter((x) => x.group === group && x.state === 'active').map((x) => hostItem(h, x));
		const behind = mine.filter((x) => x.security > 0).length;
		return { group, hosts: mine.length, security: behind, current: mine.length - behind, silent: mine.filter((x) => x.silent).length };
	});
}

function overview(h) {
	const items = h.hosts.map((x) => hostItem(h, x));
	const active = items.filter((x) => x.state === 'active');
	const count = (test) => h.targets.filter(test).length;
	const sum = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0, kev: 0 };
	for (const x of active) for (const key of Object.keys(sum)) sum[key] += x.findings[key];
	const notice = (level, code, x, text) => ({ level, code, host: x && ref(x), text });
	return {
		server: { name: 'mamori.hospital.example', version: '0.1.0', now: h.iso(h.now), url: 'https://mamori.hospital.example:8443' },
		hosts: {
			enrolled: active.length,
			pending: items.length - active.length,
			silent: active.filter((x) => x.silent).length,
			with_security: active.filter((x) => x.security > 0).length,
			current: active.filter((x) => x.security === 0).length,
			reboot: active.filter((x) => x.reboot).length,
		},
		patches: {
			missing: count((t) => t.state === 'missing'),
			security: count((t) => t.state === 'missing' && t.patch.security),
			queued: count((t) => t.state === 'queued'),
			running: count((t) => t.state === 'running'),
			failed_7d: count((t) => t.state === 'failed'),
			installed_7d: count((t) => t.state.startsWith('installed')),
		},
		findings: sum,
		actions: active.reduce((all, x) => Object.fromEntries(Object.entries(x.actions).map(([key, n]) => [key, n + (all[key] ?? 0)])), {}),
		overdue_hosts: active.filter((x) => x.actions.overdue > 0).length,
		not_matched: active.filter((x) => x.not_matched !== null).length,
		eol: active.filter((x) => x.os.ended).length,
		groups: groupsOf(h).map(({ security, ...g }) => g),
		feeds: { imported: 4, known: 5, stale: 1, oldest: h.iso(h.now - 3 * 86_400_000), error: h.indexError ?? null },
		notices: [
			...active.filter((x) => x.failed > 0).map((x) => notice('alarm', 'failed', x, '更新に失敗しました:ディスクの空きが 1.2 GB 不足しています。')),
			...active.filter((x) => x.silent).map((x) => notice('warning', 'silent', x, '2 日前から応答がありません。電源とネットワークを確認してください。')),
			...active.filter((x) => x.os.ended).map((x) => notice('warning', 'eol', x, 'OS のサポートが 2024年6月30日に終了しました。')),
			...items.filter((x) => x.state === 'pending').map((x) => notice('info', 'pending-host', x, '承認を待っています。')),
			...relayNotices(h),
			notice('warning', 'stale-feed', null, 'EPSS のデータが 3 日前のものです。「データの鮮度」から取り込んでください。'),
		],
	};
}

function feeds(h) {
	const item = (feed, title, records, age, after) => ({ feed, title, source: age === null ? null : `/var/lib/mamori/feeds/${feed}`, records, imported_at: age === null ? null : h.iso(h.now - age * 3_600_000), published_at: age === null ? null : h.iso(h.now - (age + 5) * 3_600_000), stale: age !== null && age * 3600 > after, stale_after_s: after });
	return {
		items: [item('debian-dsa', 'Debian DSA', 5908, 2, 86_400), item('debian-dla', 'Debian DLA', 4223, 2, 86_400), item('kev', 'CISA KEV', 1404, 5, 86_400), item('epss', 'EPSS', 360_142, 74, 172_800), item('osv', 'OSV', 0, null, 86_400)],
		index: { generation: 12, built_at: h.iso(h.now - 7_200_000), size: 48_300_000, error: h.indexError ?? null },
	};
}

function chosen(h, body) {
	const wantedHosts = body.hosts === 'all' ? h.hosts.map((x) => x.id) : body.hosts;
	const wanted = (t) => (body.patches === 'all' ? true : body.patches === 'security' ? t.patch.security : body.patches.includes(t.patch.id));
	return h.targets.filter((t) => wantedHosts.includes(t.host.id) && ['missing', 'failed'].includes(t.state) && wanted(t));
}

function order(h, body) {
	const rows = chosen(h, body);
	const out = { orders: [], hosts: 0, patches: 0, refused: [] };
	for (const host of h.hosts) {
		const mine = rows.filter((t) => t.host === host);
		if (mine.length === 0) continue;
		if (host.silent) {
			out.refused.push({ host: ref(host), why: '応答がありません。' });
			continue;
		}
		const id = body.dry_run ? null : `o${h.orders.length + 1}`;
		out.orders.push({ id, host: ref(host), patches: mine.map((t) => ({ id: t.patch.id, title: t.patch.title })), starts_by: h.iso(h.now + 300_000) });
		if (id === null) continue;
		h.orders.push({ id, targets: mine });
		for (const t of mine) {
			t.state = body.kind === 'stage' ? t.state : 'queued';
			t.at = body.kind === 'stage' ? t.at : h.iso(h.now);
		}
	}
	out.hosts = out.orders.length;
	out.patches = out.orders.reduce((sum, { patches }) => sum + patches.length, 0);
	return out;
}

function takeBack(h, id) {
	const found = h.orders.find((o) => o.id === id);
	if (!found) throw new Refusal(409, 'conflict', 'この指示は端末が受け取り済みです。');
	for (const t of found.targets) Object.assign(t, { state: 'missing', at: null });
}

function token(h, body) {
	const made = { id: `t${h.tokens.length + 1}`, role: body.role, group: body.group, uses: body.uses, used: 0, expires: h.iso(h.now + body.ttl_s * 1000), revoked: false };
	h.tokens.push(made);
	return { id: made.id, token: `mamori1.${made.id}.eyJzZXJ2ZXIiOiJtYW1vcmkuaG9zcGl0YWwuZXhhbXBsZSJ9.5n2Jk8rQv`, expires: made.expires };
}

const packages = (h, id, query) => {
	hostOf(h, id);
	const names = [...h.patches.map((p) => p.source), 'bash', 'coreutils', 'dpkg', 'apt', 'curl', 'vim-tiny'];
	return list(names.filter((n) => has(n, query.get('q'))).map((name) => ({ name, version: '1.0-1', arch: 'amd64', source: name, source_version: '1.0-1' })), query);
};

// One row per endpoint, as in doc/api.md.
const ROUTES = [
	['GET', /^overview$/, (h) => overview(h)],
	['GET', /^hosts$/, (h, m, q) => hosts(h, q)],
	['GET', /^hosts\/([^/]+)$/, (h, [id]) => hostDetail(h, id)],
	['GET', /^hosts\/([^/]+)\/packages$/, (h, [id], q) => packages(h, id, q)],
	['GET', /^hosts\/([^/]+)\/findings$/, (h, [id], q) => findings(h, id, q)],
	['POST', /^hosts\/([^/]+)\/(approve|revoke|refresh)$/, (h, [id, what]) => {
		const host = hostOf(h, id);
		if (what !== 'refresh') host.state = what === 'approve' ? 'active' : 'revoked';
		return hostItem(h, host);
	}],
	['PATCH', /^hosts\/([^/]+)$/, (h, [id], q, body) => hostItem(h, Object.assign(hostOf(h, id), body))],
	['GET', /^trend$/, (h, m, q) => trend(h, q)],
	['GET', /^settings$/, (h) => settings(h)],
	['PATCH', /^settings$/, (h, m, q, body) => settings(h, body)],
	['GET', /^patches$/, (h, m, q) => patches(h, q)],
	['GET', /^patches\/([^/]+)$/, (h, [id]) => patchDetail(h, id)],
	['GET', /^host-patches$/, (h, m, q) => hostPatches(h, q)],
	['GET', /^history$/, (h, m, q) => history(h, q)],
	['GET', /^vulnerabilities$/, (h, m, q) => vulnerabilities(h, q)],
	['GET', /^vulnerabilities\/([^/]+)$/, (h, [id]) => vulnerabilityDetail(h, id)],
	['GET', /^feeds$/, (h) => feeds(h)],
	['POST', /^orders$/, (h, m, q, body) => order(h, body)],
	['DELETE', /^orders\/([^/]+)$/, (h, [id]) => takeBack(h, id)],
	['GET', /^tokens$/, (h, m, q) => list(h.tokens, q)],
	['POST', /^tokens$/, (h, m, q, body) => token(h, body)],
	['GET', /^audit$/, (h, m, q) => list(h.audit, q)],
	...groupRoutes(Refusal, list, groupsOf),
	...relayRoutes(Refusal, list),
	...planRoutes(Refusal, list),
	['POST', /^signin-links$/, (h) => ({ link: 'https://mamori.hospital.example:8443/#/signin/4f7c2a', expires: h.iso(h.now + 86_400_000) })],
];

function session(mock, method, body) {
	if (method === 'DELETE') mock.signedIn = false;
	if (method === 'POST') {
		if (body.code !== 'code') throw new Refusal(401, 'unauthenticated', 'このリンクは使用済みか期限切れです。');
		mock.signedIn = true;
	}
	if (!mock.signedIn) throw new Refusal(401, 'unauthenticated', 'サインインしていません。');
	return { user: 'admin', role: mock.role, csrf: 'csrf-token', timezone: mock.timezone ?? 'Asia/Tokyo', expires: mock.hospital.iso(mock.hospital.now + 43_200_000) };
}

function answer(mock, method, url, headers, body) {
	const what = url.pathname.slice('/api/v1/'.length);
	if (mock.failing) throw new Refusal(mock.failing, mock.failing === 403 ? 'refused' : 'bug', 'データベースに書き込めません。');
	if (what === 'session') return session(mock, method, body);
	if (!mock.signedIn) throw new Refusal(401, 'unauthenticated', 'サインインしていません。');
	if (method !== 'GET' && headers['x-mamori-csrf'] !== 'csrf-token') throw new Refusal(403, 'refused', 'no CSRF token');
	for (const [verb, pattern, run] of ROUTES) {
		const match = verb === method ? what.match(pattern) : null;
		if (match) return run(mock.hospital, match.slice(1).map(decodeURIComponent), url.searchParams, body);
	}
	throw new Refusal(404, 'not-found', `${method} ${what}`);
}

function serveFile(dist, url, response) {
	const name = url.pathname === '/' ? '/index.html' : url.pathname;
	try {
		const text = readFileSync(path.join(dist, path.normalize(name)));
		response.writeHead(200, { 'Content-Type': TYPES[path.extname(name)] ?? 'application/octet-stream', 'Content-Security-Policy': POLICY });
		response.end(text);
	} catch {
		response.writeHead(404).end();
	}
}

/** Serves `dist` on a free port; the returned object's fields (role, failing, hospital) may be changed while it runs. */
export async function startMock(dist, { port = 0, signedIn = false } = {}) {
	const mock = { role: 'administrator', failing: 0, signedIn, hospital: hospital(Date.now()), requests: [] };
	const server = createServer(async (request, response) => {
		const url = new URL(request.url, 'http://mock');
		const ward = url.pathname.startsWith('/ward/');
		if (!ward && !url.pathname.startsWith('/api/')) return serveFile(dist, url, response);
		let text = '';
		for await (const chunk of request) text += chunk;
		mock.requests.push({ method: request.method, url: request.url, language: request.headers['accept-language'] });
		let result;
		try {
			result = { status: 200, body: (ward ? wardAnswer(Refusal) : answer)(mock, request.method, url, request.headers, text ? JSON.parse(text) : {}) };
		} catch (cause) {
			if (!(cause instanceof Refusal)) throw cause;
			result = cause.answer;
		}
		response.writeHead(result.body === undefined ? 204 : result.status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
		response.end(result.body === undefined ? '' : JSON.stringify(result.body));
	});
	await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
	mock.url = `http://127.0.0.1:${server.address().port}`;
	mock.close = () => {
		server.closeAllConnections();
		server.close();
	};
	return mock;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
	const mock = await startMock(process.argv[2] ?? 'web/dist', { port: Number(process.argv[3] ?? 0), signedIn: true });
	trouble(mock.hospital);
	console.log(mock.url);
}
