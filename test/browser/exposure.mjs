// timeout: 600
// 外部露出 on the real server: query, completion, facets, records, charts, comparison, saved queries with notices, files, hostile
// banners, huge and deep queries; in Japanese and English, on a phone and on paper. Each point is what somebody notices.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { banner, HOSTILE, hostile, lines } from './lib-banners.mjs';
import { browser, equal, forgive, must, ok, open, run, SOURCE, temporary, test, until } from './lib.mjs';
import { api, MAMORI, personCode, serve } from './lib-server.mjs';

const DATA = path.join(SOURCE, '../shared/data');
const many = (n, make) => Array.from({ length: n }, (_, i) => make(i));

/** 2026-03: 60 dicom (40 JP, 20 DE), 80 web (JP), 30 rdp (US), one hostile. 2026-04: less ten dicom, two new, one changed. */
function snapshots() {
	const dicom = (i, more) => banner('dicom', i, { country: i < 40 ? 'JP' : 'DE', ...more });
	const march = [...many(60, (i) => dicom(i)), ...many(80, (i) => banner('web', 100 + i)), ...many(30, (i) => banner('rdp', 300 + i, { country: 'US', day: '2026-02-10' })), hostile()];
	const later = { day: '2026-04-01' };
	const april = [...many(50, (i) => dicom(i, later)), ...many(2, (i) => banner('dicom', 600 + i, later)), ...many(80, (i) => banner('web', 100 + i, later))];
	april[0] = { ...april[0], version: '1.12.0' };
	return { march, april };
}

async function signIn(page, server, code = server.code) {
	await page.goto(`${server.url}/#/signin/${code}`);
	await page.locator('main .page-head').waitFor();
}

const box = (page) => page.locator('input[data-search]');
const counted = (page) => page.locator('.counted strong');
const settled = (page, n) => page.waitForFunction((count) => document.querySelector('.counted strong')?.textContent?.replace(/[^\d]/g, '') === String(count) && !document.querySelector('.counted[aria-busy="true"]'), n, { timeout: 30_000 });
const queryOf = (page) => page.evaluate(() => new URLSearchParams(location.hash.split('?')[1] ?? '').get('q') ?? '');

async function visit(page, server, hash) {
	await page.goto(`${server.url}/#/${hash}`);
	await page.locator('main .page-head h1').waitFor();
}

async function search(page, query) {
	await box(page).fill(query);
	await box(page).press('Enter');
}

async function empty(page, server) {
	await visit(page, server, 'exposure');
	await page.locator('.empty').waitFor();
	ok((await page.locator('.empty').textContent()).includes('mamori exposure import'), 'without data the page says how to import some');
	equal(await page.locator('nav a[href="#/exposure"][aria-current]').count(), 1, 'and the navigation leads there');
}

async function asking(page, server) {
	await visit(page, server, 'exposure');
	await page.reload(); // it would see the import by itself, somewhat later
	await page.locator('.results li').first().waitFor();
	await settled(page, 171);
	ok(true, 'all banners are counted at once');
	await search(page, 'country:JP class:dicom');
	await settled(page, 40);
	equal(await queryOf(page), 'country:JP class:dicom', 'the query stands in the address');
	await page.locator('.excerpt').first().waitFor();
	ok((await page.locator('.excerpt').first().textContent()).includes('DICOM Server Response'), 'each result shows what it answered');
	await search(page, '皮膚科');
	await settled(page, 80);
	ok(true, 'a Japanese word inside unspaced text is found');
	await page.goBack();
	await settled(page, 40);
	ok(true, 'the back button goes one query back');
	await page.locator('.results-foot').waitFor();
	equal(await page.locator('.results li').count(), 25, 'a page has 25 results');
	await page.locator('.results-foot button').click();
	await until('the next page', 30, async () => (await page.locator('.results li').count()) === 40);
	const keys = await page.locator('.results a[data-row]').evaluateAll((all) => all.map((a) => a.textContent));
	equal(new Set(keys).size, 40, 'and the next one has the others, each once');
}

async function errors(page, server) {
	await visit(page, server, 'exposure');
	await search(page, 'port:104 contry:JP');
	const trouble = page.locator('.ask-trouble');
	await trouble.waitFor();
	ok((await trouble.textContent()).includes('country'), 'an unknown filter is named, with the one that was meant');
	const caret = await page.locator('.ask-caret').boundingBox();
	const input = await box(page).boundingBox();
	const letter = await page.evaluate(() => {
		const probe = document.createElement('span');
		probe.className = 'ask-before';
		probe.textContent = '0123456789';
		document.querySelector('.ask-trouble p').append(probe);
		const width = probe.getBoundingClientRect().width / 10;
		probe.remove();
		return width;
	});
	const wanted = input.x + 13 + 9 * letter;
	ok(Math.abs(caret.x + caret.width / 2 - wanted) < 1.5 * letter, 'the mark stands under its column', { caret, wanted, letter });
	await visit(page, server, `exposure?q=${encodeURIComponent('('.repeat(80) + 'x' + ')'.repeat(80))}`);
	await trouble.filter({ hasText: '入れ子' }).waitFor();
	ok(true, 'a query nested too deeply is refused with a sentence');
	const big = await page.evaluate(async () => {
		const { csrf } = await (await fetch('/api/v1/session')).json();
		const ask = async (q) => {
			const answer = await fetch('/api/v1/exposure/count', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Mamori-CSRF': csrf }, body: JSON.stringify({ q }) });
			return [answer.status, (await answer.json()).error?.message ?? 'counted'];
		};
		return [await ask('x'.repeat(1_000_000)), await ask(`${'x '.repeat(60_000)}contry:JP`), await ask('y'.repeat(1_100_000))];
	});
	equal(big[0], [200, 'counted'], 'a query of a million bytes is answered');
	ok(big[1][0] === 400 && big[1][1].includes('120001'), 'one of very many terms still names the column', big[1]);
	ok(big[2][0] === 400 && big[2][1].includes('1 MB'), 'more than that is refused in words', big[2]);
	await box(page).fill(`${'a '.repeat(40_000)}(`);
	await box(page).press('Enter');
	await trouble.locator('pre').waitFor();
	ok((await trouble.locator('p').boundingBox()).width <= (await page.locator('.ask').boundingBox()).width + 1, 'a long query’s error stays on the page');
	forgive(page, /status of 400/);
}

async function completion(page, server) {
	await visit(page, server, 'exposure');
	await settled(page, 171);
	await box(page).click();
	await page.keyboard.type('coun');
	const options = page.locator('[role=option]');
	await options.filter({ hasText: 'country' }).first().waitFor();
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
	await options.filter({ hasText: 'JP' }).first().waitFor();
	ok((await options.first().textContent()).includes('120'), 'values come by how often they occur, with their counts', await options.allTextContents());
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Tab');
	equal(await box(page).inputValue(), 'country:JP ', 'a value is taken by keyboard');
	await page.waitForFunction(() => document.querySelector('.ask-count')?.textContent?.includes('120'));
	ok(true, 'what is being typed is counted before it is asked');
	await page.keyboard.type('os:"Win');
	equal(await queryOf(page), '', 'and changes nothing until Enter');
	await box(page).fill('');
	await box(page).evaluate((input) => {
		input.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
		input.value = 'ひふか';
		input.dispatchEvent(new InputEvent('input', { bubbles: true, isComposing: true }));
		input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, isComposing: true }));
	});
	equal(await queryOf(page), '', 'Enter of an input method is not taken for a search');
	await box(page).evaluate((input) => {
		input.value = '皮膚科';
		input.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true }));
		input.dispatchEvent(new InputEvent('input', { bubbles: true }));
	});
	await page.keyboard.press('Enter');
	await settled(page, 80);
	ok(true, 'the next Enter is');
}

async function facets(page, server) {
	await visit(page, server, 'exposure');
	await settled(page, 171);
	const value = (name) => page.locator('.facet li', { hasText: name });
	await value('日本').first().locator('.facet-value').click();
	await settled(page, 120);
	equal(await queryOf(page), 'country:JP', 'a click on a value narrows the query by a term');
	await page.locator('.facet li.on .facet-value').first().click();
	await settled(page, 171);
	equal(await queryOf(page), '', 'a second click takes it away');
	await value('日本').first().hover();
	await value('日本').first().locator('.facet-out').click();
	await settled(page, 51);
	equal(await queryOf(page), '-country:JP', 'the minus leaves the value out');
	await page.locator('.facet li.left-out .facet-value').click();
	await settled(page, 171);
	ok(true, 'and that, too, is taken back by a click');
	await visit(page, server, `exposure?q=${encodeURIComponent('port:104 OR port:3389')}`);
	await settled(page, 90);
	await value('ドイツ').first().locator('.facet-value').click();
	await settled(page, 20);
	equal(await queryOf(page), '(port:104 OR port:3389) country:DE', 'a facet beside an OR keeps its meaning');
	await visit(page, server, `exposure?q=${encodeURIComponent('country:DE product:orthannc (port:104 OR port:7)')}`);
	await page.locator('.nothing li').first().waitFor();
	equal((await page.locator('.nothing code').allTextContents()).join(' '), 'product:"orthannc" port:7', 'where nothing is found the terms that no banner has are named');
	if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
	await page.locator('.nothing a').first().click();
	await page.locator('.results li').first().waitFor();
	equal(await queryOf(page), 'country:"DE" (port:104 OR port:7)', 'and a click asks without one of them');
}

async function record(page, server) {
	await visit(page, server, `exposure?q=${encodeURIComponent('class:dicom country:JP')}`);
	await page.locator('.results a[data-row]').first().click();
	await page.locator('.learn li').first().waitFor();
	const learn = await page.locator('.learn').textContent();
	ok(learn.includes('Orthanc 1.9.7') && learn.includes('DICOM'), 'a record says what an attacker learns', learn);
	const panels = page.locator('.record-columns .panel');
	ok((await panels.first().textContent()).includes('Orthanc'), 'what the source stated is told');
	const inferred = await panels.last().textContent();
	ok(/医療分類/.test(inferred) && /\d+%/.test(inferred), 'apart from what mamori inferred, with its confidence', inferred);
	const origin = await page.locator('.record', { hasText: '出所' }).textContent();
	ok(/[0-9a-f]{64}/.test(origin) && origin.includes('march.jsonl'), 'where it came from: file and digest');
	ok((await page.locator('.raw').textContent()).includes('DICOM Server Response'), 'and the record as it was');
	await page.goBack();
	await page.locator('.results').waitFor();
	equal(await queryOf(page), 'class:dicom country:JP', 'back leads to the results');
}

async function xss(page, server) {
	for (const view of ['', '&view=charts', '&view=compare&a=2026-03&b=2026-04']) {
		await visit(page, server, `exposure?q=ip:203.0.113.66${view}`);
		await page.locator('.results li, .charts .matrix, .charts .bars, .compare-figures, .empty').first().waitFor();
	}
	await visit(page, server, 'exposure?q=ip:203.0.113.66');
	await settled(page, 1);
	ok((await page.locator('.results').textContent()).includes('<script>'), 'hostile banners are shown as text');
	await page.locator('.facet-value', { hasText: '<img' }).first().click();
	await page.waitForFunction(() => location.hash.includes('onerror'));
	await settled(page, 1);
	ok(true, 'even a hostile value can be narrowed to, and finds itself');
	await page.locator('.results a[data-row]').first().click();
	await page.locator('.learn').waitFor();
	equal(await page.evaluate(() => [document.querySelectorAll('main img, main script').length, globalThis.hostile ?? null]), [0, null], 'nothing of it is run');
	await box(page).count();
	await visit(page, server, 'exposure');
	await box(page).click();
	await box(page).fill('org:"<im');
	await page.locator('[role=option]', { hasText: '<img' }).first().waitFor();
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
	await page.keyboard.press('Enter');
	await settled(page, 1);
	equal(await page.evaluate(() => globalThis.hostile ?? null), null, 'nor of a proposal');
}

async function charts(page, server) {
	await visit(page, server, 'exposure?view=charts&rows=port&cols2=country');
	await page.locator('.world path').first().waitFor();
	ok(/3 か国/.test(await page.locator('.world').getAttribute('aria-label')) || (await page.locator('.world').getAttribute('aria-label')).includes('日本'), 'the map says in words what it shows', await page.locator('.world').getAttribute('aria-label'));
	await page.locator('.matrix td button').first().waitFor();
	ok((await page.locator('.matrix').textContent()).includes('80'), 'two fields stand against each other');
	await page.locator('.world path', { has: page.locator('title', { hasText: 'ドイツ' }) }).click();
	await settled(page, 20);
	equal(await queryOf(page), 'country:DE', 'a country on the map narrows the query');
	await visit(page, server, 'exposure');
	await page.locator('.histogram .time-bar').first().waitFor();
	await page.locator('.histogram .time-bar .hit').first().click();
	await settled(page, 30);
	ok((await queryOf(page)).includes('after:2026-02-10'), 'a bar of time does as well', await queryOf(page));
}

async function files(page, server) {
	await visit(page, server, `exposure?q=${encodeURIComponent('country:JP,DE')}`);
	await settled(page, 140);
	const save = async (label) => {
		await page.locator('summary', { hasText: '書き出し' }).click();
		const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.menu-body button', { hasText: label }).first().click()]);
		return readFileSync(await download.path(), 'utf8');
	};
	const csv = await save('CSV');
	equal([csv.startsWith('\ufeffip,port,'), csv.match(/^198\.51\./gm).length], [true, 140], 'CSV has a head and a row for each banner');
	const jsonl = await save('JSON Lines');
	equal(jsonl.trim().split('\n').map((line) => JSON.parse(line)).filter(({ location }) => ['JP', 'DE'].includes(location.country_code)).length, 140, 'JSON Lines as many records');
	equal(JSON.parse(await save('GeoJSON')).features.length, 140, 'GeoJSON as many places');
	await visit(page, server, 'exposure?q=ip:203.0.113.66');
	await settled(page, 1);
	ok((await save('CSV')).includes('"<img'), 'hostile text is quoted in CSV');
}

async function compare(page, server) {
	await visit(page, server, 'exposure?view=compare&a=2026-03&b=2026-04');
	await page.locator('.compare-figures').waitFor();
	equal(await page.locator('.compare-figures .amount').allTextContents(), ['2', '41', '1'], 'two snapshots: new, gone, changed');
	await page.locator('.compare-figures a').last().click();
	await page.locator('.differs').waitFor();
	const change = await page.locator('.differs').textContent();
	ok(change.includes('1.9.7') && change.includes('1.12.0'), 'what changed, before and after', change);
}

async function saved(page, server, other, april) {
	await visit(page, server, `exposure?q=${encodeURIComponent('country:JP class:dicom -tls:true')}`);
	await settled(page, 40);
	await page.locator('button', { hasText: '検索を保存' }).click();
	await page.locator('dialog input').first().fill('TLS のない国内の DICOM');
	await page.locator('dialog button[type=submit]').click();
	await page.locator('dialog').waitFor({ state: 'detached' });
	const said = await must(MAMORI, ['exposure', 'import', '--data', server.data, '--snapshot', '2026-04', april], { env: { LANG: 'C.UTF-8' } });
	ok(said.includes('TLS のない国内の DICOM') && said.includes(': 2.'), 'the import itself says that saved queries have new matches', said);
	await page.reload();
	await page.locator('.news').waitFor();
	ok((await page.locator('.news').textContent()).includes('新しいサービス 2 件'), 'the page says it, without a restart of the server');
	await visit(page, server, '');
	await page.locator('.notices a', { hasText: 'TLS のない国内の DICOM' }).click();
	await page.locator('.saved-new').waitFor();
	ok((await page.locator('.saved-new').textContent()).includes(':104'), 'the overview leads to it; the services are named');
	await page.locator('.saved-acts button.primary').click();
	await page.locator('.saved-new').waitFor({ state: 'detached' });
	const audit = await api(page, 'GET', 'audit?limit=50');
	equal(['exposure.seen', 'exposure.save'].map((what) => audit.items.some((row) => row.what === what)), [true, true], 'acknowledging goes into the audit log');
	const list = await must(MAMORI, ['exposure', 'saved', 'list', '--data', server.data, '--json']);
	equal([JSON.parse(list).new, JSON.parse(list).notice], [0, true], 'and the command line knows');
	const found = await must(MAMORI, ['exposure', 'saved', 'run', 'TLS のない国内の DICOM', '--data', server.data, '--json', '--limit', '0']);
	equal(found.trim().split('\n').length, 82, 'which searches with it as well');
	await signIn(other, server, await personCode(server, 'viewer', 'guest'));
	await visit(other, server, 'exposure?view=saved');
	await other.locator('.saved .panel').waitFor();
	equal(await other.locator('.saved button').count(), 0, 'a viewer sees it and cannot change it');
	const refused = await other.evaluate(async () => {
		const { csrf } = await (await fetch('/api/v1/session')).json();
		return (await fetch('/api/v1/exposure/saved/x', { method: 'PUT', headers: { 'Content-Type': 'application/json', 'X-Mamori-CSRF': csrf }, body: '{"query":"x"}' })).status;
	});
	equal(refused, 403, 'nor by another way');
	forgive(other, /status of 403/);
}

async function looks(from, server) {
	const code = () => personCode(server, 'viewer', 'reader');
	const phone = await open(from, server.url, { width: 390, height: 844, hasTouch: true, isMobile: true });
	await signIn(phone, server, await code());
	for (const hash of ['exposure', 'exposure?view=charts', 'exposure?view=compare&a=2026-03&b=2026-04', 'exposure?q=ip:203.0.113.66']) {
		await visit(phone, server, hash);
		await phone.locator('.results li, .charts .matrix td, .compare-figures').first().waitFor();
		const wide = await phone.evaluate(() => document.documentElement.scrollWidth - innerWidth);
		ok(wide <= 1, `a phone shows ${hash} without sliding sideways`, wide);
	}
	const english = await open(from, server.url, { lang: 'en-GB' });
	await signIn(english, server, await code());
	await visit(english, server, 'exposure?view=charts');
	await english.locator('.matrix, .chart .quiet').first().waitFor();
	const words = await english.locator('main').textContent();
	ok(words.includes('Charts and map') && words.includes('Medical class'), 'in English');
	await english.emulateMedia({ media: 'print' });
	equal(await english.locator('.ask-line button').isVisible(), false, 'paper has no buttons');
	return [phone, english];
}

/** A report is ordered for the query, made by the server, and fetched. */
async function reports(page, server) {
	await visit(page, server, 'exposure?q=country:JP&view=reports');
	await page.getByText('レポートはまだありません').waitFor();
	await page.getByRole('button', { name: 'レポートを注文' }).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('種類').selectOption('healthcare html');
	ok((await dialog.textContent()).includes('country:JP'), 'the order names the query');
	await dialog.getByRole('button', { name: 'レポートを注文' }).click();
	const link = page.getByRole('link', { name: /ダウンロード/ });
	await until('the report', 120, async () => (await link.count()) === 1);
	const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
	ok(/^exposure-healthcare-[0-9a-f]{16}\.html$/.test(file.suggestedFilename()), 'a report that was ordered on the page is fetched there', file.suggestedFilename());
}

/** What other tools wrote, where the test's data is there. */
async function realSamples(page, server) {
	if (!existsSync(DATA)) return console.log('# no shared data: the samples of real tools are left out');
	const folder = path.join(DATA, 'nmap-xml/libnmap/test/files');
	const files = readdirSync(folder).filter((name) => name.endsWith('.xml')).map((name) => path.join(folder, name));
	const done = await run(MAMORI, ['exposure', 'import', '--data', server.data, '--snapshot', 'real', path.join(DATA, 'zgrab2-samples/output.json'), ...files], { seconds: 120 });
	ok([0, 3].includes(done.status), 'samples are imported; some say nothing, which is told', done.err);
	await visit(page, server, 'exposure?q=snapshot:real');
	await until('the samples', 30, async () => Number((await counted(page).textContent()).replace(/[^\d]/g, '')) > 20);
	ok(true, 'samples of nmap and zgrab2 can be looked at');
	const sources = page.locator('.facet', { hasText: 'データの形式' });
	for (const name of ['nmap', 'zgrab2']) await sources.filter({ hasText: name }).waitFor();
	ok(true, 'each with its source');
	await page.locator('.results a[data-row]').first().click();
	await page.locator('.learn').waitFor();
	ok(/[0-9a-f]{64}/.test(await page.locator('main').textContent()), 'and its digest');
}

await test(async () => {
	const folder = temporary();
	const from = await browser();
	const server = await serve(folder);
	const page = await open(from, server.url);
	const { march, april } = snapshots();
	const file = (name) => path.join(folder, `${name}.jsonl`);
	writeFileSync(file('march'), lines(march));
	writeFileSync(file('april'), lines(april));
	await signIn(page, server);
	await empty(page, server);
	await must(MAMORI, ['exposure', 'import', '--data', server.data, '--snapshot', '2026-03', file('march')]);
	const steps = { asking, errors, completion, facets, record, charts, files };
	for (const step of Object.values(steps)) await step(page, server);
	const other = await open(from, server.url);
	await saved(page, server, other, file('april'));
	await compare(page, server);
	await xss(page, server);
	await reports(page, server);
	const more = await looks(from, server);
	await realSamples(page, server);
	for (const one of [page, other, ...more]) {
		// 400: a question that was still being typed (an open quote) when the page asked it.
		equal(one.complaints.filter((line) => !line.includes('400')), [], 'the browser complains about nothing');
		equal(one.foreign, [], 'and nothing leaves the server');
	}
});
