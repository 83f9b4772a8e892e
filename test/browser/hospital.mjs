// The dashboard against a mock server with a whole hospital in it: hostile names, keys, filters in the address,
// orders, errors, both languages, a phone, paper. What needs the real server is in dashboard.mjs.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HOSTILE } from './lib-data.mjs';
import { startMock } from './lib-mock.mjs';
import { afresh, everyPage, overflow, said, settled, takeBack, text, visit } from './lib-page.mjs';
import { atEnd, browser, BUILD, equal, forgive, ok, open, skip, SOURCE, test, until } from './lib.mjs';

const focused = (page) => page.evaluate(() => document.activeElement?.textContent ?? '');

async function hostile(page, mock) {
	await visit(page, mock, 'hosts', 'tbody tr');
	ok((await page.locator('tbody').textContent()).includes(HOSTILE), 'a hostile host name is shown as text');
	const patch = mock.hospital.patches.find((p) => p.source === HOSTILE);
	await visit(page, mock, `patches/${encodeURIComponent(patch.id)}`, 'tbody tr');
	ok((await text(page, 'h1')).includes(HOSTILE), 'a hostile package name is shown as text, and its page opens');
	equal(await page.evaluate(() => [document.querySelectorAll('main img').length, globalThis.hostile ?? null]), [0, null], 'and nothing of it is run');
}

async function signIn(page, mock) {
	await visit(page, mock, 'patches', '.signin');
	ok((await text(page, '.signin')).includes('sudo mamori signin'), 'without a session the page says how to get a link');
	await page.goto(`${mock.url}/#/signin/wrong`);
	await settled(page, '.problem');
	ok((await text(page, '.problem')).includes('期限切れ'), 'a used link is refused in the server’s words');
	await page.goto(`${mock.url}/#/signin/code`);
	await settled(page, '.verdict');
	ok(!page.url().includes('code'), 'the code leaves the address bar');
	ok(/対応が必要です/.test(await text(page, '.verdict')), 'the overview says in one sentence that something must be done');
	// Refused sign-ins answer 401, which the browser itself reports.
	forgive(page, /status of 401/);
}

async function keys(page, mock) {
	await visit(page, mock, 'hosts', 'tbody tr');
	await page.keyboard.press('j');
	const first = await focused(page);
	await page.keyboard.press('j');
	const second = await focused(page);
	await page.keyboard.press('k');
	equal([first !== second, await focused(page)], [true, first], 'j and k walk over the rows');
	await page.keyboard.press('x');
	equal([await page.locator('tbody input:checked').count(), await page.locator('tr:has(a:focus) input:checked').count()], [1, 1], 'x selects the row');
	await page.keyboard.press('ArrowDown');
	equal(await focused(page), second, 'the arrows walk too');
	await page.keyboard.press('Enter');
	await settled(page, '.tabs');
	ok((await text(page, 'h1')).includes(second), 'Enter opens it');
	await page.keyboard.press('?');
	await settled(page, 'dialog[open] .keys');
	await page.keyboard.press('Escape');
	equal(await page.locator('dialog[open]').count(), 0, '? lists the keys, Escape closes the list');
	await page.keyboard.press('g');
	await page.keyboard.press('v');
	await settled(page, 'tbody tr');
	ok(page.url().includes('#/vulnerabilities'), 'g v goes to the vulnerabilities');
	await page.keyboard.press('/');
	await page.keyboard.type('openssl');
	await page.waitForFunction(() => location.hash.includes('q=openssl'));
	ok(await page.locator('[data-search]').evaluate((box) => box === document.activeElement), '/ goes to the search box, which fills the address');
}

async function table(page, mock) {
	await visit(page, mock, `hosts?group=${encodeURIComponent('外来')}&sort=-security`, 'tbody tr');
	const groups = await page.locator('tbody td[data-label="部署グループ"]').allTextContents();
	equal([...new Set(groups)], ['外来'], 'a mailed address gives the filtered rows');
	const numbers = (await page.locator('tbody td[data-label="セキュリティ"]').allTextContents()).map(Number);
	equal(numbers, [...numbers].sort((a, b) => b - a), 'in the order it names');
	equal(await page.locator('th[aria-sort=descending]').count(), 1, 'and the head says so to a screen reader');
	await page.locator('summary').click();
	await page.locator('.menu-body label', { hasText: 'アドレス' }).click();
	await page.waitForFunction(() => location.hash.includes('addresses'));
	ok((await page.locator('thead').textContent()).includes('アドレス'), 'columns can be chosen');
	const saved = page.waitForEvent('download');
	await page.locator('.toolbar button', { hasText: 'CSV' }).click();
	const download = await saved;
	const csv = readFileSync(await download.path(), 'utf8');
	equal(csv.trim().split('\r\n').length, groups.length + 1, 'CSV holds the rows shown');
	ok(csv.startsWith('\ufeff端末,') && csv.includes('アドレス'), 'and the columns shown, in UTF-8 that a spreadsheet knows', csv.slice(0, 80));
}

async function live(page, mock) {
	await visit(page, mock, 'hosts', 'tbody tr');
	await page.keyboard.press('j');
	await page.keyboard.press('j');
	const before = await focused(page);
	await page.evaluate(() => scrollTo(0, 200));
	mock.hospital.hosts[0].group = '手術室';
	await page.waitForFunction(() => document.querySelector('tbody')?.textContent.includes('手術室'), undefined, { timeout: 15_000 });
	equal([await focused(page), await page.evaluate(() => scrollY)], [before, 200], 'a change appears by itself; focus and place stay');
}

async function orders(page, mock) {
	const patch = mock.hospital.patches[0];
	const missing = () => mock.hospital.targets.filter((t) => t.patch === patch && t.state === 'missing' && !t.host.silent).length;
	const before = missing();
	await visit(page, mock, `patches/${encodeURIComponent(patch.id)}`, 'tbody tr');
	await page.locator('.actions .primary').click();
	await settled(page, 'dialog[open] .dialog-actions .primary');
	const question = await text(page, 'dialog[open]');
	ok(question.includes(`${before} 台に`) && question.includes(patch.title), 'the question says how many machines and which update', question);
	equal(missing(), before, 'and nothing was ordered by asking');
	await page.locator('dialog[open] .dialog-actions .primary').click();
	await said(page, '件の適用を指示しました');
	equal(missing(), 0, 'confirming orders it');
	await takeBack(page, '件の適用を指示しました', '件の指示を取り消しました');
	equal(missing(), before, 'and it can be taken back');
	mock.role = 'viewer';
	await afresh(page, mock, `patches/${encodeURIComponent(patch.id)}`, 'tbody tr');
	ok(await page.locator('.actions .primary').isDisabled(), 'a viewer cannot order');
	mock.role = 'administrator';
}

async function troubles(page, mock) {
	await visit(page, mock, 'feeds', 'tbody tr');
	mock.failing = 500;
	await settled(page, '.failure.slim');
	ok((await page.locator('tbody tr').count()) > 0, 'when the server fails, the last rows stay and the page says so');
	mock.failing = 0;
	await page.waitForSelector('.failure', { state: 'detached' });
	equal(await page.locator('[role=alert]').count(), 0, 'and the message goes when the server is back');
	await visit(page, mock, 'hosts/h9999', '.failure');
	ok((await text(page, '.failure')).includes('登録されていません'), 'a host that is not there gives the server’s sentence');
	await visit(page, mock, 'hosts?q=nothing-like-this');
	await page.locator('.empty button').click();
	await settled(page, 'tbody tr');
	ok(!page.url().includes('nothing-like-this'), 'a filter that fits nothing offers to clear it');
	forgive(page, /\b(500|404)\b/);
}

/** A page whose own program fails says so, and everything else goes on. */
async function broken(page, mock) {
	const host = mock.hospital.hosts[6];
	const addresses = host.addresses;
	host.addresses = null;
	await visit(page, mock, `hosts/${host.id}`, '.broken');
	ok((await text(page, '.broken')).includes('この画面を表示できませんでした') && (await text(page, '.broken')).includes('更新は予定どおり'), 'a page that fails says so, and that updates go on');
	await page.locator('.broken summary').click();
	ok(/hosts\/h[\s\S]*TypeError/.test(await text(page, '.broken pre')), 'with words for a report');
	await page.locator('nav a', { hasText: '更新プログラム' }).click();
	await settled(page, 'tbody tr');
	equal(await page.locator('.broken').count(), 0, 'the other pages work');
	await visit(page, mock, `hosts/${host.id}`, '.broken');
	host.addresses = addresses;
	await until('the page to be shown again', 20, async () => {
		await page.locator('.broken button.primary').click({ timeout: 500 }).catch(() => {});
		return (await page.locator('.tabs').count()) > 0;
	});
	ok((await text(page, 'h1')).includes(host.name), 'and the page comes back without loading everything anew');
	page.complaints = page.complaints.filter((line) => !/TypeError|null/.test(line)); // what failed is on the page, so it was said
}

async function languages(page, mock) {
	await visit(page, mock, '', '.verdict');
	ok(/\d{4}年\d+月\d+日\([日月火水木金土]\) \d\d:\d\d/.test(await text(page, 'main')), 'Japanese dates');
	await page.locator('.side-foot button[lang=en]').click();
	await page.waitForFunction(() => document.documentElement.lang === 'en');
	const english = await text(page, 'main');
	ok(/Needs your attention/.test(english) && /\d{4}-\d\d-\d\d \d\d:\d\d/.test(english), 'English words and dates');
	await page.reload();
	await settled(page, '.verdict');
	ok(/Needs your attention/.test(await text(page, '.verdict')), 'the choice is kept');
	equal(mock.requests.at(-1).language, 'en', 'and the server is asked for its sentences in that language');
	await page.locator('.side-foot button[lang=ja]').click();
}

const PAGES = ['', 'hosts', 'hosts/h0005', 'hosts/h0005?tab=findings', 'hosts/h0005?tab=history', 'hosts/h0005?tab=machine', 'hosts/h0005?tab=packages', 'patches', 'history', 'vulnerabilities', 'feeds', 'enrol', 'audit', 'settings'];

/** What to do by when: counts that lead to their rows, dates with a word where they passed, the trend also as a table. */
async function byWhen(page, mock) {
	await visit(page, mock, '', '.actions-row');
	ok((await text(page, '.actions-row .late')).includes('期限超過'), 'the overview counts what is overdue, in a word and not by colour alone');
	ok(/緊急|未解消の検出/.test(await page.locator('svg.trend').getAttribute('aria-label')), 'the trend says in a sentence what it shows');
	await page.locator('.trend-days summary').click();
	equal(await page.locator('.trend-days tbody tr').count(), 90, 'and gives its days as a table');
	await page.locator('.actions-row li').nth(1).locator('a').click();
	await settled(page, 'tbody tr');
	const actions = await page.locator('tbody td[data-label="対応"]').allTextContents();
	ok(actions.length > 0 && actions.every((a) => a.includes('直ちに対応')), 'a count leads to its rows');
	ok((await text(page, 'tbody td[data-label="期限"]')).includes('期限超過'), 'a due date that passed says so in a word');
	const host = mock.hospital.hosts.find((x) => x.state === 'active' && !x.silent);
	await visit(page, mock, `hosts/${host.id}?tab=findings&due=overdue`, 'tbody tr');
	const late = await page.locator('tbody td[data-label="期限"]').allTextContents();
	ok(late.length > 0 && late.every((d) => d.includes('期限超過')), 'a host’s findings are filtered by their due date');
	mock.hospital.indexError = 'advisory index: damaged';
	await visit(page, mock, 'settings', 'input[name="deadlines"]');
	await page.locator('input[name="deadlines"]').nth(1).check();
	await page.waitForFunction(() => document.querySelectorAll('input[name="deadlines"]')[1].checked);
	equal(mock.hospital.deadlines, 'pci', 'the deadlines are chosen in the settings');
	await visit(page, mock, '', '.by-when');
	await page.waitForFunction(() => document.querySelector('.by-when').textContent.includes('damaged'));
	ok((await text(page, '.by-when')).includes('照合されていません'), 'an index that cannot be used is said instead of a number');
	mock.hospital.indexError = null;
}

async function phone(from, mock) {
	const page = await open(from, mock.url, { width: 375, height: 812 });
	await everyPage(page, mock, PAGES, 'the hospital', 'a phone');
	await visit(page, mock, 'hosts', 'tbody tr');
	ok(await page.evaluate(() => getComputedStyle(document.querySelector('tbody tr')).display === 'grid'), 'rows are cards on a phone');
	equal(await page.getByRole('row').count() > 10 && (await page.getByRole('cell').count()) > 10, true, 'which stay rows and cells for a screen reader');
	equal(page.complaints, [], 'no complaint from the phone’s browser');
}

async function outside(page, mock) {
	await visit(page, mock, 'history?state=installed', 'tbody tr');
	const marked = page.locator('tbody tr', { hasText: 'mamori 以外' });
	ok((await marked.count()) > 0, 'what was changed past mamori is marked in the history');
	ok((await marked.first().textContent()).includes('指示した人: clerk'), 'and says who did it', await marked.first().textContent());
	ok((await page.locator('tbody tr').count()) > (await marked.count()), 'what mamori did is not');
}

async function paper(page, mock) {
	await visit(page, mock, 'history', 'tbody tr');
	await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
	const seen = await page.evaluate(() => {
		const shown = (selector) => getComputedStyle(document.querySelector(selector)).display !== 'none';
		return [shown('.side'), shown('.toolbar'), shown('.print-head'), getComputedStyle(document.body).backgroundColor];
	});
	equal(seen, [false, false, true, 'rgb(255, 255, 255)'], 'on paper only the content remains, black on white');
	await page.setViewportSize({ width: 688, height: 1000 }); // A4 less its margins
	const wide = [];
	for (const hash of ['', 'hosts', 'patches', 'history', 'vulnerabilities']) {
		await visit(page, mock, hash);
		if ((await overflow(page)) > 0) wide.push(hash);
	}
	equal(wide, [], 'and fits an A4 page');
	await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
}

await test(async () => {
	const from = await browser();
	const dist = [path.join(BUILD, 'src/server/web-dist'), path.join(SOURCE, 'web/dist')].find((place) => existsSync(path.join(place, 'index.html')));
	if (!dist) skip('the dashboard is not built (-Dweb=false)');
	const mock = await startMock(dist);
	atEnd(() => mock.close());
	const page = await open(from, mock.url, { acceptDownloads: true });
	await signIn(page, mock);
	await hostile(page, mock);
	await keys(page, mock);
	await table(page, mock);
	await live(page, mock);
	await orders(page, mock);
	await troubles(page, mock);
	await broken(page, mock);
	await languages(page, mock);
	await byWhen(page, mock);
	await everyPage(page, mock, PAGES, 'the hospital', '1280 px');
	await outside(page, mock);
	await paper(page, mock);
	await phone(from, mock);
	equal(page.complaints, [], 'no complaint from the browser: scripts, styles and images keep to the policy');
	equal(page.foreign, [], 'no request leaves the server');
});
