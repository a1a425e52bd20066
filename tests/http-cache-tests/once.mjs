// Runs the suite once against one address, as its own cli.mjs does, and prints the outcomes as JSON.
// Usage: node once.mjs FOLDER ADDRESS [ID…]: the folder in which the suite is installed, and the tests to run (all by default).
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { engineOf, isRelease, readTests } from './tests.mjs';

const [folder, address, ...ids] = process.argv.slice(2);
const { runTests, getResults } = await import(pathToFileURL(join(engineOf(folder), 'client/runner.mjs')));

const groups = (await readTests(folder))
  .map(group => ({ ...group, tests: group.tests.filter(test => ids.length === 0 || ids.includes(test.id)) }));
if (isRelease(folder)) {
  const { default: fetch } = await import(pathToFileURL(createRequire(join(folder, 'cli.mjs')).resolve('node-fetch')));
  await runTests(groups, fetch, false, address);
} else {
  await runTests(groups, false, address);
}
process.stdout.write(JSON.stringify(getResults()), () => process.exit(0));
