// Runs the public suite against one cache and reports. Usage: node suite.mjs FOLDER WORK CACHE RUNS: the folder in which the suite is
// installed, an empty folder to work in, a name from caches.mjs, and how often. With one run, tests that failed and are
// not known to fail are tried twice more.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { caches } from './caches.mjs';
import { versions } from './peers.mjs';
import { answers, output, start, stopAll } from './processes.mjs';
import { isRelease, judge, majority, readTests, table } from './tests.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const [folder, work, cache, runs] = process.argv.slice(2);
const expected = isRelease(folder) ? { required: 141, optimal: 72 } : { required: 158, optimal: 88 };

async function startOrigin() {
  const { lines, gone } = start(process.execPath, [join(here, 'origin.mjs'), folder], {
    cwd: folder,
    // What the suite reads of npm's environment; origin.mjs chooses the port.
    env: { ...process.env, npm_config_protocol: 'http', npm_config_port: '8000', npm_config_pidfile: join(work, 'origin.pid') },
  });
  const listening = new Promise(resolve => {
    lines.on('line', line => {
      const port = /Listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port) {
        resolve(Number(port));
      }
    });
  });
  const port = await Promise.race([listening, gone]);
  await Promise.race([answers(`http://127.0.0.1:${port}/`), gone]);
  return port;
}

const runOnce = async (address, ids = []) =>
  JSON.parse(await output(process.execPath, ['--no-warnings', join(here, 'once.mjs'), folder, address, ...ids]));

/** The reasons that the documentation gives: rows of a table whose first cell holds the tests' ids. */
async function readReasons() {
  const page = await readFile(join(here, '../../docs/http.md'), 'utf8');
  const section = page.split(/^## /m).find(text => text.startsWith('Tests left failing')) ?? '';
  const rows = [...section.matchAll(/^\| ([^|]*) \| ([^|]*) \|$/gm)];
  return new Map(rows.flatMap(([, ids, reason]) => [...ids.matchAll(/`([^`]+)`/g)].map(([, id]) => [id, reason])));
}

async function runAll(address, groups, reasons) {
  const all = [];
  for (let i = 1; i <= runs; i++) {
    const started = Date.now();
    all.push(await runOnce(address));
    console.log(`Run ${i} took ${Math.round((Date.now() - started) / 1000)} s`);
  }
  const surprises = judge(groups, all[0]).filter(row => !row.passed && row.kind !== 'check' && !reasons.has(row.id)).map(row => row.id);
  if (runs === '1' && surprises.length > 0) {
    console.log(`Once more: ${surprises.join(' ')}`);
    all.push(await runOnce(address, surprises), await runOnce(address, surprises));
  }
  return majority(all);
}

function report(rows, reasons) {
  console.log(`\n${table(rows)}\n`);
  const failing = rows.filter(row => !row.passed && row.kind !== 'check');
  for (const { kind, id, why } of failing) {
    console.log(`${kind} ${id}: ${why}`);
  }
  if (cache !== 'cacheproxy' && cache !== 'redis') {
    return true;
  }
  const problems = failing.filter(row => !reasons.get(row.id)).map(row => `docs/http.md gives no reason for ${row.id}.`);
  for (const [kind, least] of Object.entries(expected)) {
    const passed = rows.filter(row => row.kind === kind && row.passed).length;
    if (passed < least) {
      problems.push(`${passed} of kind ${kind} passed, expected are ${least}.`);
    }
  }
  for (const id of reasons.keys()) {
    if (rows.find(row => row.id === id)?.passed) {
      console.log(`note: docs/http.md gives a reason for ${id}, which does not fail.`);
    }
  }
  problems.forEach(problem => console.log(`FAILED: ${problem}`));
  return problems.length === 0;
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    await stopAll();
    process.exit(1);
  });
}
let good = false;
try {
  const groups = await readTests(folder);
  const reasons = await readReasons();
  const address = await caches[cache](await startOrigin(), work);
  console.log(await versions[cache]?.() ?? cache);
  good = report(judge(groups, await runAll(address, groups, reasons)), reasons);
} catch (error) {
  console.error(error);
} finally {
  await stopAll();
}
process.exit(good ? 0 : 1);
