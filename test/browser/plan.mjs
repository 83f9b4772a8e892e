// Planning on the mock hospital: the calendar of departments, policies written as a form and as text, the first-run
// assistant, holds, verdicts, rings, vendors, emergencies, and the ward's page. The real server is in dashboard.mjs.
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startMock } from './lib-mock.mjs';
import { trouble } from './lib-plan.mjs';
import { afresh, everyPage, overflow, said, settled, takeBack, text, visit } from './lib-page.mjs';
import { MAMORI } from './lib-server.mjs';
import { atEnd, browser, BUILD, equal, ok, open, run, skip, SOURCE, temporary, test, until } from './lib.mjs';

const plan = (mock) => mock.hospital.plan;
const policy = (mock, name) => plan(mock).policies.find((p) => p.name === name);

async function calendar(page, mock) {
	await visit(page, mock, 'calendar', 'table.roster tbody tr');
	const wards = await page.locator('table.roster th[scope=row]').allTextContents();
	ok(wards.some((w) => w.startsWith('病棟3階')) && wards.length >= 6, 'the week is a roster: departments down, days across', wards);
	equal(await page.locator('table.roster thead th').count(), 8, 'seven days');
	const row = page.locator('table.roster tbody tr', { hasText: '病棟3階' });
	const slot = await row.locator('.slot').first().textContent();
	ok(slot.includes('22:00–翌02:00') && slot.includes('夜間') && slot.includes('05:30 までに復帰'), 'a slot says its hours, its name and when the machines are back', slot);
	const before = await text(page, 'h1');
	await page.locator('h1').focus();
	await page.keyboard.press('ArrowRight');
	await page.waitForFunction((old) => document.querySelector('h1').textContent !== old, before);
	await page.keyboard.press('t');
	await page.waitForFunction((old) => document.querySelector('h1').textContent === old, before);
	ok(true, 'the arrows turn the week, t comes back to today');
	await visit(page, mock, `calendar?view=month&on=2026-11-24&group=${encodeURIComponent('病棟3階')}`, 'table.month .slot');
	const starts = await page.locator('table.month td:not(.other) .slot').count();
	equal(starts, 8, 'a ward’s month holds its Tuesdays and Thursdays');
	ok((await page.locator('table.month td', { hasText: '勤労感謝の日' }).count()) === 1, 'holidays are named');
	await visit(page, mock, 'calendar?view=month&on=2026-12-24', 'table.month .named.blackout');
	ok((await text(page, '.named.blackout')).includes('適用なし:年末年始'), 'days without updates say why');
	await visit(page, mock, 'calendar?view=tomorrow', '.door, .empty');
	if ((await page.locator('.door').count()) > 0) {
		const notice = await text(page, '.door');
		ok(notice.indexOf('お知らせ') < notice.indexOf('Automatic updates') && notice.includes('電源は入れたまま'), 'the notice for the door says it in both languages, Japanese first');
		ok(/\d\d:\d\d までに、再起動も含めて/.test(notice) && /back by \d\d:\d\d/.test(notice), 'and by when the machines are back, restarts included', notice);
	} else ok(true, 'nothing begins tomorrow, and the page says so');
}

async function form(page, mock) {
	await visit(page, mock, 'policies', 'tbody tr');
	const row = await page.locator('tbody tr', { hasText: 'ward-night' }).textContent();
	ok(row.includes('病棟3階、病棟5階') && row.includes('14') && row.includes('22:00–翌02:00') && row.includes('山田'), 'the list says for whom, how many, when next, and who changed it', row);
	await page.locator('tbody a[data-row]', { hasText: 'ward-night' }).click();
	await settled(page, '.preview .slot');
	await page.locator('.tabs a', { hasText: '編集' }).click();
	await settled(page, '.policy-form .card');
	const cells = () => page.locator('.preview .month').first().locator('td:not(.other) .slot').count();
	const before = await cells();
	await page.locator('.policy-form .chip', { hasText: /^土$/ }).first().click();
	await settled(page, '.save-bar');
	await until('the preview to follow', 30, async () => (await cells()) > before);
	ok(true, 'a weekday that is pressed shows in the preview before anything is saved');
	equal(policy(mock, 'ward-night').versions.length, 2, 'and nothing is saved by that');
	await page.locator('.save-bar .primary').click();
	await settled(page, 'dialog[open] .diff .added');
	const added = await text(page, 'dialog[open] .diff .added');
	ok(added.includes('weekly: [tue, thu, sat]') && !added.includes('policy:'), 'saving shows the lines that change, and only those', added);
	await page.locator('dialog[open] input').fill('土曜も追加');
	await page.locator('dialog[open] .primary').click();
	await said(page, 'ward-night の第 3 版が有効になりました');
	const saved = policy(mock, 'ward-night').versions.at(-1);
	equal([saved.version, saved.note, saved.yaml.startsWith('# 病棟:夜間')], [3, '土曜も追加', true], 'a new version with its note; comments of the text stay');
	await takeBack(page, 'ward-night の第 3 版', 'ward-night を元に戻しました');
	const back = policy(mock, 'ward-night').versions;
	equal([back.at(-1).what, back.at(-1).yaml], ['revert', back[1].yaml], 'and it can be taken back at once');
}

/** What machines do at once in an emergency, until the update is in: services that stop, ports that close. */
async function mitigations(page, mock) {
	await visit(page, mock, 'policies/hospital?tab=form', '.policy-form .form-section');
	const section = page.locator('.form-section').filter({ has: page.locator('h2', { hasText: /^緊急時$/ }) });
	const cards = section.locator('.card');
	const before = await cards.count();
	await section.locator('button', { hasText: '直ちに行うことを追加' }).click();
	const card = cards.nth(before);
	const field = (label) => card.locator('label.field', { hasText: label }).locator('input');
	const type = async (label, words) => {
		await field(label).fill(words);
		await field(label).press('Enter');
	};
	equal([await field('対象のソフトウェア').inputValue(), await field('止めるサービス').inputValue()], ['samba', 'smbd, nmbd'], 'what machines do at once begins with an example');
	equal(await field('通すネットワーク').count(), 0, 'who may still come is asked once a port is to be closed');
	await type('対象のソフトウェア', 'openssh');
	await type('止めるサービス', '');
	await type('閉じるポート', '22/tcp、2222/tcp');
	await type('通すネットワーク', '10.1.0.0/16');
	await card.locator('label.check', { hasText: '保留中の端末でも行う' }).locator('input').check();
	await page.locator('.save-bar .primary').click();
	await settled(page, 'dialog[open] .diff .added');
	const added = await text(page, 'dialog[open] .diff .added');
	const line = "{patch: openssh, close-port: ['22/tcp', '2222/tcp'], except: ['10.1.0.0/16'], even-held: true}";
	ok(added.includes(line) && added.includes('mitigate: at-once'), 'what was typed is one line of the policy; an emptied field leaves nothing', added);
	await page.locator('dialog[open] .primary').click();
	await said(page, 'hospital の第 2 版が有効になりました');
	const saved = policy(mock, 'hospital').versions.at(-1);
	ok(saved.yaml.includes(line), 'and is saved');
	if (existsSync(MAMORI)) {
		const file = path.join(temporary(), 'hospital.yaml');
		writeFileSync(file, saved.yaml.replace(/^applies-to:.*\n/m, ''));
		const judged = await run(MAMORI, ['policy', 'check', file], { env: { LANG: 'C.UTF-8' } });
		equal(judged.status, 0, 'mamori itself takes that line');
		if (judged.status !== 0) console.log(`# ${judged.out}${judged.err}`.replaceAll('\n', '\n# '));
	}
	await takeBack(page, 'hospital の第 2 版', 'hospital を元に戻しました');
	await afresh(page, mock, 'policies/hospital?tab=form', '.policy-form .form-section');
	equal(await cards.count(), before, 'it can be taken back');
	await section.locator('button', { hasText: '直ちに行うことを追加' }).click();
	await settled(page, '.save-bar');
	await cards.nth(before).locator('button', { hasText: '取り除く' }).click();
	await page.waitForSelector('.save-bar', { state: 'detached' });
	equal(await cards.count(), before, 'and a card that was taken away again leaves nothing to save');
}

async function textual(page, mock) {
	await visit(page, mock, 'policies/ward-night?tab=text', '.editor textarea');
	const lines = (await page.inputValue('.editor textarea')).split('\n').length;
	equal(await page.locator('.gutter > div').count(), lines, 'the text has a number for each line');
	const good = await page.inputValue('.editor textarea');
	await page.fill('.editor textarea', good.replace("at: '22:00'", "at: '25:00'"));
	await settled(page, '.remarks');
	const remark = await text(page, '.remarks');
	ok(/6 行 \d+ 文字目/.test(remark) && remark.includes("'23:59'"), 'a mistake is told with line and column while it is written', remark);
	equal([await page.locator('.gutter .error').textContent(), await page.locator('.save-bar .primary').isDisabled()], ['6', true], 'its line is marked, and saving waits');
	await page.locator('.remarks button').click();
	const at = await page.locator('.editor textarea').evaluate((area) => [document.activeElement === area, area.value.slice(area.selectionStart, area.selectionStart + 3)]);
	equal(at, [true, 'at:'], 'the remark leads to its place');
	await page.locator('.tabs a', { hasText: '編集' }).click();
	await settled(page, '.empty');
	ok((await text(page, '.empty')).includes('テキストを保存するか'), 'the form waits for a text that it does not know yet');
	await page.locator('.save-bar button').first().click();
	await page.waitForSelector('.save-bar', { state: 'detached' });
	await visit(page, mock, 'policies/ward-night?tab=versions', 'tbody tr');
	equal(await page.locator('tbody tr').count(), 4, 'every version is listed');
	await page.locator('tbody tr', { hasText: '病棟の希望' }).locator('.opener button').click();
	await settled(page, '.diff .added');
	ok((await text(page, '.diff .removed')).includes('for: 3h') && (await text(page, '.diff .added')).includes('for: 4h'), 'with what it changed');
	await page.locator('tbody tr', { hasText: '3 つの質問' }).locator('td button', { hasText: 'この版に戻す' }).click();
	await settled(page, 'dialog[open] .diff');
	await page.keyboard.press('Escape');
}

async function assistant(page, mock) {
	const kept = plan(mock).policies;
	await page.goto('about:blank'); // what it remembers of policies goes
	plan(mock).policies = [];
	await visit(page, mock, '', '.offer');
	await page.locator('.offer a').click();
	await settled(page, '.preview .roster .slot');
	const kinds = await page.locator('.departments li', { hasText: '病棟3階' }).locator('select').inputValue();
	equal(kinds, 'ward', 'departments are guessed to be wards by their names');
	await page.locator('input[type=time]').first().fill('23:30');
	await page.waitForFunction(() => document.querySelector('.preview .slot')?.textContent.includes('23:30'));
	ok((await text(page, '.preview')).includes('サーバー'), 'three questions; the week follows each answer');
	equal(plan(mock).policies.length, 0, 'and nothing is installed before the button');
	await page.locator('button.big').click();
	await said(page, '4 件のポリシーが有効になりました');
	equal([plan(mock).policies.length, plan(mock).imported.includes('"ward3-pc-01",ward')], [4, true], 'one button puts the ready policies in force and gives departments their roles');
	await takeBack(page, '4 件のポリシー', '取り消しました。元の状態に戻りました');
	ok(plan(mock).policies.every((p) => p.versions.at(-1).what === 'delete'), 'and it can be taken back');
	await page.goto('about:blank');
	plan(mock).policies = kept;
}

async function holds(page, mock) {
	const host = mock.hospital.hosts.find((x) => x.group === '外来' && x.state === 'active' && !x.silent);
	await visit(page, mock, `hosts/${host.id}`, '.next-slot');
	ok(/次の適用枠.*04:00–07:00/.test(await text(page, '.next-slot')), 'a machine’s page says its next slot and why');
	await page.locator('.next-slot button', { hasText: '保留' }).click();
	await settled(page, 'dialog[open]');
	ok(await page.locator('dialog[open] .primary').isDisabled(), 'a hold wants a reason');
	await page.locator('dialog[open] .chip', { hasText: '手術' }).click();
	await page.locator('dialog[open] .primary').click();
	await said(page, `${host.name} を保留しました`);
	const hold = plan(mock).holds.at(-1);
	ok(hold.host.id === host.id && hold.why === '手術' && Date.parse(hold.until) > Date.now(), 'and has an end');
	await page.waitForFunction(() => document.querySelector('.next-slot')?.textContent.includes('保留中'));
	await page.locator('.next-slot button', { hasText: '保留を解除' }).click();
	await said(page, `${host.name} の保留を解除しました`);
	ok(plan(mock).holds.at(-1).released_at, 'it can be released');
	await visit(page, mock, `hosts/${host.id}?tab=policy`, 'table.lines');
	ok((await page.locator('table.lines tr', { hasText: '適用時間帯' }).textContent()).includes('outpatient-morning'), 'every line of its policy names where it comes from');
}

/** A group changes from hand to rule: who comes and who leaves is shown first; one click puts it back. */
async function groups(page, mock) {
	const name = '先行展開';
	const list = () => mock.hospital.groups.find((g) => g.group === name);
	await visit(page, mock, 'groups', 'tbody tr');
	const rows = await page.locator('tbody tr').allTextContents();
	ok(rows.some((r) => r.includes('画像診断') && r.includes('名前のパターン') && r.includes('rad-pc-*')) && rows.some((r) => r.includes('病棟3階') && r.includes('部署') && r.includes('ward-night')), 'groups say how they get their machines, and which policies name them', rows);
	await visit(page, mock, `groups/${encodeURIComponent(name)}`, 'tbody tr');
	ok(await page.locator('.page-head button', { hasText: '削除' }).isDisabled(), 'a group that a policy names cannot be deleted, and the button says why');
	await page.locator('.page-head a', { hasText: '変更' }).click();
	await settled(page, '.who');
	await page.locator('select').selectOption('rule');
	await page.getByLabel('端末名(* は任意の文字列)').fill('opd-pc-0*');
	await page.waitForFunction(() => document.querySelector('.who')?.textContent.includes('外れる(2 台)'));
	equal(list().rule, null, 'and nothing has changed yet');
	await page.locator('.page-head button.primary').click();
	await said(page, `${name} を保存しました`);
	equal(list().rule, { names: ['opd-pc-0*'] }, 'the rule is kept');
	await takeBack(page, `${name} を保存しました`, '元に戻しました');
	equal([list().rule, list().members.length], [null, 3], 'and taken back with its machines');
}

/** A reader in London looks at a hospital in Tokyo. */
async function faraway(from, mock) {
	const page = await open(from, mock.url, { timezoneId: 'Europe/London' });
	await visit(page, mock, `calendar?view=month&on=2026-11-24&group=${encodeURIComponent('病棟3階')}`, 'table.month .slot');
	ok((await page.locator('table.month .slot').first().textContent()).includes('22:00–翌02:00'), 'elsewhere, too, hours are those of the hospital');
	equal(await page.locator('table.month td:not(.other) .slot').count(), 8, 'on its days');
	ok((await text(page, '.calendar > p.quiet')).includes('Asia/Tokyo (UTC+09:00)') && (await text(page, '.side-foot')).includes('Asia/Tokyo'), 'and the zone is named where it is not the reader’s');
	await visit(page, mock, 'hosts/h0005', '.next-slot');
	await page.waitForFunction(() => document.querySelector('.next-slot')?.textContent.includes('Asia/Tokyo'));
	ok(/UTC\+09:00/.test(await page.locator('.facts time').first().getAttribute('title')), 'a time says its zone on hover');
	equal(page.complaints, [], 'no complaint from the faraway browser');
}

async function verdicts(page, mock) {
	const patch = mock.hospital.patches[2];
	await visit(page, mock, `patches/${encodeURIComponent(patch.id)}`, '.verdicts button');
	await page.locator('.verdicts button', { hasText: '取下げ' }).click();
	await settled(page, 'dialog[open]');
	const targets = mock.hospital.targets.filter((x) => x.patch === patch).length;
	ok((await text(page, 'dialog[open] .danger')).includes(`${targets} 台`), 'withdrawing says how many machines it touches');
	await page.locator('dialog[open] input').fill('印刷できなくなる');
	await page.locator('dialog[open] .danger').click();
	await settled(page, '.verdicts .notices');
	equal(plan(mock).verdicts.at(-1).verdict, 'withdrawn', 'it is withdrawn, and the page says so');
	await takeBack(page, 'を全端末で取り下げました', '再びポリシーに従います');
	ok(plan(mock).verdicts.at(-1).undone_at, 'and undone');
	const halted = mock.hospital.patches[1];
	await visit(page, mock, `patches/${encodeURIComponent(halted.id)}`, '.ring.halted');
	const ring = await text(page, '.ring.halted');
	ok(ring.includes('停止') && ring.includes('失敗 3 台'), 'a halted ring says so in a word, with its failures', ring);
	await page.locator('.halt button').click();
	await page.locator('dialog[open] input').fill('原因を確認済み');
	await page.locator('dialog[open] .danger').click();
	await until('the way on', 30, () => plan(mock).halts[0].lifted_at);
	ok(true, 'and goes on when somebody says why');
	await visit(page, mock, 'decisions?tab=vendors&overdue=true', 'tbody tr');
	const late = await page.locator('tbody tr').allTextContents();
	ok(late.length === 1 && late[0].includes('期限超過'), 'answers that vendors owe are listed');
	await visit(page, mock, 'decisions?tab=vendors', '.vendors li');
	await page.locator('.vendors button', { hasText: 'リンクで依頼' }).click();
	await page.locator('dialog[open] .primary').click();
	await settled(page, 'dialog[open] .command');
	ok((await text(page, 'dialog[open] .command')).includes('/vendor/'), 'a vendor is asked by a one-time link');
	await page.keyboard.press('Escape');
}

async function urgent(page, mock) {
	await visit(page, mock, '', '.emergency');
	ok((await text(page, '.emergency')).includes('1 / 2 名'), 'an emergency stands above everything, with the consents that it has');
	await page.locator('.emergency button').click();
	await page.locator('dialog[open] input').fill('外来に連絡済み');
	await page.locator('dialog[open] .danger').click();
	await until('the consent', 30, () => plan(mock).emergencies[0].consents === 2);
	ok(true, 'a second approver agrees');
	const back = await page.locator('.panel', { hasText: '更新から復帰していない端末' }).textContent();
	ok(back.includes('2 台') && back.includes('動作確認に失敗'), 'machines that are not back are listed with the reason');
}

async function ward(from, mock) {
	plan(mock).pin = { group: '病棟3階', pin: '482913' };
	const page = await open(from, mock.url, { width: 375, height: 812 });
	await visit(page, mock, `ward/${encodeURIComponent('病棟3階')}`, 'input[type=password]');
	await page.fill('input[type=password]', '000000');
	await page.locator('button.primary').click();
	await settled(page, '.problem');
	await page.fill('input[type=password]', '482913');
	await page.locator('button.primary').click();
	await settled(page, '.ward-machines li');
	equal(await page.locator('.ward-machines > li').count(), mock.hospital.hosts.filter((x) => x.group === '病棟3階' && x.state === 'active').length, 'with its PIN a ward sees its own machines, without an account');
	const first = page.locator('.ward-machines > li').first();
	const sizes = await first.locator('button').evaluateAll((all) => all.map((b) => Math.min(b.offsetHeight, b.offsetWidth)));
	ok(sizes.length === 3 && sizes.every((s) => s >= 48), 'three large buttons: now, later, hold', sizes);
	await first.locator('button', { hasText: '保留' }).click();
	await page.locator('dialog[open] button', { hasText: '手術' }).click();
	await page.locator('dialog[open] button', { hasText: '4 時間' }).click();
	await page.locator('dialog[open] button.primary').click();
	await page.waitForSelector('.ward-machines li.held');
	const act = plan(mock).acts.at(-1);
	const hours = (Date.parse(act.until) - Date.now()) / 3_600_000;
	ok(act.do === 'hold' && act.why === '手術' && hours > 3.9 && hours < 4.1, 'holding takes a reason and an end', act);
	await page.locator('li.held button', { hasText: '保留を解除' }).click();
	await page.waitForSelector('.ward-machines li.held', { state: 'detached' });
	await first.locator('button', { hasText: '今すぐ' }).click();
	ok((await text(page, 'dialog[open]')).includes('再起動することがあります'), 'now says what will happen before it happens');
	await page.locator('dialog[open] button.primary').click();
	await until('the order', 30, () => plan(mock).acts.at(-1).do === 'now');
	ok((await overflow(page)) <= 0, 'it fits a phone');
	await page.emulateMedia({ media: 'print' });
	ok(await page.locator('.door h2').isVisible(), 'on paper it is the notice for the door');
	await page.emulateMedia({ media: 'screen' });
	await page.locator('header button[lang=en]').click();
	await settled(page, 'button:has-text("Hold")');
	equal(page.complaints.filter((line) => !line.includes('401')), [], 'no complaint from the ward’s browser');
	const names = await page.evaluate(() => performance.getEntriesByType('resource').map((r) => r.name));
	ok(!names.some((name) => /dashboard|words-/.test(name)), 'and it fetches nothing of the dashboard', names);
}

const PAGES = ['groups', 'groups?new=1', `groups/${encodeURIComponent('画像診断')}`, `groups/${encodeURIComponent('先行展開')}?edit=1`, `groups/${encodeURIComponent('外来')}`, 'calendar', 'calendar?view=month', 'calendar?view=tomorrow', 'policies', 'policies?tab=days', 'policies/hospital', 'policies/hospital?tab=form', 'policies/hospital?tab=text', 'policies/ward-night?tab=versions', 'assistant', 'decisions', 'decisions?tab=verdicts', 'decisions?tab=halts', 'decisions?tab=vendors', 'decisions?tab=mitigations', 'hosts/h0005?tab=policy'];

async function paper(page, mock) {
	await page.emulateMedia({ media: null });
	for (const [hash, size] of [
		['calendar', 'A4 landscape'],
		['calendar?view=month', 'A4 landscape'],
	]) {
		await visit(page, mock, hash, '.slot');
		const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
		const pages = pdf.match(/\/Type\s*\/Page\b/g).length;
		const wide = /\/MediaBox\s*\[0 0 841/.test(pdf);
		equal([pages, wide], [1, true], `${hash} is one sheet of ${size}`);
	}
}

await test(async () => {
	const from = await browser();
	const dist = [path.join(BUILD, 'src/server/web-dist'), path.join(SOURCE, 'web/dist')].find((place) => existsSync(path.join(place, 'index.html')));
	if (!dist) skip('the dashboard is not built (-Dweb=false)');
	const mock = await startMock(dist, { signedIn: true });
	atEnd(() => mock.close());
	trouble(mock.hospital);
	const page = await open(from, mock.url);
	await calendar(page, mock);
	await form(page, mock);
	await mitigations(page, mock);
	await textual(page, mock);
	await assistant(page, mock);
	await holds(page, mock);
	await groups(page, mock);
	await faraway(from, mock);
	await verdicts(page, mock);
	await urgent(page, mock);
	await everyPage(page, mock, PAGES, 'planning', '1280 px');
	await paper(page, mock);
	await ward(from, mock);
	const phone = await open(from, mock.url, { width: 375, height: 812, lang: 'en-GB' });
	await everyPage(phone, mock, PAGES, 'planning', 'a phone');
	equal([...page.complaints, ...phone.complaints], [], 'no complaint from the browser: everything keeps to the policy');
	equal([...page.foreign, ...phone.foreign], [], 'no request leaves the server');
});
