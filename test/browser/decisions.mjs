// What people decide, on the real server with made-up machines that speak the agent protocol: groups, approval, a
// vendor's answer by a one-time link, a halt, a withdrawal, an emergency that two people consent to, a policy that is
// taken back, hours by the clock of the machines. Each point is what somebody notices on a page or what a machine hears.
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { browser, equal, must, ok, open, run, skip, temporary, test } from './lib.mjs';
import { dialog, said, takeBack, visit as to } from './lib-page.mjs';
import { api, canMakeUp, Machine, MAMORI, personCode, serve, update } from './lib-server.mjs';

const POLICY = `# 夜間に適用
policy: wards
approve:
  - {classification: security, after: 0d}
vendor-validation: {unknown: {wait: 14d, then: apply}, forbidden: never}
install:
  windows:
    - {name: 夜間, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '22:00', for: 4h, cutoff: 1h}
  blackout: [{from: 2031-12-30, to: 2031-12-31, why: 年末点検}]
rings:
  - {name: pilot, groups: [先行展開], soak: 1d, min-success: 1.0}
  - {name: rest, error-stop: 3}
emergency: {when: [known-exploited, exposed], within: 38m, mitigate: at-once, reboot: ward-consents}
`;
const LIBRARY = 'deb:demo-library@2';
const TOOL = 'deb:demo-tool@2';
const CVE = 'CVE-2026-1003';

/** The text of the first element once it fits: pages ask anew every ten seconds. */
async function says(page, selector, words) {
	await page.waitForFunction(([at, text]) => [...document.querySelectorAll(at)].some((x) => x.textContent.includes(text)), [selector, words], { timeout: 30_000 });
	return true;
}
const gone = (page, selector) => page.waitForSelector(selector, { state: 'detached', timeout: 30_000 });
/** The page of one thing, once its own head stands. */
async function visit(page, server, hash, title) {
	await to(page, server, hash);
	await page.locator('main h1', { hasText: title }).waitFor();
}
const patchPage = (page, server, id) => visit(page, server, `patches/${encodeURIComponent(id)}`, id.slice(4, id.indexOf('@')));
const stateOf = (page, host) => page.locator('tbody tr', { hasText: host.name }).locator('td[data-label="状態"]');
const isNow = (page, host, state) => stateOf(page, host).filter({ hasText: state }).waitFor({ timeout: 30_000 });

async function decide(page, verdict, reason) {
	await page.locator('.verdicts button', { hasText: verdict }).click();
	await dialog(page).locator('label', { hasText: '理由' }).locator('input').fill(reason);
	await dialog(page).locator('.dialog-actions button').last().click();
	await dialog(page).waitFor({ state: 'detached' });
}

async function signIn(page, server, code) {
	await page.goto(`${server.url}/#/signin/${code}`);
	await page.locator('main .page-head').waitFor();
}

/** By rule with a preview, then by hand, and everything taken back. */
async function groups(page, server, { pilot, ward, opd }) {
	await visit(page, server, 'groups', '部署グループ');
	await page.locator('.page-head a.button.primary').click();
	await page.locator('h1', { hasText: 'グループを作る' }).waitFor();
	await page.getByLabel('名前', { exact: true }).fill('先行展開');
	await page.getByLabel('端末名(* は任意の文字列)').fill('pilot-*');
	await says(page, '.who', '4 台のうち 1 台が入ります');
	ok((await page.locator('.who').textContent()).includes(pilot.name), 'a group’s members are shown while its rule is written');
	equal((await api(page, 'GET', 'groups')).items.some((g) => g.group === '先行展開'), false, 'and nothing is kept by that');
	await page.locator('.page-head button.primary').click();
	await page.locator('h1', { hasText: '先行展開' }).waitFor();
	await page.locator('tbody a[data-row]', { hasText: pilot.name }).waitFor();
	equal(await page.locator('tbody tr').count(), 1, 'saved, its page lists the machine that fits');
	await visit(page, server, 'groups?new=1', 'グループを作る');
	await page.getByLabel('名前', { exact: true }).fill('確認用');
	await page.locator('select').selectOption('hand');
	await page.locator('.picker label', { hasText: ward.name }).click();
	await page.locator('.page-head button.primary').click();
	await page.locator('h1', { hasText: '確認用' }).waitFor();
	await page.locator('tbody a[data-row]', { hasText: ward.name }).waitFor();
	await page.locator('.page-head button', { hasText: '端末を加える' }).click();
	await dialog(page).locator('.picker label', { hasText: opd.name }).click();
	await dialog(page).locator('button[type=submit]').click();
	await page.locator('tbody a[data-row]', { hasText: opd.name }).waitFor();
	await takeBack(page, '確認用 に 1 台を加えました');
	await said(page, '元に戻しました');
	await page.locator('tbody a[data-row]', { hasText: opd.name }).waitFor({ state: 'detached' });
	ok(true, 'machines are chosen by hand, and adding one is taken back');
	await page.locator('tbody tr', { hasText: ward.name }).locator('input[type=checkbox]').check();
	await page.locator('.toolbar button', { hasText: '1 台を外す' }).click();
	await page.locator('.empty').waitFor();
	await page.locator('.page-head button', { hasText: '削除' }).click();
	await dialog(page).locator('button.danger').click();
	await page.locator('h1', { hasText: '部署グループ' }).waitFor();
	await page.locator('tbody a[data-row]', { hasText: '確認用' }).waitFor({ state: 'detached' });
	await takeBack(page, '確認用 を削除しました');
	await page.locator('tbody a[data-row]', { hasText: '確認用' }).waitFor();
	ok(true, 'a deleted group comes back');
}

/** What a directory exported: shown first, then applied. */
async function directory(page, server, { opd }) {
	await visit(page, server, 'groups', '部署グループ');
	await page.locator('.page-head button', { hasText: '名簿を取り込む' }).click();
	await dialog(page).locator('textarea').fill(`host,group\n${opd.name},外来\nunknown-pc,外来`);
	await dialog(page).locator('button[type=submit]').click();
	await says(page, 'dialog[open]', '部署が変わる端末(1 台)');
	ok((await dialog(page).textContent()).includes('unknown-pc'), 'an export shows who would move and who is unknown');
	equal((await api(page, 'GET', `hosts/${opd.id}`)).group, '受付', 'before anything moves');
	await dialog(page).locator('button[type=submit]').click();
	await page.locator('tbody a[data-row]', { hasText: '外来' }).waitFor();
	equal((await api(page, 'GET', `hosts/${opd.id}`)).group, '外来', 'and applies when told');
}

async function verdicts(page, server, { pilot }) {
	await patchPage(page, server, TOOL);
	await isNow(page, pilot, '承認待ち');
	await decide(page, '承認', '試験済み');
	await isNow(page, pilot, '適用時間帯待ち');
	await pilot.hears('the approval', () => pilot.goes(TOOL));
	ok(true, 'an approved update waits for its window, and the machine is told of it');
	await takeBack(page, 'を承認しました');
	await isNow(page, pilot, '承認待ち');
	await pilot.hears('that it is taken back', () => !pilot.goes(TOOL));
	await decide(page, '却下', '使っていない');
	await isNow(page, pilot, '適用対象外');
	ok(await says(page, '.verdicts', '使っていない'), 'a rejected one says so, and why');
	await page.locator('.verdicts button', { hasText: '取り消す' }).click();
	await isNow(page, pilot, '承認待ち');
}

/** The vendor's people have a link and nothing else. */
async function vendor(page, server, from, { opd }) {
	await visit(page, server, 'decisions?tab=vendors', '承認・保留');
	await page.locator('button', { hasText: 'ベンダーを追加' }).click();
	await dialog(page).getByLabel('ベンダー', { exact: true }).fill('電子カルテ社');
	await dialog(page).locator('.chip', { hasText: '外来' }).click();
	await dialog(page).locator('button[type=submit]').click();
	await page.locator('.vendors li', { hasText: '電子カルテ社' }).waitFor();
	await patchPage(page, server, LIBRARY);
	await isNow(page, opd, 'ベンダー回答待ち');
	ok(true, 'an update of the vendor’s machines waits for its answer');
	await visit(page, server, 'decisions?tab=vendors', '承認・保留');
	await page.locator('.vendors button', { hasText: 'リンクで依頼' }).click();
	await dialog(page).locator('button[type=submit]').click();
	const link = (await dialog(page).locator('.command pre').textContent()).trim();
	await page.keyboard.press('Escape');
	const vendors = await open(from, server.url);
	await vendors.goto(link);
	await vendors.locator('tr', { hasText: 'demo-library' }).locator('input[value=forbidden]').check();
	await vendors.locator('tr', { hasText: 'demo-library' }).locator('input[maxlength="200"]').fill('印刷が止まる');
	await vendors.locator('form button').click();
	await vendors.locator('h1', { hasText: 'ありがとうございました' }).waitFor();
	await vendors.goto(link);
	ok((await vendors.locator('body').textContent()).includes('使用済み'), 'the vendor answers without an account, once', await vendors.locator('body').textContent());
	await patchPage(page, server, LIBRARY);
	await isNow(page, opd, 'ベンダー禁止');
	await says(page, '.verdicts', '印刷が止まる');
	ok(true, 'what it forbids is forbidden on its machines, with its words');
	await opd.hears('that it is forbidden', () => !opd.goes(LIBRARY));
	equal(vendors.complaints.filter((line) => !line.includes('404')), [], 'no complaint from the vendor’s browser');
}

async function halt(page, server, { pilot, ward }) {
	await patchPage(page, server, LIBRARY);
	await isNow(page, ward, '先行展開の結果待ち');
	await pilot.ended('wards', LIBRARY, 'failed', 'The installer failed.').checkIn();
	await page.locator('.ring.halted').first().waitFor({ timeout: 30_000 });
	ok(await says(page, '.halt', '停止'), 'a pilot that fails halts everyone, and the update’s page says so');
	await visit(page, server, '', '概況');
	ok(await says(page, 'main', '停止中の展開(1 件)'), 'so does the overview');
	await page.locator('.halt button', { hasText: '再開' }).click();
	await dialog(page).locator('input').fill('ディスクの空きを作った');
	await dialog(page).locator('button.danger').click();
	await gone(page, '.halt');
	await visit(page, server, 'decisions?tab=halts', '承認・保留');
	ok(await says(page, 'main', '停止中の展開はありません'), 'it goes on when somebody says why');
	const { items } = await api(page, 'GET', 'audit?limit=20');
	ok(items.some((row) => row.what === 'ring.resume' && JSON.stringify(row.detail).includes('ディスクの空き')), 'which the audit log keeps');
}

async function withdrawal(page, server, { ward }) {
	await patchPage(page, server, LIBRARY);
	await decide(page, '取下げ', '起動しなくなる');
	await isNow(page, ward, '取下げ');
	await ward.hears('the withdrawal', (d) => d.withdrawn.includes(LIBRARY));
	ok(!ward.goes(LIBRARY), 'a withdrawn update is taken off every machine’s list at once');
	await takeBack(page, 'を全端末で取り下げました');
	await said(page, '再びポリシーに従います');
	await ward.hears('that it is back', (d) => !d.withdrawn.includes(LIBRARY));
	ok(true, 'and comes back when that is undone');
}

/** Exploited, and the machine can be reached from the internet: said loudly, and its restart wants two people. */
async function emergency(page, server, from, { ward, ...rest }) {
	const others = Object.values(rest);
	const write = (name, value) => {
		const file = path.join(server.folder, name);
		writeFileSync(file, JSON.stringify(value));
		return file;
	};
	const osv = write('osv.json', {
		id: 'DSA-5998-1', modified: '2026-01-05T00:00:00Z', published: '2026-01-05T00:00:00Z', summary: 'demo-library - security update', related: [CVE],
		severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
		affected: [{ package: { ecosystem: 'Debian:12', name: 'demo-library' }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '2' }] }] }],
	});
	const kev = write('kev.json', {
		title: 'KEV', catalogVersion: '2026.03.01', dateReleased: '2026-03-01T10:00:00.000Z', count: 1,
		vulnerabilities: [{ cveID: CVE, vulnerabilityName: 'demo', dateAdded: '2026-02-20', dueDate: '2026-02-27', knownRansomwareCampaignUse: 'Unknown' }],
	});
	await must(MAMORI, ['feed', 'import', '--data', server.data, osv, kev]);
	await visit(page, server, `hosts/${ward.id}?tab=findings`, ward.name);
	await page.locator('tbody tr', { hasText: CVE }).waitFor({ timeout: 30_000 });
	await page.locator('button', { hasText: '重要度と到達性を変更' }).click();
	await dialog(page).getByLabel('インターネットから到達できる').check();
	await dialog(page).locator('button[type=submit]').click();
	await dialog(page).waitFor({ state: 'detached' });
	await visit(page, server, '', '概況');
	await page.locator('.emergency', { hasText: 'demo-library' }).waitFor({ timeout: 30_000 });
	ok((await page.locator('.emergency').textContent()).includes('0 / 2 名'), 'what is exploited and exposed is announced above everything else');
	await ward.hears('the emergency', (d) => d.patches.some((p) => p.patch === LIBRARY && p.emergency));
	const consent = async (who) => {
		await who.locator('.emergency button', { hasText: '再起動に同意' }).click();
		await dialog(who).locator('input').fill('病棟に連絡済み');
		await dialog(who).locator('button.danger').click();
		await dialog(who).waitFor({ state: 'detached' });
	};
	await consent(page);
	await says(page, '.emergency', '1 / 2 名');
	const second = await open(from, server.url);
	await signIn(second, server, await personCode(server, 'approver', 'suzuki'));
	await second.locator('.emergency').waitFor();
	await consent(second);
	await says(second, '.emergency', '同意済み');
	await ward.hears('both consents', (d) => d.reboot_consented === true);
	ok(true, 'two people consent to its restart, and the machine may');
	const install = async (host) => {
		host.updates = host.updates.filter(({ id }) => id !== LIBRARY);
		await host.ended('wards', LIBRARY, 'installed').checkIn();
	};
	await install(ward);
	await says(page, '.emergency', '適用済み 1 台、残り 3 台');
	for (const host of others) await install(host);
	await says(page, '.emergency', '適用済み 4 台、残り 0 台');
	ok(true, 'and how far it has come is told');
	equal(second.complaints.filter((line) => !line.includes('401')), [], 'no complaint from the second person’s browser');
}

async function takenBack(page, server) {
	await visit(page, server, 'policies/wards?tab=text', 'wards');
	const written = await page.inputValue('.editor textarea');
	await page.fill('.editor textarea', written.replace("at: '22:00'", "at: '01:00'"));
	await page.locator('.save-bar .primary:enabled').click();
	await dialog(page).locator('.diff .added').waitFor();
	await dialog(page).locator('button[type=submit]').click();
	await said(page, '第 2 版');
	await visit(page, server, 'calendar?view=month&on=2031-06-10', '2031年6月');
	await page.locator('.slot', { hasText: '01:00–05:00' }).first().waitFor({ timeout: 30_000 });
	await visit(page, server, 'policies/wards?tab=versions', 'wards');
	await page.locator('tbody tr', { hasText: 'この版に戻す' }).locator('button', { hasText: 'この版に戻す' }).click();
	await dialog(page).locator('.diff .added', { hasText: '22:00' }).waitFor();
	await dialog(page).locator('.dialog-actions .primary').click();
	await said(page, '第 3 版');
	equal((await api(page, 'GET', 'policies/wards')).yaml, POLICY, 'a policy is taken back to an earlier version, word for word');
	await visit(page, server, 'calendar?view=month&on=2031-06-10', '2031年6月');
	await page.locator('.slot', { hasText: '22:00–翌02:00' }).first().waitFor({ timeout: 30_000 });
	equal(await page.locator('.slot', { hasText: '01:00–05:00' }).count(), 0, 'and the calendar has its hours again');
}

/** Named days, and hours by the clock of those whom they are for. */
async function calendar(page, server, { abroad, ward }) {
	await visit(page, server, 'policies?tab=days', 'ポリシー');
	await page.locator('button', { hasText: '一覧を作る' }).click();
	await dialog(page).locator('textarea').fill('2031-05-20,創立記念日\n');
	await dialog(page).locator('button[type=submit]').click();
	await page.locator('tbody tr', { hasText: '休診日' }).waitFor();
	await visit(page, server, 'calendar?view=month&on=2031-05-10', '2031年5月');
	const cell = (day) => page.locator('table.month td:not(.other)', { has: page.locator(`time[datetime="2031-05-${day}"]`) });
	equal([await cell('05').locator('.named.holiday').textContent(), await cell('20').locator('.named.list').textContent()], ['こどもの日', '創立記念日'], 'national holidays and the hospital’s own days stand in the calendar by their names');
	await visit(page, server, 'calendar?view=month&on=2031-12-10', '2031年12月');
	await page.locator('.named.blackout').first().waitFor();
	ok((await page.locator('.named.blackout').first().textContent()).includes('年末点検'), 'days without updates say why');
	const hours = async (group) => {
		await visit(page, server, `calendar?group=${encodeURIComponent(group)}`, '年');
		return page.locator('table.roster tbody tr', { hasText: group }).locator('.slot').first().textContent();
	};
	ok((await hours('病棟3階')).includes('22:00–翌02:00'), 'a ward’s hours are those of its clock');
	const far = await hours('海外');
	ok(far.includes('22:00–翌02:00') && far.includes('America/New_York'), 'so are those of machines abroad, and the zone is named', far);
	await visit(page, server, `hosts/${abroad.id}`, abroad.name);
	await says(page, '.next-slot', 'America/New_York');
	ok(/22:00–翌02:00/.test(await page.locator('.next-slot').textContent()), 'a machine’s next slot is told by its own clock');
	await visit(page, server, `hosts/${ward.id}?tab=policy`, ward.name);
	const rows = await page.locator('.host-settings tbody tr').allTextContents();
	ok(rows.length === 2 && rows[0].includes('アカウントのロックアウト') && rows[0].includes('有効') && rows[1].includes('競合') && rows[1].includes('smb.conf'), 'a machine’s page has the settings that policies manage, with the reason', rows);
	ok((await page.locator('.warnings').textContent()).includes('SMBv1'), 'and warns of one that does not hold');
}

await test(async () => {
	if (!existsSync(MAMORI)) skip('mamori is not built');
	if (!(await canMakeUp())) skip('openssl is not installed');
	const from = await browser();
	const server = await serve(temporary());
	if (!(await run('curl', ['-sk', `${server.url}/`])).out.includes('id="app"')) skip('this server was built without the dashboard (-Dweb=false)');
	const page = await open(from, server.url);
	await signIn(page, server, server.code);
	const updates = [update('demo-library'), update('demo-tool', { security: false })];
	const settings = [
		{ setting: 'lockout', state: 'in-force', why: null },
		{ setting: 'smb1', state: 'conflict', why: 'smb.conf of this machine lets SMBv1 in' },
	];
	const machine = (name, group, more) => new Machine(server, name, { updates: [...updates], ...more }).enrol(group);
	const all = { pilot: await machine('pilot-1', '医事課'), ward: await machine('ward-1', '病棟3階', { settings }), opd: await machine('opd-1', '受付'), abroad: await machine('abroad-1', '海外', { zone: 'America/New_York' }) };
	await groups(page, server, all);
	await directory(page, server, all);
	await api(page, 'PUT', 'policies/wards', { yaml: POLICY });
	for (const one of Object.values(all)) await one.hears('its policy', (d) => d.policy?.policy === 'wards' || d.serial > 0);
	await verdicts(page, server, all);
	await vendor(page, server, from, all);
	await withdrawal(page, server, all);
	await halt(page, server, all);
	await emergency(page, server, from, all);
	await takenBack(page, server);
	await calendar(page, server, all);
	await visit(page, server, '', '概況');
	await page.waitForSelector('.emergency', { state: 'detached', timeout: 90_000 }); // looked at once a minute
	ok(true, 'once no machine misses it the emergency is over');
	equal(page.complaints.filter((line) => !line.includes('401')), [], 'no complaint from the browser: everything keeps to the policy');
	equal(page.foreign, [], 'no request leaves the server');
});
