// A real server with a folder of the test's own, and made-up machines that speak the agent protocol to it
// (doc/agent-protocol.md): what they have and what becomes of it is the test's to say.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { BUILD, freePort, must, run, start, until } from './lib.mjs';

export const MAMORI = path.join(BUILD, 'mamori');
const CSR = ['req', '-new', '-subj', '/CN=host', '-key'];

/** Ready for its first sign-in. */
export async function serve(folder) {
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
	return { data, folder, url: `https://${listen}`, agents: `https://127.0.0.1:${agents}`, code: said.match(/#\/signin\/(\S+)/)?.[1] };
}

/** A further person's one-time code. */
export async function personCode(server, role, user) {
	const said = await must(MAMORI, ['signin', '--data', server.data, '--role', role, '--user', user]);
	return said.match(/#\/signin\/(\S+)/)?.[1];
}

/** One request of the API as the page's user. */
export function api(page, method, what, body) {
	return page.evaluate(
		async ([verb, address, content]) => {
			const headers = { 'Content-Type': 'application/json', 'Accept-Language': 'ja' };
			if (verb !== 'GET') headers['X-Mamori-CSRF'] = (await (await fetch('/api/v1/session')).json()).csrf;
			const answer = await fetch(`/api/v1/${address}`, { method: verb, headers, body: verb === 'GET' ? undefined : JSON.stringify(content ?? {}) });
			const text = await answer.text();
			if (!answer.ok) throw new Error(`${verb} ${address}: ${answer.status} ${text}`);
			return text ? JSON.parse(text) : undefined;
		},
		[method, what, body],
	);
}

/** Whether machines can be made up here. */
export const canMakeUp = async () => (await run('openssl', ['version']).catch(() => ({ status: 1 }))).status === 0;

function request(url, method, body, tls = {}) {
	const text = typeof body === 'string' ? body : JSON.stringify(body);
	return new Promise((resolve, reject) => {
		const asked = https.request(url, { method, rejectUnauthorized: false, agent: false, headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }, ...tls }, (answer) => {
			let got = '';
			answer.setEncoding('utf8');
			answer.on('data', (piece) => (got += piece));
			answer.on('end', () => (answer.statusCode < 300 ? resolve(got ? JSON.parse(got) : undefined) : reject(new Error(`${method} ${url}: ${answer.statusCode} ${got}`))));
		});
		asked.on('error', reject);
		asked.end(text);
	});
}

const pem = (key) => key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' });
const hash = (text) => createHash('sha256').update(text).digest('hex');
const seconds = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** An update as a plan has it: "demo" 1 → 2 is the patch deb:demo@2. */
export const update = (name, { security = true, cves = [] } = {}) => ({
	id: `deb:${name}@2`,
	title: `${name} 1 → 2`,
	source: name,
	version: '2',
	security,
	origins: security ? 'Debian-Security' : 'Debian',
	size: 5000,
	staged: false,
	kept_back: null,
	packages: [{ name, arch: 'amd64', from: '1', to: '2', size: 5000 }],
	cves,
});

export class Machine {
	#lineage = null;
	#results = [];
	#pass = 0;
	/** What it heard last. */
	directive = null;
	slot = null;

	constructor(server, name, { updates = [], zone = 'Asia/Tokyo', settings = [] } = {}) {
		Object.assign(this, { server, name, zone, settings, updates, tls: generateKeyPairSync('ec', { namedCurve: 'P-256' }), signing: generateKeyPairSync('ec', { namedCurve: 'P-256' }) });
	}

	async enrol(group) {
		const token = (await must(MAMORI, ['token', 'create', '--data', this.server.data, '--group', group])).trim();
		const { i: id, s: secret } = JSON.parse(Buffer.from(token.slice('mamori1.'.length), 'base64url').toString());
		const file = path.join(this.server.folder, `${this.name}.key`);
		writeFileSync(file, pem(this.tls.privateKey), { mode: 0o600 });
		const csr = await must('openssl', [...CSR, file]);
		const answer = await request(`${this.server.url}/enrol/v1`, 'POST', { protocol: 1, token: id, secret, csr, signing_key: pem(this.signing.publicKey), hostname: this.name, machine: hash(this.name), os: 'debian:12', agent: '0.1.0' });
		this.id = answer.host;
		this.certificate = answer.certificate;
		await this.checkIn();
		return this;
	}

	#sections() {
		const packages = ['bash', ...this.updates.map(({ source }) => source)].map((name) => [name, '1', 'amd64', '', '']);
		return {
			system: JSON.stringify({
				os: { id: 'debian', version: '12', name: 'Debian GNU/Linux', codename: 'bookworm', like: '' },
				hostname: this.name,
				machine_id: hash(this.name).slice(0, 32),
				boot_id: 'b1',
				timezone: this.zone,
				kernel: { running: null, installed: [] },
				hardware: { maker: 'Acme', model: 'M1', serial: '1', uuid: '1', firmware: '1', cpu: 'x', memory: 4_000_000_000, disks: [], interfaces: [] },
				last_user: null,
				last_login: null,
				reboot_signals: [],
				settings: this.settings,
			}),
			packages: JSON.stringify({ manager: 'dpkg', bad: 0, packages }),
			updates: JSON.stringify({ manager: 'apt', lists_at: null, patches: this.updates }),
		};
	}

	#send(method, what, body) {
		return request(`${this.server.agents}/agent/v1/${what}`, method, body, { key: pem(this.tls.privateKey), cert: this.certificate });
	}

	/** Tells what it has and what became of its updates, and hears what it is to do. */
	async checkIn() {
		const sections = this.#sections();
		const answer = await this.#send('POST', 'check-in', {
			protocol: 1,
			agent: '0.1.0',
			boot: 'b1',
			machine: hash(this.name),
			lineage: this.#lineage,
			now: seconds(Date.now()),
			sections: Object.fromEntries(Object.entries(sections).map(([name, text]) => [name, hash(text)])),
			planned_at: seconds(Date.now()),
			plan_error: null,
			results: this.#results.splice(0),
			directive: this.directive?.serial ?? 0,
			slot: this.slot,
			asks: [],
		});
		this.#lineage = answer.lineage;
		if (answer.directive) this.directive = JSON.parse(answer.directive.document);
		for (const name of answer.need) await this.#send('PUT', `sections/${name}`, sections[name]);
		return this;
	}

	/** The end of one update in a slot of this policy, told with the next check-in. */
	ended(policy, patch, state, why = null) {
		const order = `slot:${policy}/made-up/2026-01-01/${this.id}/${++this.#pass}`;
		const at = seconds(Date.now());
		const document = JSON.stringify({ attempt: `${order}/${patch}`, order, host: this.id, patch, title: patch, packages: [], state, trigger: 'window', started: at, finished: at, why, words: null });
		this.#results.push({ document, signature: sign('sha256', Buffer.from(`mamori\nresult\n${document}`), this.signing.privateKey).toString('base64') });
		return this;
	}

	/** Checks in until test(directive) holds. */
	hears(what, test) {
		return until(`${this.name} to hear ${what}`, 30, async () => {
			await this.checkIn();
			return this.directive && test(this.directive);
		});
	}

	goes(patch) {
		return this.directive?.patches.some((p) => p.patch === patch) ?? false;
	}
}
