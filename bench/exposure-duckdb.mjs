// Loads JSON Lines into DuckDB and answers SQL from standard input, one statement a line, as JSON Lines. What is asked is the
// view b, whose columns have the same names for both forms of records.
// usage: node exposure-duckdb.mjs MODULES FORM FILE DATABASE RUNS [load]
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { statSync } from "node:fs";

const common = "port:'INTEGER',\"timestamp\":'TIMESTAMP',org:'VARCHAR',os:'VARCHAR',product:'VARCHAR',version:'VARCHAR'";
const forms = {
	flat: {
		columns: `{ip:'VARCHAR',${common},country:'VARCHAR',tls:'BOOLEAN',banner:'VARCHAR'}`,
		view: "SELECT * FROM records",
	},
	nested: {
		columns: `{ip_str:'VARCHAR',${common},transport:'VARCHAR',hash:'INTEGER',
			location:'STRUCT(country_code VARCHAR, city VARCHAR, latitude DOUBLE, longitude DOUBLE)',
			hostnames:'VARCHAR[]',domains:'VARCHAR[]',
			_shodan:'STRUCT(id VARCHAR, module VARCHAR, crawler VARCHAR, ptr BOOLEAN)',
			ssl:'STRUCT(versions VARCHAR[])',isp:'VARCHAR',data:'VARCHAR'}`,
		view: `SELECT ip_str AS ip, port, "timestamp", org, os, product, version, hash, location.country_code AS country,
			location.city AS city, location.latitude AS latitude, hostnames[1] AS hostname, ssl IS NOT NULL AS tls,
			data AS banner FROM records`,
	},
};

const [modules, form, file, database, runs, load] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(modules + "/")("@duckdb/node-api");
const instance = await DuckDBInstance.create(database, { threads: "2" });
const c = await instance.connect();
if (load) {
	const start = performance.now();
	await c.run(`CREATE TABLE records AS SELECT * FROM read_json('${file}', format='newline_delimited',
		columns=${forms[form].columns})`);
	await c.run("CHECKPOINT");
	const ms = performance.now() - start;
	const cpu = process.cpuUsage();
	await c.run(`CREATE VIEW b AS ${forms[form].view}`);
	await c.run("CHECKPOINT");
	console.log(JSON.stringify({ seconds: ms / 1e3, cpu: (cpu.user + cpu.system) / 1e6, bytes: statSync(database).size,
		memory: process.resourceUsage().maxRSS * 1024 }));
}
for await (const sql of createInterface({ input: process.stdin })) {
	let best = Infinity, rows = [];
	for (let i = 0; i < Number(runs); i++) {
		const start = performance.now();
		rows = (await c.runAndReadAll(sql)).getRowsJson();
		best = Math.min(best, performance.now() - start);
	}
	console.log(JSON.stringify({ sql, best_ms: best, rows, memory: process.resourceUsage().maxRSS * 1024 }));
}
