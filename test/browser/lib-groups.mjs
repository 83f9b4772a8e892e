// The part of the mock server that knows groups beside departments: by hand, by rule, and a directory's list.
const DAY = 86_400_000;

const fitsName = (pattern, name) => new RegExp(`^${pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 'i').test(name);
const fits = (rule, host) =>
	(!rule.names || rule.names.some((pattern) => fitsName(pattern, host.name))) &&
	(!rule.os || rule.os.some((os) => (os === 'windows' ? host.os.key.startsWith('windows') : host.os.key === os))) &&
	(!rule.tags || rule.tags.some((tag) => (host.tags ?? []).includes(tag)));
const ref = (host) => ({ id: host.id, name: host.name, group: host.group });

export function groupRoutes(Refusal, list, departments) {
	const active = (h) => h.hosts.filter((x) => x.state === 'active');
	const groups = (h) => (h.groups ??= [
		{ group: '画像診断', rule: { names: ['rad-pc-*'] }, members: [], by: '佐藤', at: h.iso(h.now - 12 * DAY), policies: [] },
		{ group: '先行展開', rule: null, members: h.hosts.slice(0, 3).map((x) => x.id), by: 'admin', at: h.iso(h.now - 20 * DAY), policies: ['hospital'] },
	]);
	const find = (h, name) => groups(h).find((g) => g.group === name);
	const must = (h, name) => {
		const found = find(h, name);
		if (!found) throw new Refusal(404, 'not-found', `${name} というグループはありません。`);
		return found;
	};
	const membersOf = (h, g) => (g.rule ? active(h).filter((x) => fits(g.rule, x)) : h.hosts.filter((x) => g.members.includes(x.id)));
	const item = (h, { group, rule, by, at, policies, ...g }) => ({ group, kind: rule ? 'rule' : 'hand', hosts: membersOf(h, { rule, ...g }).length, rule, by, at, policies });
	const used = { 病棟3階: ['ward-night'], 病棟5階: ['ward-night'], 外来: ['outpatient-morning'], 検査科: ['server-inspection'] };
	return [
		['GET', /^groups$/, (h, m, q) => list([...departments(h).map((g) => ({ ...g, kind: 'department', policies: used[g.group] ?? [] })), ...groups(h).map((g) => item(h, g))], q)],
		['POST', /^groups\/preview$/, (h, m, q, body) => {
			if (!Object.keys(body.rule ?? {}).every((key) => ['os', 'names', 'tags', 'networks'].includes(key))) throw new Refusal(400, 'usage', '規則の形が違います。');
			const before = new Set(body.group ? membersOf(h, must(h, body.group)).map((x) => x.id) : []);
			const items = active(h).filter((x) => fits(body.rule, x));
			const ids = new Set(items.map((x) => x.id));
			return { total: items.length, of: active(h).length, items: items.map((x) => ({ ...ref(x), is: before.has(x.id) })), leaves: h.hosts.filter((x) => before.has(x.id) && !ids.has(x.id)).map(ref) };
		}],
		['POST', /^groups\/import$/, (h, m, q, body) => {
			if (!body.dry_run) (h.plan ??= {}).imported = body.csv;
			const rows = body.csv.trim().split(/\r?\n/).slice(1).map((line) => line.split(',').map((word) => word.replaceAll('"', '').trim()));
			const known = rows.flatMap(([name, to]) => h.hosts.filter((x) => x.name === name).map((host) => ({ host, to })));
			const moves = known.filter(({ host, to }) => to && host.group !== to).map(({ host, to }) => ({ host: { id: host.id, name: host.name }, from: host.group, to }));
			const department = body.csv.split('\n')[0].split(',')[1]?.trim() === 'group';
			if (!body.dry_run && department) for (const { host, to } of known) host.group = to;
			const unknown = rows.map(([name]) => name).filter((name) => !h.hosts.some((x) => x.name === name));
			return { dry_run: body.dry_run === true, read: rows.length, kept: known.length, skipped: { 'unknown-host': unknown.length, malformed: 0 }, unknown, moves: department ? moves : [] };
		}],
		['PUT', /^groups\/([^/]+)$/, (h, [group], q, body) => {
			let g = find(h, group);
			if (!g) groups(h).push((g = { group, members: [], policies: [] }));
			if (g.rule && !body.rule) g.members = membersOf(h, g).map((x) => x.id);
			Object.assign(g, { rule: body.rule ?? null, by: 'admin', at: h.iso(Date.now()) });
			return item(h, g);
		}],
		['DELETE', /^groups\/([^/]+)$/, (h, [group]) => {
			must(h, group);
			h.groups = groups(h).filter((g) => g.group !== group);
		}],
		['GET', /^groups\/([^/]+)\/hosts$/, (h, [group]) => list(membersOf(h, must(h, group)).map(ref), new URLSearchParams('limit=1000'))],
		['POST', /^groups\/([^/]+)\/(hosts|remove)$/, (h, [group, what], q, body) => {
			const g = must(h, group);
			g.members = what === 'hosts' ? [...new Set([...g.members, ...body.hosts])] : g.members.filter((id) => !body.hosts.includes(id));
			return item(h, g);
		}],
	];
}
