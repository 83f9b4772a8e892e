// A made-up hospital for the mock server: 48 machines in seven departments. Everything follows from a fixed seed,
// so that two runs show the same screen. One package and one host carry hostile names.
export const HOSTILE = '<img src=x onerror="globalThis.hostile=1">';

function random(seed) {
	let state = seed;
	return () => {
		state = (state * 1664525 + 1013904223) >>> 0;
		return state / 2 ** 32;
	};
}

const DAY = 86_400_000;
const DEPARTMENTS = ['外来', '病棟3階', '病棟5階', '放射線科', '検査科', '医事課', '薬剤部'];
const DEBIAN = { key: 'debian:12', name: 'Debian GNU/Linux 12 (bookworm)', eol: '2028-06-30T00:00:00Z', ended: false };
const OLD = { key: 'debian:10', name: 'Debian GNU/Linux 10 (buster)', eol: '2024-06-30T00:00:00Z', ended: true };
const SOURCES = [
	['openssl', '3.0.15-1~deb12u1', '3.0.17-1~deb12u2', 'critical', 4, true],
	['linux', '6.1.128-1', '6.1.140-1', 'high', 38, true],
	['glibc', '2.36-9+deb12u9', '2.36-9+deb12u13', 'high', 3, true],
	['libxml2', '2.9.14+dfsg-1.3~deb12u1', '2.9.14+dfsg-1.3~deb12u4', 'critical', 5, true],
	['chromium', '132.0.6834.83-1', '140.0.7339.80-1', 'critical', 61, true],
	['firefox-esr', '128.6.0esr-1~deb12u1', '140.3.0esr-1~deb12u1', 'high', 42, true],
	['sudo', '1.9.13p3-1+deb12u1', '1.9.13p3-1+deb12u2', 'high', 1, true],
	['openssh', '1:9.2p1-2+deb12u4', '1:9.2p1-2+deb12u7', 'medium', 2, true],
	['cups', '2.4.2-3+deb12u8', '2.4.2-3+deb12u9', 'medium', 2, true],
	['tzdata', '2024b-0+deb12u1', '2025b-0+deb12u2', 'unknown', 0, false],
	['base-files', '12.4+deb12u9', '12.4+deb12u12', 'unknown', 0, false],
	[HOSTILE, '1.0-1', '1.0-2', 'low', 1, true],
];
const WHY = {
	missing: 'まだ適用を指示していません。',
	queued: '指示しました。端末の次回の確認を待っています。',
	running: 'いま適用しています。',
	installed: '適用済みです。',
	'installed-pending-reboot': '適用済みです。再起動すると有効になります。',
	failed: '更新に失敗しました:ディスクの空きが 1.2 GB 不足しています。空きを作って再試行してください。',
	'kept-back': '依存するソフトウェアの追加が必要なため、パッケージ管理が保留しています。',
};
const WORDS = 'Reading package lists...\nBuilding dependency tree...\nThe following packages will be upgraded:\n  libssl3 openssl\nE: You don\'t have enough free space in /var/cache/apt/archives/.\n';

const iso = (ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const pick = (next, list) => list[Math.floor(next() * list.length)];

function makePatches(now) {
	return SOURCES.map(([source, from, to, severity, count, security], i) => ({
		id: `deb:${source}@${to}`,
		title: `${source} ${from} → ${to}`,
		source,
		from,
		version: to,
		security,
		size: 1_200_000 * (i + 1),
		origins: security ? 'Debian-Security:12/stable-security' : 'Debian:12.11/stable-updates',
		first_seen: iso(now - (i + 1) * DAY),
		severity,
		kev: i === 0 || i === 4 ? 1 : 0,
		vulnerabilities: count,
	}));
}

function makeVulnerabilities(patches, next) {
	const out = [];
	for (const [i, patch] of patches.entries())
		for (let n = 0; n < Math.min(patch.vulnerabilities, 9); n++) {
			const kev = n === 0 && patch.kev > 0;
			out.push({
				id: `CVE-2026-${10_000 + i * 137 + n}`,
				title: `${patch.source}: memory is used after it was given back`,
				severity: n === 0 ? patch.severity : pick(next, ['high', 'medium', 'low', 'unknown']),
				cvss: Math.round((4 + next() * 5.8) * 10) / 10,
				kev,
				kev_due: kev ? '2026-12-01T00:00:00Z' : null,
				epss: Math.round(next() * 4000) / 10_000,
				packages: [patch.source],
				advisories: [`DSA-${5900 + i}-1`],
				patch: patch.id,
			});
		}
	return out;
}

function makeHost(i, now, next) {
	const group = i === 47 ? null : DEPARTMENTS[i % DEPARTMENTS.length];
	const silent = i % 17 === 9;
	return {
		id: `h${String(i + 1).padStart(4, '0')}`,
		name: i === 46 ? HOSTILE : `${['opd', 'ward3', 'ward5', 'rad', 'lab', 'adm', 'phr'][i % 7]}-pc-${String(Math.floor(i / 7) + 1).padStart(2, '0')}`,
		group,
		state: i === 45 ? 'pending' : 'active',
		os: i === 30 ? OLD : DEBIAN,
		last_seen: iso(now - (silent ? 2.3 * DAY : Math.floor(next() * 290_000))),
		silent,
		agent: '0.1.0',
		addresses: [`10.0.${i % 7}.${10 + i}`],
		packages: 1035 + i,
		reboot: i % 12 === 4,
	};
}

/** host × patch: what the lists, counts and pages are all computed from. */
function makeTargets(hosts, patches, now, next) {
	const out = [];
	for (const host of hosts)
		for (const [p, patch] of patches.entries()) {
			if (host.state !== 'active' || (next() > 0.7 && host.id !== 'h0005')) continue;
			const current = Number(host.id.slice(1)) % 3 === 0;
			let state = current || next() < 0.5 ? 'installed' : 'missing';
			if (!current && next() < 0.03) state = pick(next, ['failed', 'kept-back', 'queued']);
			if (host.id === 'h0005' && p < 2) state = p === 0 ? 'running' : 'queued';
			if (state === 'installed' && host.reboot && patch.source === 'linux') state = 'installed-pending-reboot';
			out.push({
				host,
				patch,
				state,
				staged: state === 'missing' && next() < 0.3,
				at: state === 'missing' || state === 'kept-back' ? null : iso(now - Math.floor(next() * 6 * DAY)),
			});
		}
	return out;
}

export function hospital(now) {
	const next = random(20261121);
	const patches = makePatches(now);
	const hosts = Array.from({ length: 48 }, (_, i) => makeHost(i, now, next));
	const targets = makeTargets(hosts, patches, now, next);
	const vulnerabilities = makeVulnerabilities(patches, next);
	return { now, patches, hosts, targets, vulnerabilities, orders: [], tokens: [], audit: makeAudit(now), iso, WHY, WORDS };
}

function makeAudit(now) {
	return ['host.enrol', 'order.create', 'token.create', 'session.create', 'server.init'].map((what, i) => ({
		seq: 5 - i,
		at: iso(now - i * 3_600_000),
		who: i === 0 ? 'host:opd-pc-01' : 'admin',
		what,
		object: i === 0 ? 'opd-pc-01' : '-',
		detail: { from: '10.0.0.5' },
		hash: (0x1234567890abcdef + i).toString(16).padEnd(64, 'a5'),
	}));
}

const open = (t) => ['missing', 'failed', 'kept-back', 'queued', 'running'].includes(t.state);

const REASONS = { 'act-now': 'ランサムウェアによる悪用が確認されています。', 'within-days': '30日以内に攻撃される見込みが一割以上あります(EPSS)。', 'next-window': '深刻ですが、攻撃は確認されていません。', watch: '深刻ではなく、攻撃は確認されていません。' };

/** By when to act on a vulnerability of the made-up hospital. */
export function dueOf(h, v) {
	const action = v.kev ? 'act-now' : v.epss > 0.2 ? 'within-days' : ['critical', 'high'].includes(v.severity) ? 'next-window' : 'watch';
	const days = { 'act-now': -4, 'within-days': v.epss > 0.3 ? -1 : 6, 'next-window': 40 }[action];
	const midnight = h.now - (h.now % 86_400_000);
	return { action, due: days === undefined ? null : iso(midnight + days * 86_400_000), overdue: days < 0, action_why: REASONS[action] };
}

/** The API's host item, computed from its targets. */
export function hostItem(h, host) {
	const mine = h.targets.filter((t) => t.host === host && open(t));
	const findings = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0, kev: 0 };
	const actions = { 'act-now': 0, 'within-days': 0, 'next-window': 0, watch: 0, overdue: 0, overdue_now: 0 };
	for (const t of mine)
		for (const v of h.vulnerabilities.filter((x) => x.patch === t.patch.id)) {
			findings[v.severity]++;
			if (v.kev) findings.kev++;
			const { action, overdue } = dueOf(h, v);
			actions[action]++;
			if (overdue) actions.overdue++;
			if (overdue && action === 'act-now') actions.overdue_now++;
		}
	const security = mine.filter((t) => t.patch.security).length;
	const failed = mine.filter((t) => t.state === 'failed').length;
	return {
		exposed: false,
		importance: 'normal',
		matched_at: iso(h.now - 600_000),
		not_matched: host.os.ended ? '取り込んだデータに、この OS の情報がありません。' : null,
		actions,
		...host,
		security,
		pending: mine.length,
		running: mine.filter((t) => t.state === 'running').length,
		failed,
		findings,
		sentence: sentenceOf(host, security, failed, mine.length),
	};
}

function sentenceOf(host, security, failed, pending) {
	if (host.state === 'pending') return '承認を待っています。承認すると状態の報告を始めます。';
	if (host.silent) return '2 日前から応答がありません。電源とネットワークを確認してください。';
	if (failed > 0) return `${failed} 件の更新に失敗しました。理由は下の一覧にあります。`;
	if (host.os.ended) return 'OS のサポートが終了しています。新しい版への移行を計画してください。';
	if (security > 0) return `セキュリティ更新 ${security} 件が未適用です。まだ適用を指示していません。`;
	if (host.reboot) return '再起動すると、適用済みの更新が有効になります。';
	return pending > 0 ? `セキュリティ更新はすべて適用済みです。ほかの更新 ${pending} 件が未適用です。` : '公開済みの更新はすべて適用済みです。';
}
