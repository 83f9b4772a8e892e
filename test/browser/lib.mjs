// What every browser test stands on: TAP, a browser that reports whatever it complains about, a real server.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const SOURCE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const BUILD = path.resolve(process.env.MAMORI_BUILD ?? path.join(SOURCE, 'build'));
const CHROMIUM_FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--disable-quic',
];

class Skip extends Error {}

/** Ends the test: every further point is skipped, and the reason is named. */
export function skip(reason) {
	throw new Skip(reason);
}

const ending = [];
let points = 0;
let failures = 0;
const pages = [];

/** Does this when the test ends, however it ends; the last one said is done first. */
export function atEnd(action) {
	ending.push(action);
}

export function ok(condition, title, detail) {
	points++;
	if (!condition) failures++;
	console.log(`${condition ? 'ok' : 'not ok'} ${points} - ${title}`);
	if (!condition && detail !== undefined) console.log(`# ${JSON.stringify(detail)?.replaceAll('\n', '\n# ')}`);
}

export function equal(seen, wanted, title) {
	const same = JSON.stringify(seen) === JSON.stringify(wanted);
	ok(same, title, same ? undefined : { seen, wanted });
}

/** Waits until test() gives something true, and gives that. */
export async function until(what, seconds, test) {
	const end = Date.now() + seconds * 1000;
	for (;;) {
		const value = await test();
		if (value) return value;
		if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

/** What stands on a page when a test does not come to its end: where it was, what it said, what it complained of. */
async function describe(page) {
	const seen = await page.evaluate(() => ['h1', '.message', '.failure', '.problem', 'dialog[open] h2'].map((at) => document.querySelector(at)?.textContent ?? null));
	console.log(`# ${page.url()} ${JSON.stringify({ seen, complaints: page.complaints.slice(-5), failed: page.failed.slice(-5) })}`);
}

/** Runs the test and prints its plan; whatever was started is ended. */
export async function test(body) {
	process.once('SIGTERM', () => void finish().then(() => process.exit(143)));
	try {
		await body();
	} catch (cause) {
		if (cause instanceof Skip) {
			points++;
			console.log(`ok ${points} - the rest # SKIP ${cause.message}`);
		} else {
			ok(false, 'runs to its end', String(cause?.stack ?? cause));
			for (const page of pages) await describe(page).catch(() => {});
		}
	}
	console.log(`1..${points}`);
	await finish();
	process.exit(failures > 0 ? 1 : 0);
}

async function finish() {
	for (const action of ending.splice(0).reverse()) await Promise.resolve(action()).catch(() => {});
}

export function temporary() {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'mamori-browser-'));
	atEnd(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

function chromiumPath() {
	const named = process.env.CHROMIUM;
	const places = (process.env.PATH ?? '').split(':').flatMap((dir) => ['chromium', 'chromium-browser'].map((name) => path.join(dir, name)));
	return [...(named ? [named] : []), ...places].find((place) => existsSync(place));
}

/** A browser; skips the test where it or playwright-core is missing. */
export async function browser() {
	const executablePath = chromiumPath();
	if (!executablePath) skip('chromium is not installed');
	let chromium;
	try {
		({ chromium } = createRequire(path.join(SOURCE, 'web/package.json'))('playwright-core'));
	} catch {
		skip('playwright-core is not installed (npm ci in web/)');
	}
	const opened = await chromium.launch({ executablePath, headless: true, args: CHROMIUM_FLAGS });
	atEnd(() => opened.close());
	return opened;
}

/** A page in a fresh profile. `complaints` gathers console errors and uncaught exceptions, `foreign` every request
 * that leaves the server's origin. MAMORI_SLOW=6 makes its processor six times slower: what is waited for by luck shows. */
export async function open(from, url, { lang = 'ja-JP', width = 1280, height = 800, ...more } = {}) {
	const context = await from.newContext({ locale: lang, timezoneId: 'Asia/Tokyo', viewport: { width, height }, ignoreHTTPSErrors: true, ...more });
	const page = await context.newPage();
	page.setDefaultTimeout(60_000); // others may load the machine
	if (process.env.MAMORI_SLOW) await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: Number(process.env.MAMORI_SLOW) });
	page.complaints = [];
	page.forgiven = [];
	page.foreign = [];
	page.failed = [];
	page.on('requestfailed', (request) => page.failed.push(`${request.method()} ${request.url()}: ${request.failure()?.errorText}`));
	pages.push(page);
	const complain = (line) => page.forgiven.some((pattern) => pattern.test(line)) || page.complaints.push(line);
	page.on('console', (message) => {
		if (message.type() === 'error' || message.type() === 'warning') complain(message.text());
	});
	page.on('pageerror', (error) => complain(String(error)));
	page.on('request', (request) => {
		if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('blob:')) page.foreign.push(request.url());
	});
	return page;
}

/** What the test itself provokes is no complaint, whether the browser has said it yet or says it later. */
export function forgive(page, pattern) {
	page.forgiven.push(pattern);
	page.complaints = page.complaints.filter((line) => !pattern.test(line));
}

export async function freePort() {
	const server = createServer();
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address();
	await new Promise((resolve) => server.close(resolve));
	return port;
}

/** Runs a program to its end. */
export function run(program, words, { seconds = 60, env } = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
		const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
		let out = '';
		let err = '';
		child.stdout.on('data', (data) => (out += data));
		child.stderr.on('data', (data) => (err += data));
		child.on('error', reject);
		child.on('close', (status) => {
			clearTimeout(timer);
			resolve({ status, out, err });
		});
	});
}

/** A program that runs until the test ends. */
export function start(program, words, env) {
	const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
	child.text = '';
	child.stdout.on('data', (data) => (child.text += data));
	child.stderr.on('data', (data) => (child.text += data));
	const gone = new Promise((resolve) => child.on('close', resolve));
	atEnd(async () => {
		if (child.exitCode === null) child.kill('SIGTERM');
		const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
		await gone;
		clearTimeout(timer);
	});
	return child;
}

/** Must end well. */
export async function must(program, words, options) {
	const done = await run(program, words, options);
	if (done.status !== 0) throw new Error(`${program} ${words.join(' ')}: exit ${done.status}\n${done.out}${done.err}`);
	return done.out;
}
