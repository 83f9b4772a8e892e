// timeout: 420
// Closed networks on the dashboard. First on the mock hospital: alarms, sites, the last and the next bundle, empty pages,
// both languages, a phone, keys. Then on a real server: the commands that the page shows enrol and start a real relay, an
// agent comes through it, the relay goes silent, and a bundle brings word of it.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { startMock } from './lib-mock.mjs';
import { trouble } from './lib-plan.mjs';
import { enrolled, unclosed } from './lib-relays.mjs';
import { afresh, everyPage, said, says, settled, takeBack, text, visit } from './lib-page.mjs';
import { api, MAMORI, serve } from './lib-server.mjs';
import { atEnd, browser, BUILD, equal, freePort, must, ok, open, skip, SOURCE, start, temporary, test, until } from './lib.mjs';

const AGENT = path.join(BUILD, 'mamori-agent');
const DAY = 86_400_000;
const site = (name) => `sites/${encodeURIComponent(name)}`;

/* ---- the mock hospital ---- */

async function lists(page, mock) {
	await visit(page, mock, '', '.notices a.notice-text');
	await page.locator('.notices a', { hasText: 'relay-ward-b' }).click();
	await says(page, 'h1', 'relay-ward-b');
	ok((await text(page, '.verdict')).includes('応答がありません'), 'an alarm of the overview leads to the relay that is silent');
	ok((await text(page, '.warnings')).includes('別の中継サーバーが代わり'), 'whose page says who stands in and what to look at');
	await visit(page, mock, 'relays', 'tbody tr');
	const verdict = await text(page, '.verdict');
	ok(['応答のない中継サーバー 1 台', '署名付きの一覧が古い中継サーバー 2 台', 'パッケージ一覧が古い拠点 1 か所', 'まもなく新しいバンドルが必要な拠点 1 か所'].every((part) => verdict.includes(part)), 'one sentence says what the closed side needs', verdict);
	const sites = await page.locator('tbody tr').allTextContents();
	ok(sites[0].includes('検査室') && sites[0].includes('一覧が古い') && sites[1].includes('番号 6') && sites[1].includes('24 日前'), 'sites: the worst first, with number and age of the last bundle', sites);
	await page.locator('.verdict a', { hasText: '応答のない' }).click();
	await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
	const row = await text(page, 'tbody tr');
	ok(['relay-ward-b', '応答なし', '病棟ネットワーク', '38.0 / 100 GB', '94.3%', '3'].every((part) => row.includes(part)), 'each part leads to its rows: state, site, space, hit rate, letters', row);
	await visit(page, mock, 'relays?tab=relays', 'tbody tr');
	ok((await page.locator('tbody tr', { hasText: 'relay-lab' }).textContent()).includes('relay-ward-a 経由'), 'a chain is told');
	await page.locator('td a.count', { hasText: /^12$/ }).click();
	await page.waitForURL(/#\/hosts\?/);
	await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 4);
	equal([new URL(page.url()).hash, await page.locator('tbody tr').count()], [`#/hosts?${new URLSearchParams({ site: '別館' })}`, 4], 'the letters lead to the machines of the site');
}

async function relay(page, mock) {
	await visit(page, mock, 'relays/relay-1', '.list tbody tr');
	const gauges = (await page.locator('.gauges li').allTextContents()).join(' | ');
	ok(['96.3%', '要求 50,015 件中 48,211 件', '空き 58.7 GB', '上限 72 時間'].every((part) => gauges.includes(part)), 'a relay shows hit rate, free space and freshness with their denominators', gauges);
	equal(await page.locator('.list tbody tr').count(), 13, 'and the machines behind it');
	ok((await text(page, '.facts')).includes('relay-ward-b'), 'and who stands in for it');
	ok((await text(page, '.verdict')).includes('署名付きの一覧 1 件'), 'a list past its end is the relay’s own alarm');
	const origins = await page.locator('.origin').allTextContents();
	ok(origins.length === 4 && origins[0].includes('debian-security') && origins[0].includes('期限切れ') && origins[0].includes('1 日前'), 'each place where it goes stands there with the age of its signed lists, the worst first', origins);
	ok(origins[1].includes('バンドルの内容による指定') && origins[2].includes('署名の確認なし') && origins[3].includes('30 日以上使われていない'), 'and with what it is for', origins);
	const refused = await text(page, '.refused');
	ok(refused.includes('337 件') && /telemetry\.vendor\.example:443\s*318\s*10\.1\.3\.21/.test(refused) && refused.includes('ほかに 5 件'), 'who asked for something else is counted', refused);
	equal(await page.locator('.small-chart').count(), 3, 'a month in three small charts: traffic, hit rate, space');
	const month = await text(page, '.small-charts + p');
	ok(month.includes('28 日(全 30 日)') && month.includes('外から') && /[0-9]+ GB を配りました/.test(month), 'and in a sentence, with the days on which it was heard', month);
	await page.locator('.trend-days summary').click();
	equal(await page.locator('.trend-days tbody tr').count(), 28, 'and as a table');
	await page.locator('.page-head button', { hasText: '失効させる' }).click();
	const ask = await text(page, 'dialog[open]');
	ok(ask.includes('端末 13 台') && ask.includes('relay-ward-b'), 'revoking says how many machines it touches and what becomes of them', ask);
	await page.keyboard.press('Escape');
	await page.locator('.page-head button', { hasText: '拠点を変更' }).click();
	await page.locator('dialog[open] input').fill('検査室');
	await page.locator('dialog[open] .primary').click();
	await says(page, '.facts', '検査室');
	await takeBack(page, 'の拠点を変更しました', 'の拠点を元に戻しました');
	await says(page, '.facts', '病棟ネットワーク');
	ok(true, 'its site is changed, and put back with one click');
}

async function bundles(page, mock) {
	const closed = mock.hospital.closed;
	await visit(page, mock, site('別館'), '.needs tbody tr');
	ok((await text(page, '.verdict')).includes('番号 6') && (await text(page, '.verdict')).includes('6 日後'), 'a site says when its last bundle expires');
	const journey = await page.locator('.journey li').allTextContents();
	ok(journey[1].includes('番号 5 まで取込み済み') && journey[1].includes('番号 6 は運搬中') && journey[2].includes('番号 5'), 'and how far bundle and results have come', journey);
	const next = await text(page, '#next');
	ok(next.includes('番号 7、端末 4 台分') && next.includes('番号 5 までに') && /修正のあるソフトウェア \d+ 件/.test(next), 'what the next one is for, and on which it builds', next.slice(0, 300));
	await page.locator('.how summary').click();
	const commands = await page.locator('.how .command pre').allTextContents();
	equal(commands[0], "sudo mamori bundle export --site '別館' --to /media/usb", 'and how it is made: names are quoted for the shell');
	// The way back: results of number 6 come in.
	const now = mock.hospital.iso(Date.now());
	closed.bundles.unshift({ ...closed.bundles[1], counter: 6, seen: 6, id: 'u6', made: now, expires: mock.hospital.iso(Date.now() + 30 * DAY), at: now });
	await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
	await says(page, '.journey li', 'たった今');
	ok((await page.locator('.journey li').nth(1).textContent()).includes('番号 6') && (await text(page, '#next')).includes('番号 6 までに'), 'results that come back show at once: number 6 arrived, the next builds on it');
	closed.bundles[1].expires = mock.hospital.iso(Date.now() - DAY);
	await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
	await says(page, '.verdict', '期限が');
	equal(await page.locator('.gauges li.late').count(), 1, 'an expired bundle is an alarm');
	await page.locator('.page-head button', { hasText: '変更' }).click();
	await page.locator('dialog[open] input[type=number]').fill('12');
	await page.locator('dialog[open] .primary').click();
	await says(page, '.verdict', '上限の 12 時間を超えています');
	equal(closed.sites.find((s) => s.site === '別館').fresh_h, 12, 'the limit of freshness is the site’s own; older lists are an alarm');
	await takeBack(page, '別館 を保存しました', '別館 を元に戻しました');
	await visit(page, mock, 'relays?tab=bundles', 'tbody tr');
	equal(await page.locator('tbody tr').count(), 4, 'every bundle is listed, there and back');
}

async function adding(page, mock) {
	const kept = mock.hospital.closed;
	await page.goto('about:blank');
	unclosed(mock.hospital);
	await visit(page, mock, 'relays', '.ways');
	const ways = await page.locator('.way').allTextContents();
	ok(ways.length === 2 && ways[0].includes('署名を確かめて') && ways[1].includes('USB メモリー'), 'an empty page teaches both ways: a relay, a bundle');
	await page.locator('.way a.button').click();
	await settled(page, '.relay-form');
	await page.locator('.relay-form input').first().fill("O'Hara 棟");
	await page.locator('.relay-form textarea').fill('mirror.example/debian');
	ok((await text(page, '.problem')).includes('「mirror.example/debian」') && (await page.locator('.relay-form button').isDisabled()), 'an origin that is no address is told before a token is made');
	await page.locator('.relay-form textarea').fill('https://mirror.example/debian https://mirror.example/security');
	await page.locator('.relay-form button').click();
	await settled(page, '.steps');
	const token = mock.hospital.tokens.at(-1);
	equal([token.role, token.group, token.uses], ['relay', "O'Hara 棟", 1], 'the token is for one relay of that site');
	const steps = await page.locator('.steps pre').allTextContents();
	equal(steps.length, 3, 'three commands');
	ok(steps[2].includes('--allow https://mirror.example/debian') && steps[2].includes('--allow https://mirror.example/security') && steps[2].includes('--listen 0.0.0.0:8480'), 'the third with its origins', steps[2]);
	enrolled(mock.hospital, 'relay-new', "O'Hara 棟");
	await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
	await says(page, '[role=status]', 'relay-new');
	ok(true, 'the page says when it has come');
	mock.role = 'viewer';
	await afresh(page, mock, 'relays?new=1', '.empty');
	await says(page, '.empty', '管理者だけ');
	equal(await page.locator('.relay-form').count(), 0, 'a viewer is told who can add one');
	mock.role = 'administrator';
	mock.hospital.closed = kept;
	for (const host of mock.hospital.hosts) host.site = undefined;
	await page.goto('about:blank');
}

const PAGES = ['relays', 'relays?tab=relays', 'relays?tab=bundles', 'relays?new=1', 'relays/relay-1', 'relays/relay-2', 'relays/relay-3', 'relays/nobody', site('別館'), site('検査室'), site('nowhere'), 'hosts?site=-'];

async function keys(page, mock) {
	await visit(page, mock, '', 'main h1');
	await page.keyboard.press('g');
	await page.keyboard.press('r');
	await settled(page, 'tbody tr');
	await page.keyboard.press('j');
	await page.keyboard.press('Enter');
	await says(page, 'h1', '検査室');
	ok(true, 'g r goes there, j and Enter open the worst site');
}

async function onMock(from, dist) {
	const mock = await startMock(dist, { signedIn: true });
	atEnd(() => mock.close());
	trouble(mock.hospital);
	const page = await open(from, mock.url);
	await lists(page, mock);
	await relay(page, mock);
	await bundles(page, mock);
	await adding(page, mock);
	await keys(page, mock);
	await everyPage(page, mock, PAGES, 'relays', '1280 px');
	const phone = await open(from, mock.url, { width: 375, height: 812, lang: 'en-GB' });
	await everyPage(phone, mock, PAGES, 'relays', 'a phone');
	equal([...page.complaints, ...phone.complaints], [], 'no complaint from the browser: everything keeps to the policy');
	equal([...page.foreign, ...phone.foreign], [], 'no request leaves the server');
	mock.close();
}

/* ---- the real thing ---- */

/** Runs what the page tells to type, in a folder of the test's own. */
async function typed(command, folder, data, port) {
	const words = command.replaceAll('sudo mamori', `"${MAMORI}"`).replaceAll('/var/lib/mamori-relay', `"${data}"`).replaceAll(':8480', `:${port}`);
	return must('sh', ['-ec', `cd "${folder}"\n${words}`]);
}

/** What a relay answers, for its status alone. */
const askFor = (url) =>
	new Promise((resolve, reject) => {
		https.get(url, { rejectUnauthorized: false, agent: false }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode))).on('error', reject);
	});

/** A machine small enough to look at in a moment. */
function littleRoot(folder) {
	const root = path.join(folder, 'root');
	for (const dir of ['etc', 'var/lib/dpkg']) mkdirSync(path.join(root, dir), { recursive: true });
	writeFileSync(path.join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\nVERSION_CODENAME=bookworm\n');
	writeFileSync(path.join(root, 'etc/hostname'), 'annex-pc\n');
	writeFileSync(path.join(root, 'var/lib/dpkg/status'), 'Package: bash\nStatus: install ok installed\nVersion: 5.2\nArchitecture: amd64\nMaintainer: x\nDescription: x\n\n');
	return root;
}

/** Nothing was heard of the relays for two hours. */
const silence = (server) =>
	must('python3', ['-c', 'import sqlite3, sys\nd = sqlite3.connect(sys.argv[1], timeout=20)\nd.execute("UPDATE relay SET last_seen = last_seen - 7200000")\nd.commit()', path.join(server.data, 'mamori.db')]);

async function real(from) {
	const folder = temporary();
	const server = await serve(folder);
	const page = await open(from, server.url);
	await page.goto(`${server.url}/#/signin/${server.code}`);
	await settled(page, '.verdict');
	await visit(page, server, 'relays', '.ways');
	await page.locator('.way a.button').click();
	await settled(page, '.relay-form');
	await page.locator('.relay-form input').nth(0).fill('別館');
	await page.locator('.relay-form input').nth(1).fill('127.0.0.1');
	await page.locator('.relay-form textarea').fill('http://127.0.0.1:9/debian');
	await page.locator('.relay-form button').click();
	await settled(page, '.steps');
	const [save, enrol, go] = await page.locator('.steps pre').allTextContents();
	const data = path.join(folder, 'relay');
	const port = await freePort();
	await typed(save, folder, data, port);
	await typed(enrol, folder, data, port);
	ok(!existsSync(path.join(folder, 'relay.token')), 'the commands that the page shows enrol a real relay, and the token is gone');
	await says(page, '[role=status]', '起動してください');
	const words = go.replace('sudo mamori ', '').replace(':8480', `:${port}`).replace('/var/lib/mamori-relay', data).split(/[\s\\]+/);
	const process = start(MAMORI, words, { LANG: 'C.UTF-8' });
	await says(page, '[role=status]', '動いています');
	ok(true, 'and start it: the page says that it runs, without a reload');
	equal(await askFor(`https://127.0.0.1:${port}/o/elsewhere.example/x`), 403, 'it gives out nothing of others');

	const { token } = await api(page, 'POST', 'tokens', { role: 'host', uses: 1, ttl_s: 3600 });
	writeFileSync(path.join(folder, 'host.token'), token, { mode: 0o600 });
	const machine = ['--state', path.join(folder, 'agent'), '--root', littleRoot(folder)];
	await must(AGENT, ['enrol', '--token-file', path.join(folder, 'host.token'), ...machine, '--relay', `https://127.0.0.1:${port}`]);
	await must(AGENT, ['once', ...machine]);
	await page.locator('[role=status] a').click();
	await says(page, '.list tbody tr', 'annex-pc');
	const name = await text(page, 'h1');
	ok(true, 'a machine that enrolled through it has its site, and stands on the relay’s page');
	ok((await text(page, '.facts')).includes(`https://127.0.0.1:${port}`), 'with the address where machines reach it');
	await says(page, '.origin', 'http://127.0.0.1:9/debian/');
	ok((await text(page, '.origin')).includes('まだ届いていません'), 'with the origin that it was started with, of which no list has come');
	await page.locator('.refused tr', { hasText: 'elsewhere.example' }).waitFor({ timeout: 150_000 }); // it tells once a minute
	ok(/1\s*127\.0\.0\.1/.test(await text(page, '.refused tbody')), 'and who asked for something else');
	equal(await page.locator('.trend-days tbody tr').count(), 1, 'its first day stands in the trend');

	await visit(page, server, site('別館'), '#next');
	await says(page, '#next', '番号 1、端末 1 台分');
	ok((await text(page, '.gauges')).includes('この拠点用にはまだ作られていません'), 'its site has no bundle yet, and says for whom the first would be');

	process.kill('SIGTERM');
	await until('the relay to end', 10, () => process.exitCode !== null);
	await silence(server);
	await afresh(page, server, '', '.verdict');
	await page.locator('.notices a.notice-text', { hasText: name }).click();
	await says(page, '.verdict', '2 時間前の連絡を最後に、応答がありません');
	ok((await text(page, '.warnings')).includes('mamori relay status'), 'a relay that goes silent is an alarm that leads to what to do');

	await must(MAMORI, ['bundle', 'export', '--up', '--data', data, '--to', path.join(folder, 'usb')]);
	await must(MAMORI, ['bundle', 'import', path.join(folder, 'usb'), '--data', server.data]);
	await afresh(page, server, site('別館'), '.journey');
	const back = await page.locator('.journey li').nth(2).textContent();
	ok(back.includes('番号 1') && back.includes('たった今'), 'a bundle that was brought back shows with its number and age', back);
	await visit(page, server, 'relays?tab=bundles', 'tbody tr');
	ok((await text(page, 'tbody tr')).includes('サーバーへ持ち帰り') && (await text(page, 'tbody tr')).includes('取込み済み'), 'and stands in the list');
	await visit(page, server, 'relays?tab=relays', 'tbody tr');
	ok((await text(page, 'tbody tr')).includes('バンドルで連絡'), 'a relay that only bundles tell of is no alarm');
	equal([page.complaints, page.foreign], [[], []], 'no complaint from the browser, and no request leaves the server');
}

await test(async () => {
	const from = await browser();
	const dist = [path.join(BUILD, 'src/server/web-dist'), path.join(SOURCE, 'web/dist')].find((place) => existsSync(path.join(place, 'index.html')));
	if (!dist) skip('the dashboard is not built (-Dweb=false)');
	await onMock(from, dist);
	await real(from);
});
