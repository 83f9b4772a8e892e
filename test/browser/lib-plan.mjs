// The part of the mock server that plans: policies with versions, their calendar, holds, verdicts, vendors, rings.
// What the real server computes (checks, recurrences, approval) is only hinted at here.
const DAY = 86_400_000;
const HOUR = 3_600_000;

const YAML = {
	hospital: `# すべての端末:自動で承認する更新と、失敗したときの扱い
policy: hospital
rank: 900
approve:
  - {known-exploited: true, after: 0d}
  - {classification: security, after: 3d}
  - {classification: feature, never: true}
install:
  windows:
    - {name: 夜間, weekly: [mon, tue, wed, thu, fri], at: '22:00', for: 7h, cutoff: 1h, ready-by: '05:00'}
  blackout: [{from: 2026-12-29, to: 2027-01-03, why: 年末年始}]
reboot: {mode: if-needed, unit: atomic, logged-on: when-idle}
rings:
  - {name: pilot, groups: [医事課], soak: 1d, min-success: 0.9}
  - {name: rest, max-at-once: 20%, error-stop: 3}
emergency: {when: [known-exploited, exposed], within: 38m, mitigate: at-once, reboot: ward-consents}
notice: 1d
`,
	'ward-night': `# 病棟:夜間、朝までに復帰
policy: ward-night
applies-to: {groups: [病棟3階, 病棟5階]}
install:
  windows:
    - {name: 夜間, weekly: [tue, thu], at: '22:00', for: 4h, cutoff: 1h, ready-by: '05:30'}
`,
	'outpatient-morning': `policy: outpatient-morning
applies-to: {groups: [外来]}
install:
  windows:
    - {name: 早朝, weekly: [mon, tue, wed, thu, fri, sat], at: '04:00', for: 3h, cutoff: 1h, ready-by: '07:30'}
`,
	'server-inspection': `policy: server-inspection
applies-to: {groups: [検査科]}
install:
  windows:
    - {name: 点検, nth: [2], weekday: [sun], at: '20:00', for: 8h, cutoff: 2h, ready-by: '06:00'}
`,
};
const BODIES = {
	hospital: {
		policy: 'hospital',
		rank: 900,
		approve: [
			{ 'known-exploited': true, after: '0d' },
			{ classification: 'security', after: '3d' },
			{ classification: 'feature', after: '0d', never: true },
		],
		install: {
			windows: [{ weekly: ['mon', 'tue', 'wed', 'thu', 'fri'], at: '22:00', for: '7h', name: '夜間', cutoff: '1h', tz: 'device', 'ready-by': '05:00' }],
			blackout: [{ from: '2026-12-29', to: '2027-01-03', why: '年末年始' }],
		},
		reboot: { mode: 'if-needed', unit: 'atomic', 'logged-on': 'when-idle' },
		rings: [
			{ name: 'pilot', groups: ['医事課'], soak: '1d', 'min-success': 0.9 },
			{ name: 'rest', soak: '1d', 'min-success': 0.9, 'max-at-once': '20%', 'error-stop': 3 },
		],
		emergency: { when: ['known-exploited', 'exposed'], within: '38m', mitigate: 'at-once', reboot: 'ward-consents' },
		notice: '1d',
	},
	'ward-night': {
		policy: 'ward-night',
		'applies-to': { groups: ['病棟3階', '病棟5階'] },
		rank: 100,
		install: { windows: [{ weekly: ['tue', 'thu'], at: '22:00', for: '4h', name: '夜間', cutoff: '1h', tz: 'device', 'ready-by': '05:30' }] },
	},
	'outpatient-morning': {
		policy: 'outpatient-morning',
		'applies-to': { groups: ['外来'] },
		rank: 100,
		install: { windows: [{ weekly: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat'], at: '04:00', for: '3h', name: '早朝', cutoff: '1h', tz: 'device', 'ready-by': '07:30' }] },
	},
	'server-inspection': {
		policy: 'server-inspection',
		'applies-to': { groups: ['検査科'] },
		rank: 100,
		install: { windows: [{ nth: [2], weekday: ['sun'], at: '20:00', for: '8h', name: '点検', cutoff: '2h', tz: 'device', 'ready-by': '06:00' }] },
	},
};
const GROUPS = { hospital: ['医事課', '薬剤部', '放射線科'], 'ward-night': ['病棟3階', '病棟5階'], 'outpatient-morning': ['外来'], 'server-inspection': ['検査科'] };
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const JST = 9 * HOUR; // the hospital's and the test browser's zone

const clock = (text) => Number(text.split(':')[0]) * 60 + Number(text.split(':')[1]);
const length = (text) => Number.parseInt(text, 10) * { m: 60_000, h: HOUR, d: DAY }[text.at(-1)];

function fits(w, day) {
	const weekday = WEEKDAYS[day.getUTCDay()];
	if (w.weekly) return w.weekly.includes(weekday);
	return Boolean(w.nth) && w.weekday.includes(weekday) && w.nth.includes(Math.ceil(day.getUTCDate() / 7));
}

/** Slots of weekly and n-th windows that start in the span. */
function slotsOf(h, name, install, from, until) {
	const out = [];
	const first = Math.floor((from + JST) / DAY) * DAY - DAY;
	for (let day = first; day < until + JST; day += DAY)
		for (const w of install?.windows ?? []) {
			if (!fits(w, new Date(day))) continue;
			const date = new Date(day).toISOString().slice(0, 10);
			if ((install.blackout ?? []).some((b) => date >= b.from && date <= b.to)) continue;
			const start = day - JST + clock(w.at) * 60_000;
			if (start < from || start >= until) continue;
			const end = start + length(w.for);
			let ready = w['ready-by'] ? day - JST + clock(w['ready-by']) * 60_000 : null;
			if (ready !== null && ready <= start) ready += DAY;
			out.push({ policy: name, window: w.name ?? 'install-1', start: h.iso(start), end: h.iso(end), cutoff: h.iso(end - length(w.cutoff ?? '0m')), ready_by: ready && h.iso(ready) });
		}
	return out.sort((a, b) => (a.start < b.start ? -1 : 1));
}

const applies = (yaml) => {
	const groups = /groups: \[([^\]]+)\]/.exec(yaml.split('rings:')[0])?.[1];
	return groups ? { groups: groups.split(',').map((g) => g.trim()) } : {};
};

export function plan(now, iso) {
	const policies = Object.keys(YAML).map((name, i) => ({
		name,
		versions: [
			{ version: 1, what: 'put', by: 'admin', at: iso(now - (20 - i) * DAY), note: '3 つの質問で始めました', yaml: YAML[name].replace("for: 4h", 'for: 3h'), body: BODIES[name] },
			...(name === 'ward-night' ? [{ version: 2, what: 'put', by: '山田', at: iso(now - 2 * DAY), note: '病棟の希望で 1 時間延長', yaml: YAML[name], body: BODIES[name] }] : []),
		],
	}));
	return {
		policies,
		days: [{ name: '休診日', csv: '2026-12-29,年末休診\n2026-12-30,年末休診\n', by: 'admin', at: iso(now - 9 * DAY) }],
		holds: [],
		verdicts: [],
		mitigations: [],
		halts: [],
		emergencies: [],
		notBack: [],
		vendors: [{ name: '電子カルテ社', contact: 'support@emr.example', scopes: [{ kind: 'group', target: '外来' }] }],
		answers: [],
		next: 1,
	};
}

const fail = (Refusal, status, code, message) => {
	throw new Refusal(status, code, message);
};

export function planRoutes(Refusal, list) {
	const of = (h) => (h.plan ??= plan(h.now, h.iso));
	const find = (h, name) => of(h).policies.find((p) => p.name === name);
	const open = (p) => p.versions.length > 0 && p.versions.at(-1).what !== 'delete';
	const must = (h, name) => find(h, name) ?? fail(Refusal, 404, 'not-found', `ポリシー ${name} はありません。`);
	const hostsOf = (h, name) => h.hosts.filter((x) => x.state === 'active' && (GROUPS[name] ?? []).includes(x.group));
	const shown = (p, v) => ({ name: p.name, version: v.version, what: v.what, by: v.by, at: v.at, note: v.note, in_force: v === p.versions.at(-1) && v.what !== 'delete' });

	/** Enough of a check to show remarks: unknown top-level keys, a time that is none. */
	function check(yaml) {
		const known = ['policy', 'applies-to', 'rank', 'approve', 'vendor-validation', 'offline-for', 'install', 'reboot', 'rings', 'redundancy', 'emergency', 'steps', 'settings', 'remove', 'scripts', 'notice'];
		const remarks = [];
		for (const [i, line] of yaml.split('\n').entries()) {
			const key = /^([\w-]+):/.exec(line)?.[1];
			if (key && !known.includes(key)) remarks.push({ level: 'error', line: i + 1, column: 1, text: `「${key}」という項目はありません。「install」のことですか。` });
			const time = /at: '(\d\d):(\d\d)'/.exec(line);
			if (time && Number(time[1]) > 23) remarks.push({ level: 'error', line: i + 1, column: line.indexOf(time[0]) + 1, text: `「at」は '00:00' から '23:59' までの時刻です。` });
			if (/groups: \[.*未登録/.test(line)) remarks.push({ level: 'warning', line: i + 1, column: 1, text: 'この部署グループには端末がありません。' });
		}
		const ok = remarks.every((r) => r.level !== 'error') && /^policy: \S/m.test(yaml);
		const name = /^policy: '?([^'\n]+)/m.exec(yaml)?.[1];
		return { ok, ...(ok ? { name } : {}), remarks };
	}

	/** Windows written in flow style, one a line. */
	function installOf(yaml) {
		const windows = [...yaml.matchAll(/\{[^{}]*at: '(\d+:\d\d)'[^{}]*\}/g)].map(([text, at]) => {
			const value = (key) => new RegExp(`${key}: '?([^',}\\]]+)`).exec(text)?.[1];
			const names = (key) => new RegExp(`${key}: \\[([^\\]]+)\\]`).exec(text)?.[1].split(',').map((x) => x.trim());
			const nth = names('nth')?.map(Number);
			return { name: value('name'), weekly: names('weekly'), nth, weekday: names('weekday'), at, for: value('for'), cutoff: value('cutoff'), 'ready-by': value('ready-by') };
		});
		const blackout = [...yaml.matchAll(/\{from: '?([\d-]+)'?, to: '?([\d-]+)'?/g)].map(([, from, to]) => ({ from, to }));
		return { windows, blackout };
	}

	function add(h, name, what, yaml, note, body) {
		let p = find(h, name);
		if (!p) of(h).policies.push((p = { name, versions: [] }));
		const version = p.versions.length + 1;
		p.versions.push({ version, what, by: 'admin', at: h.iso(Date.now()), note: note ?? '', yaml, body: body ?? { ...(BODIES[name] ?? { policy: name }), install: installOf(yaml) } });
		return { name, version, remarks: check(yaml).remarks };
	}

	function calendar(h, query) {
		const from = Date.parse(query.get('from'));
		const until = Date.parse(query.get('until'));
		const items = of(h)
			.policies.filter(open)
			.flatMap((p) => {
				const slots = slotsOf(h, p.name, p.versions.at(-1).body.install, from, until);
				return (GROUPS[p.name] ?? []).flatMap((group) => slots.map((slot) => ({ group, ...slot, hosts: hostsOf(h, p.name).filter((x) => x.group === group).length, patches: 12 })));
			})
			.filter((x) => !query.get('group') || x.group === query.get('group'))
			.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.group < b.group ? -1 : 1));
		return { total: items.length, items, ...(h.namedDays ? { days: h.namedDays } : {}) };
	}

	function tomorrow(h, query) {
		const midnight = Math.floor((h.now + JST) / DAY) * DAY - JST + DAY;
		const dates = new URLSearchParams({ from: h.iso(midnight), until: h.iso(midnight + DAY), group: query.get('group') ?? '' });
		const items = calendar(h, dates).items.map(({ hosts, patches, ...slot }) => ({
			...slot,
			back_by: slot.ready_by ?? h.iso(Date.parse(slot.end) + 600_000),
			hosts: h.hosts.filter((x) => x.group === slot.group && x.state === 'active').map((x) => ({ id: x.id, name: x.name, patches: 3 })),
			updates: h.patches.slice(0, 5).map((p) => p.title),
		}));
		return { from: h.iso(midnight), until: h.iso(midnight + DAY), items };
	}

	function ready(h, body) {
		const from = clock(body.quiet_from);
		const minutes = (clock(body.quiet_to) - from + 1440) % 1440;
		if (minutes < 60) fail(Refusal, 400, 'input', '病棟が落ち着く時間帯は、22:00 から 05:00 のように、1 時間以上にしてください。');
		const night = `{name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '${body.quiet_from}', for: ${minutes}m, cutoff: 60m, ready-by: '${body.quiet_to}'}`;
		const text = (name, role, window) => `policy: ${name}\n${role ? `applies-to: {roles: [${role}]}\n` : ''}install:\n  windows:\n    - ${window}\n`;
		const day = body.server.days ? `days: ${body.server.days}` : `nth: [${body.server.nth}], weekday: [${body.server.weekday}]`;
		const all = [
			['hospital', text('hospital', '', night)],
			['ward-night', text('ward-night', 'ward', night)],
			['outpatient-morning', text('outpatient-morning', 'outpatient', "{name: early, weekly: [mon, tue, wed, thu, fri, sat], at: '04:00', for: 3h, cutoff: 1h, ready-by: '07:30'}")],
			['server-inspection', text('server-inspection', 'server', `{name: inspection, ${day}, at: '20:00', for: 8h, cutoff: 2h, ready-by: '06:00'}`)],
			...(body.pilot ? [['pilot', text('pilot', '', night)]] : []),
		];
		return { dry_run: body.dry_run, policies: all.map(([name, yaml]) => ({ name, yaml, version: body.dry_run ? 0 : add(h, name, 'put', yaml, '3 つの質問で始めました').version })) };
	}

	function hostPolicy(h, id) {
		const host = h.hosts.find((x) => x.id === id) ?? fail(Refusal, 404, 'not-found', 'この端末は登録されていません。');
		const name = Object.keys(GROUPS).find((key) => GROUPS[key].includes(host.group));
		const p = name && find(h, name);
		const slot = p && open(p) ? slotsOf(h, name, p.versions.at(-1).body.install, h.now, h.now + 62 * DAY)[0] : undefined;
		const held = of(h).holds.find((x) => !x.released_at && x.host?.id === id);
		const from = (key) => (p && key === 'install.windows' ? name : ['approve', 'reboot', 'rings', 'emergency', 'install.blackout'].includes(key) ? 'hospital' : null);
		const keys = ['approve', 'vendor-validation', 'offline-for', 'install.windows', 'install.valid', 'install.blackout', 'install.missed', 'install.spread', 'install.idle-first', 'reboot', 'rings', 'redundancy', 'emergency', 'notice'];
		return {
			host: { id, name: host.name },
			groups: host.group ? [host.group] : [],
			tags: ['pc'],
			role: null,
			site: '本院',
			redundancy: null,
			applied: p ? [...new Set([name, 'hospital'])] : [],
			lines: keys.map((key) => ({ key, from: from(key) })),
			policy: { ...BODIES.hospital, install: { ...BODIES.hospital.install, ...p?.versions.at(-1).body.install } },
			ring: 'rest',
			lease: { needed: false, slot: null, until: null },
			directive: { serial: 12, issued: h.iso(h.now - HOUR), expires: h.iso(h.now + 14 * DAY), obeyed: 12, patches: 4, current: true },
			...(slot ? { slot: { id: `${name}/${slot.window}`, start: slot.start, end: slot.end, reason: held ? 'held' : 'waits', why: held ? `${held.by} が保留しています:${held.why}` : `ポリシー ${name} の適用時間帯「${slot.window}」を待っています。`, told_by_host: true, reported: h.iso(h.now - 60_000) } } : {}),
		};
	}

	const made = (h, key, row) => {
		const full = { id: `${key}-${of(h).next++}`, at: h.iso(Date.now()), by: 'admin', ...row };
		of(h)[key].push(full);
		return full;
	};
	const past = (rows, ended, at) => rows.filter((x) => ended === 'true' || !x[at]);
	const vendorItem = (h, v) => ({ ...v, hosts: h.hosts.filter((x) => v.scopes.some((s) => s.target === x.group)).length, waiting: answers(h).filter((a) => a.vendor === v.name && a.answer === 'unknown').length, overdue: answers(h).filter((a) => a.vendor === v.name && a.overdue).length });
	function answers(h) {
		const p = of(h);
		if (p.answers.length === 0)
			p.answers = h.patches.slice(0, 4).map((patch, i) => ({
				vendor: '電子カルテ社',
				patch: patch.id,
				title: patch.title,
				answer: ['validated', 'unknown', 'unknown', 'forbidden'][i],
				asked_at: h.iso(h.now - 20 * DAY),
				due: h.iso(h.now + (i === 1 ? -3 : 11) * DAY),
				at: i === 0 || i === 3 ? h.iso(h.now - 5 * DAY) : null,
				overdue: i === 1,
				by: i === 0 || i === 3 ? '電子カルテ社' : null,
				note: i === 3 ? '版 5.2 で印刷に不具合があります。' : null,
				hosts: 7,
				security: true,
				severity: patch.severity,
			}));
		return p.answers;
	}

	function ringsOf(h, query) {
		if (query.get('policy') !== 'hospital') return list([], query);
		const patch = h.patches.find((x) => x.id === query.get('patch'));
		const halt = of(h).halts.find((x) => x.patch === patch?.id && !x.lifted_at);
		return list(
			[
				{ ring: 'pilot', state: halt ? 'halted' : 'soaking', until: halt ? null : h.iso(h.now + 9 * HOUR), why: halt ? '3 台で失敗したため、全段階を止めています。' : '1 日様子を見てから次へ進みます。', hosts: 6, installed: halt ? 2 : 5, failed: halt ? 3 : 0, unhealthy: 0, running: halt ? 0 : 1 },
				{ ring: 'rest', state: halt ? 'halted' : 'waits', until: null, why: halt ? '先行展開の停止により止まっています。' : '先行展開の結果を待っています。', hosts: 18, installed: 0, failed: 0, unhealthy: 0, running: 0 },
			],
			query,
		);
	}

	return [
		['GET', /^policies$/, (h, m, q) => list(of(h).policies.map((p) => ({ ...shown(p, p.versions.at(-1)), hosts: open(p) ? hostsOf(h, p.name).length : 0, rank: 100, windows: 1, applies: applies(p.versions.at(-1).yaml) })), q)],
		['POST', /^policies\/check$/, (h, m, q, body) => check(body.yaml)],
		['POST', /^policies\/preview$/, (h, m, q, body) => list(slotsOf(h, check(body.yaml).name, installOf(body.yaml), Date.parse(body.from), Date.parse(body.until)), new URLSearchParams('limit=1000'))],
		['POST', /^policies\/assistant$/, (h, m, q, body) => ready(h, body)],
		['GET', /^policies\/([^/]+)$/, (h, [name], q) => {
			const p = must(h, name);
			const v = q.get('version') ? p.versions[Number(q.get('version')) - 1] : p.versions.at(-1);
			return { ...shown(p, v), yaml: v.yaml, policy: v.body };
		}],
		['PUT', /^policies\/([^/]+)$/, (h, [name], q, body) => {
			if (!check(body.yaml).ok) fail(Refusal, 400, 'input', '誤りがあります。');
			return add(h, name, 'put', body.yaml, body.note);
		}],
		['DELETE', /^policies\/([^/]+)$/, (h, [name]) => void add(h, name, 'delete', must(h, name).versions.at(-1).yaml)],
		['GET', /^policies\/([^/]+)\/versions$/, (h, [name], q) => list([...must(h, name).versions].reverse().map((v) => shown(must(h, name), v)), q)],
		['POST', /^policies\/([^/]+)\/revert$/, (h, [name], q, body) => {
			const old = must(h, name).versions[body.version - 1];
			return add(h, name, 'revert', old.yaml, `第 ${body.version} 版に戻しました`, old.body);
		}],
		['GET', /^hosts\/([^/]+)\/policy$/, (h, [id]) => hostPolicy(h, id)],
		['PUT', /^wards\/([^/]+)$/, (h, [group], q, body) => void (of(h).pin = { group, pin: body.pin })],
		['GET', /^day-lists$/, (h, m, q) => list(of(h).days.map((d) => ({ ...d, count: d.csv.trim().split('\n').length })), q)],
		['PUT', /^day-lists\/([^/]+)$/, (h, [name], q, body) => {
			of(h).days = [...of(h).days.filter((d) => d.name !== name), { name, csv: body.csv, by: 'admin', at: h.iso(Date.now()) }];
			return { name, count: body.csv.trim().split('\n').length };
		}],
		['DELETE', /^day-lists\/([^/]+)$/, (h, [name]) => void (of(h).days = of(h).days.filter((d) => d.name !== name))],
		['GET', /^calendar$/, (h, m, q) => calendar(h, q)],
		['GET', /^slots\/tomorrow$/, (h, m, q) => tomorrow(h, q)],
		['GET', /^not-back$/, (h, m, q) => list(of(h).notBack, q)],
		['GET', /^holds$/, (h, m, q) => list(past(of(h).holds, q.get('ended'), 'released_at'), q)],
		['POST', /^holds$/, (h, m, q, body) => made(h, 'holds', { host: body.host ? { id: body.host, name: h.hosts.find((x) => x.id === body.host).name } : null, group: body.group ?? null, why: body.why, until: body.until, released_at: null, released_by: null })],
		['DELETE', /^holds\/([^/]+)$/, (h, [id]) => Object.assign(of(h).holds.find((x) => x.id === id), { released_at: h.iso(Date.now()), released_by: 'admin' })],
		['GET', /^verdicts$/, (h, m, q) => list(past(of(h).verdicts, q.get('undone'), 'undone_at').filter((v) => !q.get('patch') || v.patch === q.get('patch')), q)],
		['POST', /^verdicts$/, (h, m, q, body) => made(h, 'verdicts', { group: null, ...body, undone_at: null, undone_by: null })],
		['DELETE', /^verdicts\/([^/]+)$/, (h, [id]) => Object.assign(of(h).verdicts.find((x) => x.id === id), { undone_at: h.iso(Date.now()), undone_by: 'admin' })],
		['GET', /^mitigations$/, (h, m, q) => list(past(of(h).mitigations, q.get('ended'), 'ended_at'), q)],
		['POST', /^mitigations$/, (h, m, q, body) => made(h, 'mitigations', { group: null, ...body, ended_at: null, ended_why: null })],
		['DELETE', /^mitigations\/([^/]+)$/, (h, [id]) => void Object.assign(of(h).mitigations.find((x) => x.id === id), { ended_at: h.iso(Date.now()), ended_why: 'admin' })],
		['GET', /^rings$/, (h, m, q) => ringsOf(h, q)],
		['GET', /^halts$/, (h, m, q) => list(past(of(h).halts, q.get('lifted'), 'lifted_at'), q)],
		['POST', /^halts\/([^/]+)\/resume$/, (h, [id]) => Object.assign(of(h).halts.find((x) => x.id === id), { lifted_at: h.iso(Date.now()), lifted_by: 'admin' })],
		['GET', /^emergencies$/, (h, m, q) => list(of(h).emergencies, q)],
		['POST', /^emergency\/consents$/, (h, m, q, body) => void of(h).emergencies.find((x) => x.patch === body.patch).consents++],
		['GET', /^vendors$/, (h, m, q) => list(of(h).vendors.map((v) => vendorItem(h, v)), q)],
		['PUT', /^vendors\/([^/]+)$/, (h, [name], q, body) => {
			const v = { name, contact: body.contact, scopes: (body.groups ?? []).map((target) => ({ kind: 'group', target })) };
			of(h).vendors = [...of(h).vendors.filter((x) => x.name !== name), v];
			return vendorItem(h, v);
		}],
		['POST', /^vendors\/([^/]+)\/links$/, (h, [name], q, body) => ({ link: 'https://mamori.hospital.example:8443/vendor/8c1f9a', expires: body.due, waiting: 2 })],
		['GET', /^vendors\/([^/]+)\/sheet$/, (h, [name]) => ({ vendor: name, rows: 1, file: 'UEsDBA==' })],
		['POST', /^vendors\/([^/]+)\/sheet$/, () => ({ read: 3, kept: 2, skipped: { 'no-answer': 1, malformed: 0 } })],
		['GET', /^vendor-answers$/, (h, m, q) => list(answers(h).filter((a) => (!q.get('patch') || a.patch === q.get('patch')) && (!q.get('answer') || a.answer === q.get('answer')) && (!q.get('vendor') || a.vendor === q.get('vendor')) && (q.get('overdue') !== 'true' || a.overdue)), q)],
		['PUT', /^vendor-answers$/, (h, m, q, body) => void Object.assign(answers(h).find((a) => a.vendor === body.vendor && a.patch === body.patch), { answer: body.answer, at: h.iso(Date.now()), overdue: false })],
	];
}

/** /ward/…: the page that needs a PIN and no account. */
export const wardAnswer = (Refusal) => (mock, method, url, headers, body) => {
	const h = mock.hospital;
	const p = (h.plan ??= plan(h.now, h.iso));
	const what = url.pathname.slice('/ward/'.length);
	if (what === 'session') {
		if (body.group !== p.pin?.group || body.pin !== p.pin.pin) throw new Refusal(401, 'unauthenticated', 'この病棟の PIN ではありません。');
		p.wardOpen = body.group;
		return { group: body.group, csrf: 'ward-token', expires: h.iso(Date.now() + 12 * HOUR) };
	}
	if (!p.wardOpen) throw new Refusal(401, 'unauthenticated', '病棟の PIN で開いてください。');
	const mine = h.hosts.filter((x) => x.group === p.wardOpen && x.state === 'active');
	const start = Math.floor((h.now + JST) / DAY) * DAY - JST + DAY + 22 * HOUR;
	if (method === 'GET') {
		const items = mine.map((x, i) => {
			const holds = p.holds.filter((k) => !k.released_at && k.host?.id === x.id);
			return {
				id: x.id,
				name: x.name,
				updates: i % 3 === 2 ? 0 : 4,
				start: h.iso(start),
				end: h.iso(start + 4 * HOUR),
				why: holds.length ? '保留中のため始まりません。' : 'ポリシー ward-night の適用時間帯「夜間」を待っています。',
				holds: holds.map((k) => ({ id: k.id, by: k.by, why: k.why, until: k.until, own: k.by === `ward ${p.wardOpen}` })),
			};
		});
		return { total: items.length, items };
	}
	if (headers['x-mamori-csrf'] !== 'ward-token') throw new Refusal(401, 'unauthenticated', '病棟の PIN で開いてください。');
	const host = mine.find((x) => x.id === decodeURIComponent(what.split('/')[1]));
	if (!host) throw new Refusal(403, 'refused', 'この端末はほかの病棟のものです。');
	p.acts = [...(p.acts ?? []), { host: host.id, ...body }];
	if (body.do === 'release') for (const k of p.holds.filter((x) => x.host?.id === host.id)) k.released_at = h.iso(Date.now());
	if (body.do === 'hold' || body.do === 'later')
		p.holds.push({ id: `ward-${p.next++}`, host: { id: host.id, name: host.name }, group: null, by: `ward ${p.wardOpen}`, why: body.why, at: h.iso(Date.now()), until: body.until, released_at: null, released_by: null });
	return undefined;
};

/** Trouble for the screen: an emergency, a halted ring, machines that are not back, a held one. */
export function trouble(h) {
	const p = (h.plan ??= plan(h.now, h.iso));
	h.namedDays = [
		{ day: '2026-11-03', name: '文化の日', kind: 'holiday' },
		{ day: '2026-11-23', name: '勤労感謝の日', kind: 'holiday' },
		...['29', '30', '31'].map((d) => ({ day: `2026-12-${d}`, name: '年末年始', kind: 'blackout', group: null })),
	];
	const patch = h.patches[0];
	p.emergencies = [{ patch: patch.id, title: patch.title, since: h.iso(h.now - 12 * 60_000), ended_at: null, waiting: 9, done: 14, consents: 1, consents_needed: 2 }];
	p.halts = [{ id: 'halt-1', policy: 'hospital', patch: h.patches[1].id, title: h.patches[1].title, ring: 'pilot', why: '3 台で失敗しました。', at: h.iso(h.now - 5 * HOUR), lifted_at: null, lifted_by: null }];
	const late = (host, state, why) => ({ host: { id: host.id, name: host.name, group: host.group }, slot: 's', start: h.iso(h.now - 12 * HOUR), ready_by: h.iso(h.now - 2 * HOUR), last_seen: h.iso(h.now - 9 * HOUR), state, why });
	p.notBack = [late(h.hosts[1], 'silent', '適用枠から復帰していません。最後の応答は 00:41 です。確認してください。'), late(h.hosts[8], 'unhealthy', '復帰しましたが、更新後の動作確認に失敗しました。')];
	p.holds = [
		{ id: 'holds-9', host: { id: h.hosts[4].id, name: h.hosts[4].name }, group: null, by: '病棟5階', why: '手術', at: h.iso(h.now - 3 * HOUR), until: h.iso(h.now + 20 * HOUR), released_at: null, released_by: null },
		{ id: 'holds-8', host: null, group: '放射線科', by: '佐藤', why: '検査装置の使用中', at: h.iso(h.now - 9 * HOUR), until: h.iso(h.now + 60 * HOUR), released_at: null, released_by: null },
	];
}
