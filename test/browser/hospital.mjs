// The dashboard against a mock server with a whole hospital in it: hostile names, keys, filters in the address,
// orders, errors, both languages, a phone, paper. What needs the real server is in dashboard.mjs.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HOSTILE } from './lib-data.mjs';
import { startMock } from './lib-mock.mjs';
import { atEnd, browser, BUILD, equal, ok, open, skip, SOURCE, test } from './lib.mjs';

const focused = (page) => page.evaluate(() => document.activeElement?.textContent ?? '');
const text = (page, selector) => page.locator(selector).first().textContent();
const settled = (page, selector) => page.waitForSelector(selector, { state: 'visible' });
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function hostile(page, mock) {
	await page.goto(`${mock.url}/#/hosts`);
	await settled(page, 'tbody tr');
	ok((await page.locator('tbody').textContent()).includes(HOSTILE), 'a hostile host name is shown as text');
	const patch = mock.hospital.patches.find((p) => p.source === HOSTILE);
	await page.goto(`${mock.url}/#/patches/${encodeURIComponent(patch.id)}`);
	await settled(page, 'tbody tr');
	ok((await text(page, 'h1')).includes(HOSTILE), 'a hostile package name is shown as text, and its page opens');
	equal(await page.evaluate(() => [document.querySelectorAll('main img').length, globalThis.hostile ?? null]), [0, null], 'and nothing of it is run');
}

async function signIn(page, mock) {
	await page.goto(`${mock.url}/#/patches`);
	await settled(page, '.signin');
	ok((await text(page, '.signin')).includes('sudo mamori signin'), 'without a session the page says how to get a link');
	await page.goto(`${mock.url}/#/signin/wrong`);
	await settled(page, '.problem');
	ok((await text(page, '.problem')).includes('期限切れ'), 'a used link is refused in the server’s words');
	await page.goto(`${mock.url}/#/signin/code`);
	await settled(page, '.verdict');
	ok(!page.url().includes('code'), 'the code leaves the address bar');
	ok(/対応が必要です/.test(await text(page, '.verdict')), 'the overview says in one sentence that something must be done');
	// Refused sign-ins answer 401, which the browser itself reports.
	page.complaints = page.complaints.filter((line) => !line.includes('401'));
}

async function keys(page, mock) {
	await page.goto(`${mock.url}/#/hosts`);
	await settled(page, 'tbody tr');
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
	await page.goto(`${mock.url}/#/hosts?group=${encodeURIComponent('外来')}&sort=-security`);
	await settled(page, 'tbody tr');
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
	await page.goto(`${mock.url}/#/hosts`);
	await settled(page, 'tbody tr');
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
	await page.goto(`${mock.url}/#/patches/${encodeURIComponent(patch.id)}`);
	await settled(page, 'tbody tr');
	await page.locator('.actions .primary').click();
	await settled(page, 'dialog[open] .dialog-actions .primary');
	const question = await text(page, 'dialog[open]');
	ok(question.includes(`${before} 台に`) && question.includes(patch.title), 'the question says how many machines and which update', question);
	equal(missing(), before, 'and nothing was ordered by asking');
	await page.locator('dialog[open] .dialog-actions .primary').click();
	await settled(page, '.message');
	equal(missing(), 0, 'confirming orders it');
	await page.locator('.message button', { hasText: '取り消す' }).click();
	await page.waitForFunction(() => document.querySelector('.message')?.textContent.includes('取り消しました'));
	equal(missing(), before, 'and it can be taken back');
	mock.role = 'viewer';
	await page.goto('about:blank');
	await page.goto(`${mock.url}/#/patches/${encodeURIComponent(patch.id)}`);
	await settled(page, 'tbody tr');
	ok(await page.locator('.actions .primary').isDisabled(), 'a viewer cannot order');
	mock.role = 'administrator';
}

async function troubles(page, mock) {
	await page.goto(`${mock.url}/#/feeds`);
	await settled(page, 'tbody tr');
	mock.failing = 500;
	await settled(page, '.failure.slim');
	ok((await page.locator('tbody tr').count()) > 0, 'when the server fails, the last rows stay and the page says so');
	mock.failing = 0;
	await page.waitForSelector('.failure', { state: 'detached' });
	equal(await page.locator('[role=alert]').count(), 0, 'and the message goes when the server is back');
	await page.goto(`${mock.url}/#/hosts/h9999`);
	await settled(page, '.failure');
	ok((await text(page, '.failure')).includes('登録されていません'), 'a host that is not there gives the server’s sentence');
	await page.goto(`${mock.url}/#/hosts?q=nothing-like-this`);
	await page.locator('.empty button').click();
	await settled(page, 'tbody tr');
	ok(!page.url().includes('nothing-like-this'), 'a filter that fits nothing offers to clear it');
	page.complaints = page.complaints.filter((line) => !/\b(500|404)\b/.test(line));
}

async function languages(page, mock) {
	await page.goto(`${mock.url}/#/`);
	await settled(page, '.verdict');
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

async function everyPage(page, mock, what) {
	const wide = [];
	const nameless = [];
	for (const hash of PAGES) {
		await page.goto(`${mock.url}/#/${hash}`);
		await settled(page, 'main h1');
		await page.waitForSelector('.skeleton', { state: 'detached' });
		if ((await overflow(page)) > 0) wide.push(hash);
		nameless.push(...(await page.evaluate(unnamedControls)));
	}
	equal(wide, [], `no page is wider than ${what}`);
	equal(nameless, [], `every control has a name on ${what}`);
}

/** Runs in the page: buttons, links and fields that a screen reader could not name. */
function unnamedControls() {
	const named = (x) => x.textContent.trim() || x.getAttribute('aria-label') || x.title || x.labels?.[0]?.textContent.trim();
	return [...document.querySelectorAll('button, a, input, select')].filter((x) => !named(x)).map((x) => x.outerHTML.slice(0, 120));
}

async function phone(from, mock) {
	const page = await open(from, mock.url, { width: 375, height: 812 });
	await everyPage(page, mock, 'a phone');
	await page.goto(`${mock.url}/#/hosts`);
	await settled(page, 'tbody tr');
	ok(await page.evaluate(() => getComputedStyle(document.querySelector('tbody tr')).display === 'grid'), 'rows are cards on a phone');
	equal(await page.getByRole('row').count() > 10 && (await page.getByRole('cell').count()) > 10, true, 'which stay rows and cells for a screen reader');
	equal(page.complaints, [], 'no complaint from the phone’s browser');
}

async function paper(page, mock) {
	await page.goto(`${mock.url}/#/history`);
	await settled(page, 'tbody tr');
	await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
	const seen = await page.evaluate(() => {
		const shown = (selector) => getComputedStyle(document.querySelector(selector)).display !== 'none';
		return [shown('.side'), shown('.toolbar'), shown('.print-head'), getComputedStyle(document.body).backgroundColor];
	});
	equal(seen, [false, false, true, 'rgb(255, 255, 255)'], 'on paper only the content remains, black on white');
	await page.setViewportSize({ width: 688, height: 1000 }); // A4 less its margins
	const wide = [];
	for (const hash of ['', 'hosts', 'patches', 'history', 'vulnerabilities']) {
		await page.goto(`${mock.url}/#/${hash}`);
		await page.waitForSelector('.skeleton', { state: 'detached' });
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
	await languages(page, mock);
	await everyPage(page, mock, '1280 px');
	await paper(page, mock);
	await phone(from, mock);
	equal(page.complaints, [], 'no complaint from the browser: scripts, styles and images keep to the policy');
	equal(page.foreign, [], 'no request leaves the server');
});
