// What tests ask of a page of the dashboard. Going to an address behind '#' loads nothing, and a message stands until the
// next one comes: so nothing here is content with what an earlier page or an earlier act has left on the screen.
import { equal } from './lib.mjs';

export const text = (page, selector) => page.locator(selector).first().textContent();
export const settled = (page, selector) => page.waitForSelector(selector, { state: 'visible' });
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
/** Waits for words in one of these elements. */
export const says = (page, selector, words) => page.locator(selector, { hasText: words }).first().waitFor();
/** Waits for the message at the foot that says this; an earlier one may stand there until it comes. */
export const said = (page, words) => page.locator('.message', { hasText: words }).waitFor();
export const dialog = (page) => page.locator('dialog[open]');

/** What the message says is taken back by its button; then the message says the other words. */
export async function takeBack(page, words, after) {
	await page.locator('.message', { hasText: words }).locator('button', { hasText: '取り消す' }).click();
	if (after) await said(page, after);
}

/** Runs in the page: its own handler of the change has drawn the other page before this one is called. */
const turn = (hash) =>
	new Promise((done) => {
		if (location.hash === hash) return done();
		addEventListener('hashchange', () => setTimeout(done), { once: true });
		location.hash = hash;
	});

/** Goes to a page of the server, and waits until that page stands, with the answers to its own questions. */
export async function visit(page, server, hash, selector = 'main h1') {
	if (page.url().startsWith(`${server.url}/`)) await page.evaluate(turn, `#/${hash}`);
	else await page.goto(`${server.url}/#/${hash}`);
	await settled(page, selector);
	await page.waitForSelector('main :is(.skeleton, [aria-busy=true])', { state: 'detached' });
}

/** Loads the page anew: what it remembers of the server is gone. */
export async function afresh(page, server, hash, selector) {
	await page.goto('about:blank');
	await visit(page, server, hash, selector);
}

/** Runs in the page: controls that a screen reader could not name. */
function unnamed() {
	const named = (x) => x.textContent.trim() || x.getAttribute('aria-label') || x.title || x.labels?.[0]?.textContent.trim();
	return [...document.querySelectorAll('button, a, input, select, textarea')].filter((x) => !named(x)).map((x) => x.outerHTML.slice(0, 120));
}

/** No page is wider than the screen, and every control has a name. */
export async function everyPage(page, server, pages, what, screen) {
	const wide = [];
	const nameless = [];
	for (const hash of pages) {
		await visit(page, server, hash);
		if ((await overflow(page)) > 0) wide.push(hash);
		nameless.push(...(await page.evaluate(unnamed)));
	}
	equal(wide, [], `no page of ${what} is wider than ${screen}`);
	equal(nameless, [], `every control has a name on ${screen}`);
}
