// Reads a repository of update metadata with tuf-js, an implementation that is not ours:
//     node verify.mjs REPOSITORY ROOT.json STORE PATH…
// Prints one JSON line: the versions that it trusts, and each PATH's length, or {"error": "…"}; exit 1 then.
import { BaseFetcher, Updater } from 'tuf-js'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Readable } from 'node:stream'

const { DownloadHTTPError } = createRequire(import.meta.url)('./node_modules/tuf-js/dist/error.js')
const [repository, root, store, ...wanted] = process.argv.slice(2)

// Files instead of HTTP; what is not there is a 404.
class FolderFetcher extends BaseFetcher {
	async fetch(url) {
		const file = path.join(repository, decodeURIComponent(new URL(url).pathname))
		if (!fs.existsSync(file)) throw new DownloadHTTPError(`no ${file}`, 404)
		return Readable.from([fs.readFileSync(file)])
	}
}

try {
	const targets = path.join(store, 'targets')
	fs.mkdirSync(targets, { recursive: true })
	if (!fs.existsSync(path.join(store, 'root.json'))) fs.copyFileSync(root, path.join(store, 'root.json'))
	const updater = new Updater({
		metadataDir: store,
		metadataBaseUrl: 'http://repository.invalid/metadata',
		targetDir: targets,
		targetBaseUrl: 'http://repository.invalid/targets',
		fetcher: new FolderFetcher(),
	})
	await updater.refresh()
	const said = { versions: {}, targets: {} }
	for (const [i, name] of wanted.entries()) {
		const info = await updater.getTargetInfo(name)
		if (!info) throw new Error(`nobody vouches for ${name}`)
		await updater.downloadTarget(info, path.join(targets, `${i}`))
		said.targets[name] = info.length
	}
	for (const role of ['root', 'timestamp', 'snapshot', 'targets'])
		said.versions[role] = JSON.parse(fs.readFileSync(path.join(store, `${role}.json`), 'utf8')).signed.version
	console.log(JSON.stringify(said))
} catch (error) {
	console.log(JSON.stringify({ error: `${error.name}: ${error.message}` }))
	process.exitCode = 1
}
