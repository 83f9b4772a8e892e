// timeout: 600
// 攻撃対象領域 on the real server with made-up runs: the summary, what must be fixed and who decides, assets with their path of
// evidence, the graph, changes, gateways, seeds, schedule, reports; hostile text in every field; Japanese and English, a phone,
// the keyboard, paper. Each point is what somebody notices.
import { readFileSync } from 'node:fs';
import { browser, equal, forgive, ok, open, temporary, test, until } from './lib.mjs';
import { dialog, everyPage, said, says, text, visit } from './lib-page.mjs';
import { api, personCode, serve } from './lib-server.mjs';
import { HOSTILE, writeRun } from './lib-surface.mjs';

async function signIn(page, server, code = server.code) {
	await page.goto(`${server.url}/#/signin/${code}`);
	await page.locator('main .page-head').waitFor();
}

const count = (page, selector) => page.locator(selector).count();
const figure = (page, label) => page.locator('.figure', { hasText: label }).first().locator('.figure-n').textContent();
const row = (page, words) => page.locator('.table-box tbody tr', { hasText: words }).first();
const total = (page) => page.locator('.toolbar .total').first().textContent();
const untilTotal = (page, n) => page.waitForFunction((wanted) => document.querySelector('.toolbar .total')?.textContent?.replace(/[^\d]/g, '') === String(wanted), n);

async function empty(page, server) {
	await visit(page, server, 'surface', '.empty');
	ok((await text(page, '.empty')).includes('mamori surface discover'), 'without a run the page says how to begin');
	equal(await count(page, 'nav a[href="#/surface"][aria-current]'), 1, 'and the navigation leads there');
	await page.getByRole('button', { name: '起点を追加' }).click();
	const [whole, shown] = await dialog(page).evaluate((box) => [box.scrollHeight, box.clientHeight]);
	ok(shown >= Math.min(whole, 300), 'its dialog shows its fields without scrolling', [whole, shown]);
	await dialog(page).getByLabel('起点', { exact: true }).fill('name:医療法人 青空会');
	await dialog(page).locator('button[type=submit]').click();
	await said(page, '医療法人 青空会');
	await row(page, '組織名').waitFor();
	ok(true, 'a seed is added there, in the browser, its kind told by how it is written');
	await page.locator('.message button', { hasText: '元に戻す' }).click();
	await said(page, '元に戻しました');
	await page.getByRole('button', { name: '起点を追加' }).click();
	await dialog(page).getByLabel('起点', { exact: true }).fill('example.co.jp');
	await dialog(page).locator('button[type=submit]').click();
	await row(page, 'example.co.jp').waitFor();
	ok(true, 'and taken back');
}

async function runs(page, server) {
	const first = writeRun(server.data, 1);
	await api(page, 'POST', 'surface/told', {});
	const second = writeRun(server.data, 2);
	const told = await api(page, 'POST', 'surface/told', {});
	equal([told.run, told.risks, told.new_assets, told.gone_assets, told.new_risks], [2, second.risks, 2, 1, 1], 'two runs are there');
	return { first, second };
}

async function summary(page, server) {
	await visit(page, server, 'surface', '.figures');
	await page.locator('.by-unit').waitFor();
	ok(/緊急のリスク 4 件/.test(await text(page, '.verdict')), 'the first sentence says what to do', await text(page, '.verdict'));
	const alarm = await text(page, '.coverage-alarm');
	ok(alarm.includes('crt.sh') && alarm.includes('Censys') && !alarm.includes('RDAP'), 'sources that failed are named loudly, not one that has no server for some names', alarm);
	equal([await figure(page, '緊急'), await figure(page, '今回の新規'), await figure(page, 'なくなったもの')], ['4', '1', '1'], 'figures of what is open, new and gone');
	const classes = await text(page, '.class-bars');
	ok(classes.includes('医療システムの露出') && classes.includes('なりすまされるメール'), 'risks stand by class');
	const units = await text(page, '.by-unit');
	ok(/海外拠点.*ドイツ/s.test(units) && units.includes('保守会社'), 'branches abroad and contractors stand apart', units);
	await page.locator('.figure', { hasText: '今回の新規' }).click();
	await untilTotal(page, 1);
	await row(page, '乗っ取り可能な名前').waitFor();
	ok(true, 'each number leads to its rows');
}

async function deciding(page, server, counts) {
	await visit(page, server, 'surface?view=risks', '.table-box');
	await untilTotal(page, counts.second.risks);
	equal(await page.locator('.table-box tbody tr').first().locator('.state').first().textContent(), '緊急', 'the most severe stands first');
	await page.locator('.filter', { hasText: '深刻度' }).locator('select').selectOption('critical');
	await untilTotal(page, 4);
	await row(page, 'DICOM の露出').locator('.opener button').click();
	const detail = await text(page, '.risk-detail');
	ok(detail.includes('ファイアウォール') && detail.includes('DICOM server') && detail.includes('Shodan'), 'a row opens to advice in Japanese, and evidence with its source', detail);
	await page.locator('.risk-detail button', { hasText: '対応を決める' }).click();
	await dialog(page).getByLabel('対応中').check();
	await dialog(page).getByLabel(/担当/).fill('放射線科 佐藤');
	await dialog(page).locator('button[type=submit]').click();
	await said(page, '対応中');
	await says(page, '.table-box tr', '放射線科 佐藤');
	ok(true, 'it is taken on by somebody');
	await says(page, '.risk-history', '放射線科 佐藤');
	ok(true, 'which stands in its history');
	await page.locator('.message button', { hasText: '元に戻す' }).click();
	await said(page, '元に戻しました');
	await until('as before', 20, async () => (await row(page, 'DICOM の露出').textContent()).includes('未着手'));
	ok(true, 'and is taken back by a click');
	const picks = page.locator('.table-box tbody tr', { hasText: 'リモートデスクトップの露出' }).locator('.pick input');
	equal(await picks.count(), 2, 'two of a kind are left');
	for (const pick of await picks.all()) await pick.check();
	await page.getByRole('button', { name: '2 件の対応を決める' }).click();
	const submit = dialog(page).locator('button[type=submit]');
	await dialog(page).getByLabel('受容').check();
	ok(await submit.isDisabled(), 'accepting needs a reason');
	await dialog(page).getByLabel(/受容の理由/).fill('12 月に撤去する');
	await submit.click();
	await said(page, '2 件を更新しました');
	await visit(page, server, 'surface?view=risks&status=accepted', '.table-box');
	await untilTotal(page, 2);
	const list = await api(page, 'GET', 'surface/risks?status=accepted');
	ok(list.items.every(({ state }) => state.note === '12 月に撤去する' && state.accepted_until), 'many are decided on at once, with reason and day', list.items);
	await page.locator('.table-box a[data-row]').first().click();
	await page.locator('.risk-history li').first().waitFor();
	ok((await text(page, 'main')).includes('12 月に撤去する'), 'each has a page of its own');
	const audit = await api(page, 'GET', 'audit?limit=50');
	ok(audit.items.some(({ what }) => what === 'surface.risk'), 'decisions stand in the audit log');
}

async function guest(page, server) {
	await signIn(page, server, await personCode(server, 'viewer', 'guest'));
	for (const view of ['risks', 'sources', 'gateways']) {
		await visit(page, server, `surface?view=${view}`);
		equal(await count(page, 'main .pick, main .file-button, main button.primary, main .seed-acts'), 0, `a viewer changes nothing under ${view}`);
	}
	await visit(page, server, `surface/${encodeURIComponent('domain:example.de')}`, '.evidence-path');
	equal(await page.getByRole('button', { name: '帰属を決める' }).count(), 0, 'nor whose an asset is');
}

async function assets(page, server) {
	await visit(page, server, 'surface?view=assets', '.kind-tabs');
	const chips = await text(page, '.kind-tabs');
	ok(/ドメイン 23/.test(chips), 'assets are counted by kind', chips);
	await page.locator('.kind-tabs a', { hasText: 'ドメイン' }).click();
	await untilTotal(page, 23);
	await page.locator('th', { hasText: '登録者' }).waitFor();
	ok((await row(page, '例え.jp').textContent()).includes('候補'), 'domains have columns of their own, names their own letters');
	const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV', exact: true }).click()]);
	const csv = readFileSync(await file.path(), 'utf8');
	ok(csv.startsWith('\ufeff') && csv.includes('clinic3.example.jp') && csv.includes('"<img'), 'the list is saved as CSV, hostile names quoted');
	await page.locator('.kind-tabs a', { hasText: '要対応の資産' }).click();
	await row(page, 'karte.example.co.jp').waitFor();
	ok(!(await text(page, '.table-box')).includes('h5.clinic5'), 'insecure assets alone');
	await visit(page, server, 'surface?view=assets&q=old.example', '.table-box');
	await untilTotal(page, 1);
	await page.locator('.table-box a[data-row]').click();
	await page.locator('.evidence-path').waitFor();
	const path = await text(page, '.evidence-path');
	ok(/example\.co\.jp.*起点.*医療法人 例.*example\.de.*old\.example\.de/s.test(path), 'the path of evidence, step by step from the seed', path);
	ok(path.includes('whois.jprs.jp') && path.includes('serial@old.example.de') && path.includes('既知のドメインの下の名前'), 'with source, rule and the words themselves');
	ok((await text(page, '.risk-lines')).includes('サポート終了'), 'what must be fixed of it');
	await page.locator('.evidence-path a', { hasText: 'example.de' }).click();
	await page.locator('.near li').first().waitFor();
	ok((await text(page, '.near')).includes('old.example.de'), 'a step leads to its asset, which has what hangs on it');
}

async function verdicts(page, server) {
	await visit(page, server, `surface/${encodeURIComponent('domain:xn--r8jz45g.jp')}`, '.evidence-path');
	await page.getByRole('button', { name: '帰属を決める' }).click();
	await dialog(page).getByLabel(/除外/).check();
	await dialog(page).getByLabel('理由').fill('他院のもの');
	await dialog(page).locator('button[type=submit]').click();
	await says(page, '.decided', '他院のもの');
	equal((await api(page, 'GET', 'surface/verdicts')).items[0]?.ownership, 'excluded', 'a person decides whose it is');
	await page.locator('.decided button').click();
	await page.locator('.decided').waitFor({ state: 'detached' });
	equal((await api(page, 'GET', 'surface/verdicts')).total, 0, 'and takes it back');
}

async function graph(page, server) {
	const began = Date.now();
	await visit(page, server, 'surface?view=graph', 'canvas.graph');
	const drawn = () =>
		page.evaluate(() => {
			const canvas = document.querySelector('canvas.graph');
			const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
			const seen = new Set();
			for (let i = 0; i < data.length; i += 4) seen.add(`${data[i] >> 5} ${data[i + 1] >> 5} ${data[i + 2] >> 5}`);
			return seen.size;
		});
	await until('the graph to be drawn', 30, async () => (await drawn()) > 4);
	console.log(`# the graph stands after ${Date.now() - began} ms`);
	ok(/7\d\d/.test(await total(page)), 'hundreds of assets are drawn', await total(page));
	const canvas = page.locator('canvas.graph');
	await canvas.focus();
	await page.keyboard.press('ArrowDown');
	await until('a first one', 20, () => page.evaluate(() => location.hash.includes('at=')));
	await page.locator('main [data-search]').fill('old.example.de');
	await says(page, '.graph-side h2', 'old.example.de');
	await says(page, '.graph-side .evidence-path', 'serial@old.example.de');
	ok(true, 'a name that is typed is found, and its path told beside the graph');
	await canvas.focus();
	await page.keyboard.press('ArrowLeft');
	await says(page, '.graph-side h2', /^example\.de$/);
	await page.keyboard.press('ArrowRight');
	await says(page, '.graph-side h2', 'old.example.de');
	ok(true, 'arrow keys walk from parent to child');
	await page.keyboard.press('0');
	const box = await canvas.boundingBox();
	await page.evaluate(() => (location.hash = '#/surface?view=graph'));
	await page.waitForFunction(() => document.querySelector('.graph-side h2') === null);
	// Somewhere in the picture a click meets a dot.
	let met = false;
	for (let i = 0; i < 60 && !met; i++) {
		await page.mouse.click(box.x + box.width * (0.3 + 0.4 * ((i * 0.618) % 1)), box.y + box.height * (0.3 + 0.4 * ((i * 0.37) % 1)));
		met = await page.evaluate(() => location.hash.includes('at='));
	}
	ok(met, 'a click chooses a dot');
	const frame = await page.evaluate(async () => {
		const canvas = document.querySelector('canvas.graph');
		canvas.focus();
		const begin = performance.now();
		for (let i = 0; i < 20; i++) {
			canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: i % 2 ? 120 : -120, clientX: 500, clientY: 400, cancelable: true }));
			await new Promise((done) => requestAnimationFrame(done));
		}
		return (performance.now() - begin) / 20;
	});
	console.log(`# zooming takes ${frame.toFixed(1)} ms a frame`);
	ok(frame < 500, 'zooming stays fluid', frame);
	await page.locator('.filter', { hasText: '帰属' }).locator('select').selectOption('dependency');
	await untilTotal(page, 1);
	await page.locator('.graph-list summary').click();
	await page.locator('.graph-list li').first().waitFor();
	equal(await page.locator('.graph-list li').count(), 1, 'filters narrow it; the same stands as a list for readers of screens');
	await page.locator('.graph-list li a').click();
	await says(page, '.graph-side h2', 'd1.cdn.example.net');
	ok(true, 'whose links choose as a click does');
	await canvas.focus();
	await page.keyboard.press('Enter');
	await says(page, 'h1', 'd1.cdn.example.net');
	ok(true, 'Enter opens the asset');
}

async function changes(page, server) {
	await visit(page, server, 'surface?view=changes', '.compare-figures');
	equal(await page.locator('.compare-figures .amount').allTextContents(), ['2', '1', '0'], 'two runs beside each other: new, gone, changed');
	await page.locator('.compare-figures a').first().click();
	await untilTotal(page, 2);
	await row(page, 'new2.example.co.jp').waitFor();
	await visit(page, server, 'surface?run=1', '.figures');
	ok((await text(page, '.sentence')).includes('第 1 回'), 'an earlier run can be looked at', await text(page, '.sentence'));
}

async function gateways(page, server) {
	await visit(page, server, 'surface?view=gateways', '.table-box');
	ok((await text(page, '.table-box')).includes('台帳にない'), 'without a ledger what is seen is not declared');
	const csv = '名称,アドレス,メーカー,機種,ファームウェア,契約先,電話,最終更新日\n本院 VPN,192.0.2.5,Fortinet,FortiGate-60F,7.2.1,例保守,03-0000-0000,2026-01-10\n旧 VPN,192.0.2.77,Cisco,ASA,9.1,例保守,,\n';
	await page.locator('.file-button input').setInputFiles({ name: 'ledger.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
	await said(page, '2 件');
	await says(page, '.table-box tr', '本院 VPN');
	const states = await page.locator('.table-box tbody tr').evaluateAll((rows) => rows.map((one) => one.querySelector('.state').textContent));
	// Two open remote desktops are doors as well.
	equal([...new Set(states)].sort(), ['台帳と異なる', '台帳にない', '見えていない'].sort(), 'the ledger is held against what was seen');
	await page.locator('.file-button input').setInputFiles({ name: 'bad.csv', mimeType: 'text/csv', buffer: Buffer.from('x,y\n1,2\n') });
	await says(page, '.message', /name|名称/);
	ok(true, 'a ledger that cannot be read is refused in words');
	forgive(page, /status of 400/);
}

async function seeds(page, server) {
	await visit(page, server, 'surface?view=sources', '.coverage');
	const crt = await page.locator('.coverage tr', { hasText: 'crt.sh' }).textContent();
	ok(crt.includes('失敗あり') && crt.includes('HTTP 502'), 'each source with what failed, in its words', crt);
	await page.getByRole('button', { name: '起点を追加' }).click();
	await dialog(page).getByLabel('起点', { exact: true }).fill('hoshu.example.jp');
	await dialog(page).getByLabel('所有').selectOption('contractor');
	await dialog(page).getByRole('textbox', { name: '会社' }).fill('保守会社');
	await dialog(page).locator('button[type=submit]').click();
	await row(page, 'hoshu.example.jp').waitFor();
	const waiting = await row(page, 'hoshu.example.jp').textContent();
	ok(waiting.includes('委託先') && waiting.includes('同意'), 'a contractor waits for consent, and the row says so', waiting);
	const csv = `seed,owner,company\n医療法人 例,self,\nカ)レイ,self,\nco.jp,self,\nAS64500,group,"${HOSTILE.replaceAll('"', '""')}"\n`;
	await page.locator('.file-button input').setInputFiles({ name: 'seeds.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
	await page.locator('.faults li').first().waitFor();
	ok((await text(page, '.faults')).includes('4'), 'a table is taken, its bad rows are told', await text(page, '.faults'));
	await row(page, 'AS64500').waitFor();
	await page.locator('.message button', { hasText: '元に戻す' }).click();
	await said(page, '起点を元に戻しました');
	await until('the seeds to be as before', 20, async () => !(await page.locator('.table-box').last().textContent()).includes('AS64500'));
	ok(true, 'and taken back as a whole');
	await page.getByRole('button', { name: '予定を変える' }).click();
	await dialog(page).getByLabel('頻度').selectOption('weekly');
	await dialog(page).locator('button[type=submit]').click();
	await said(page, '次回は');
	await says(page, '.panel', '毎週日曜');
	ok(true, 'discovery is scheduled in words that people read');
}

async function reports(page, server) {
	await visit(page, server, 'surface?view=reports', '.empty');
	await page.getByRole('button', { name: 'レポートを注文' }).click();
	await dialog(page).getByLabel('形式').selectOption('html');
	await dialog(page).locator('button[type=submit]').click();
	const link = page.getByRole('link', { name: /ダウンロード/ });
	await until('the report', 180, async () => (await link.count()) === 1);
	const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
	const html = readFileSync(await file.path(), 'utf8');
	ok(html.includes('karte.example.co.jp') && !html.includes('<script>globalThis'), 'a report is ordered and fetched; hostile text is text in it');
}

const VIEWS = ['surface', 'surface?view=risks', 'surface?view=assets', ...['domain', 'host', 'address', 'network', 'certificate', 'organisation'].map((kind) => `surface?view=assets&kind=${kind}`), 'surface?view=graph', 'surface?view=changes', 'surface?view=gateways', 'surface?view=sources', 'surface?view=reports'];

async function hostile(page, server) {
	const name = (kind) => `surface/${encodeURIComponent(`${kind}:${HOSTILE} ${kind}`)}`;
	for (const hash of [...VIEWS, name('domain'), name('address'), name('certificate'), name('organisation'), `surface?view=graph&at=${encodeURIComponent(`organisation:${HOSTILE} organisation`)}`]) await visit(page, server, hash);
	await visit(page, server, name('domain'), '.evidence-path');
	const shown = await text(page, 'main');
	ok(shown.includes('<script>') && !/[\u202e\u2066]/.test(await text(page, 'h1')), 'hostile text is shown as text, and turns no line around');
	await visit(page, server, 'surface?view=risks&q=onerror', '.table-box');
	await page.locator('.opener button').first().click();
	await page.locator('.risk-detail').waitFor();
	equal(await page.evaluate(() => [document.querySelectorAll('main img, main script, main iframe').length, globalThis.hostile ?? null]), [0, null], 'nothing of it is run, on any page');
	await visit(page, server, `surface/${encodeURIComponent(`organisation:${'長'.repeat(10_000)}`)}`);
	await page.locator('.evidence-path, .empty, .failure').first().waitFor();
	ok(true, 'a name of 10,000 letters leaves a page that says something');
	forgive(page, /status of 4\d\d/);
}

async function looks(from, server) {
	const code = () => personCode(server, 'administrator', 'reader');
	const one = `surface/${encodeURIComponent('host:old.example.de')}`;
	const fix = `surface/${encodeURIComponent('risk:exposed-dicom')}?asset=${encodeURIComponent('192.0.2.4 104/tcp')}&detail=${encodeURIComponent('DICOM server')}`;
	const phone = await open(from, server.url, { width: 390, height: 844, hasTouch: true, isMobile: true });
	await signIn(phone, server, await code());
	await everyPage(phone, server, [...VIEWS, one, fix], 'the attack surface', 'a phone');
	const english = await open(from, server.url, { lang: 'en-GB' });
	await signIn(english, server, await code());
	await everyPage(english, server, [...VIEWS, one, fix], 'the attack surface', 'an English screen');
	const words = await text(english, 'main');
	ok(!/[\u3040-\u30ff]/.test(words) && words.includes('DICOM in the open'), 'in English');
	await english.emulateMedia({ media: 'print' });
	equal(await english.locator('main button').evaluateAll((all) => all.filter((button) => button.offsetParent !== null).length), 0, 'paper has no buttons');
	return [phone, english];
}

await test(async () => {
	const folder = temporary();
	const from = await browser();
	const server = await serve(folder);
	const page = await open(from, server.url);
	await signIn(page, server);
	await empty(page, server);
	const counts = await runs(page, server);
	await page.reload();
	for (const step of [summary, deciding, assets, verdicts, graph, changes, gateways, seeds, hostile, reports]) await step(page, server, counts);
	const other = await open(from, server.url);
	await guest(other, server);
	const more = await looks(from, server);
	for (const one of [page, other, ...more]) {
		equal(one.complaints, [], 'the browser complains about nothing');
		equal(one.foreign, [], 'and nothing leaves the server');
	}
});
