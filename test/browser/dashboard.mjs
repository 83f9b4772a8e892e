// The dashboard on the real server, with this very machine enrolled through the real agent: sign in by the one-time
// link, find a pending update, open its page, switch the language. Nothing is installed.
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { browser, BUILD, equal, freePort, must, ok, open, run, skip, start, temporary, test, until } from './lib.mjs';

const MAMORI = path.join(BUILD, 'mamori');
const AGENT = path.join(BUILD, 'mamori-agent');
const settled = (page, selector) => page.waitForSelector(selector, { state: 'visible' });
const text = (page, selector) => page.locator(selector).first().textContent();

async function serve(folder) {
	const [dashboard, agents] = [await freePort(), await freePort()];
	const listen = `127.0.0.1:${dashboard}`;
	const data = path.join(folder, 'server');
	const env = { LANG: 'C.UTF-8' };
	const said = await must(MAMORI, ['init', '--data', data, '--name', '127.0.0.1', '--listen', listen], { env });
	const server = start(MAMORI, ['serve', '--data', data, '--listen', listen, '--agents', `127.0.0.1:${agents}`], env);
	await until('the server to be ready', 30, () => {
		if (server.exitCode !== null) throw new Error(`mamori serve ended: ${server.text}`);
		return server.text.includes('\n');
	});
	return { data, url: `https://${listen}`, code: said.match(/#\/signin\/(\S+)/)?.[1] };
}

/** Enrols this machine with a state folder of the test's own, and lets the agent run until the server has its plan.
 * It is ended then: downloading the updates ahead is none of this test's business. */
async function enrol(folder, server, page) {
	const token = await must(MAMORI, ['token', 'create', '--data', server.data, '--group', '検査科']);
	const file = path.join(folder, 'token');
	writeFileSync(file, token, { mode: 0o600 });
	const state = path.join(folder, 'agent');
	await must(AGENT, ['enrol', '--token-file', file, '--state', state]);
	const agent = start(AGENT, ['run', '--state', state]);
	await until('the agent to have looked for updates', 240, async () => {
		if (agent.exitCode !== null) throw new Error(`mamori-agent ended: ${agent.text}`);
		const { items } = await (await page.request.get(`${server.url}/api/v1/hosts`)).json();
		const host = items[0] && (await (await page.request.get(`${server.url}/api/v1/hosts/${items[0].id}`)).json());
		return host?.planned_at;
	});
	agent.kill('SIGTERM');
	await until('the agent to end', 10, () => agent.exitCode !== null || agent.signalCode !== null);
	equal(agent.exitCode, 0, 'the agent checks in, sends its plan, and ends when it is told to');
}

async function signIn(page, server) {
	await page.goto(`${server.url}/#/signin/${server.code}`);
	await settled(page, '.verdict');
	ok(!page.url().includes(server.code), 'the one-time link signs in, and its code leaves the address');
	const cookies = await page.context().cookies();
	const session = cookies.find((cookie) => cookie.name === '__Host-mamori');
	equal([session?.httpOnly, session?.secure, session?.sameSite], [true, true, 'Strict'], 'the session cookie is HttpOnly, Secure and SameSite');
	const answer = await page.request.get(`${server.url}/`);
	const policy = answer.headers()['content-security-policy'] ?? '';
	ok(/script-src 'self'/.test(policy) && !/unsafe/.test(policy), 'the Content-Security-Policy is strict', policy);
}

async function findUpdate(page, server) {
	await page.goto(`${server.url}/#/hosts`);
	await settled(page, 'tbody tr');
	equal(await page.locator('tbody tr').count(), 1, 'the fleet lists this machine');
	ok((await text(page, 'tbody')).includes('検査科'), 'in the department of its token');
	await page.locator('tbody a[data-row]').click();
	await settled(page, '.tabs');
	ok((await text(page, '.sentence')).length > 0, 'its page says its state in a sentence');
	await page.waitForSelector('.skeleton', { state: 'detached' });
	return page.locator('tbody a[data-row]').count();
}

async function openUpdate(page, count) {
	const link = page.locator('tbody a[data-row]').first();
	const title = await link.textContent();
	ok(count > 0, `its pending updates are listed (${count})`);
	await link.click();
	await settled(page, '.state-counts');
	equal(await text(page, 'h1'), title, 'an update opens its page');
	await settled(page, 'tbody tr');
	ok((await page.locator('tbody td[data-label="未適用の理由"]').first().textContent()).trim() !== '', 'which says why it is not there yet');
	await page.locator('.actions .primary').click();
	await settled(page, 'dialog[open] .dialog-actions .primary');
	ok((await text(page, 'dialog[open]')).includes('1 台に 1 件'), 'applying asks first, with the number of machines and updates');
	await page.keyboard.press('Escape');
}

async function everyPage(page, server) {
	const broken = [];
	for (const hash of ['', 'hosts', 'patches', 'history', 'vulnerabilities', 'feeds', 'enrol', 'audit', 'settings']) {
		await page.goto(`${server.url}/#/${hash}`);
		await settled(page, 'main h1');
		await page.waitForSelector('.skeleton', { state: 'detached' });
		if ((await page.locator('.failure').count()) > 0) broken.push([hash, await text(page, '.failure')]);
	}
	equal(broken, [], 'every page gets its data');
}

async function sorting(page, server) {
	const broken = [];
	for (const hash of ['hosts', 'patches', 'history', 'vulnerabilities']) {
		await page.goto(`${server.url}/#/${hash}`);
		await settled(page, 'main h1');
		await page.waitForSelector('.skeleton', { state: 'detached' });
		for (const head of await page.locator('thead th button').all()) {
			await head.click();
			await page.waitForTimeout(150);
			if ((await page.locator('.failure').count()) > 0) broken.push([hash, await head.textContent()]);
		}
	}
	equal(broken, [], 'every column that offers it can be sorted');
}

async function language(page, server) {
	await page.goto(`${server.url}/#/`);
	await settled(page, '.verdict');
	await page.locator('.side-foot button[lang=en]').click();
	await page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Overview');
	equal(await page.evaluate(() => document.documentElement.lang), 'en', 'the language switches to English');
}

async function addHost(page, server) {
	await page.goto(`${server.url}/#/enrol`);
	await page.locator('form button[type=submit]').click();
	await settled(page, '.steps');
	equal(await page.locator('.steps .command').count(), 3, 'a token is made, with the three commands to type');
}

async function signOut(page, server) {
	await page.goto(`${server.url}/#/settings`);
	await page.getByRole('button', { name: 'Sign out' }).click();
	await settled(page, '.signin');
	equal((await page.request.get(`${server.url}/api/v1/overview`)).status(), 401, 'after signing out nothing is answered');
}

await test(async () => {
	for (const program of [MAMORI, AGENT]) if (!existsSync(program)) skip(`${path.basename(program)} is not built`);
	const from = await browser();
	const folder = temporary();
	const server = await serve(folder);
	ok(server.code, 'mamori init prints a one-time link');
	const bare = await run('curl', ['-sk', `${server.url}/`]);
	if (!bare.out.includes('id="app"')) skip('this server was built without the dashboard (-Dweb=false)');
	const page = await open(from, server.url);
	await signIn(page, server);
	await enrol(folder, server, page);
	const count = await findUpdate(page, server);
	if (count > 0) await openUpdate(page, count);
	await everyPage(page, server);
	await sorting(page, server);
	await language(page, server);
	await addHost(page, server);
	await signOut(page, server);
	equal(page.complaints.filter((line) => !line.includes('401')), [], 'no complaint from the browser: everything keeps to the policy');
	equal(page.foreign, [], 'no request leaves the server');
	if (count === 0) skip('this machine has no pending update to open');
});
