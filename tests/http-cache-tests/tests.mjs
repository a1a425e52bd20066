// What the suite holds, and how it judges.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const kinds = ['required', 'optimal', 'check'];

/** The suite's client and server lie beside its tests in the release, and in a folder of their own in its repository. */
export const isRelease = folder => !existsSync(join(folder, 'test-engine'));
export const engineOf = folder => isRelease(folder) ? folder : join(folder, 'test-engine');

/** The groups of tests that speak of shared caches; those for browsers alone are left out, as the suite's own command does. */
export async function readTests(folder) {
  const { default: groups } = await import(pathToFileURL(join(folder, 'tests/index.mjs')));
  // The release leaves them out of its index; the repository has CDN-Cache-Control instead.
  const surrogates = isRelease(folder) ? [(await import(pathToFileURL(join(folder, 'tests/surrogate-control.mjs')))).default] : [];
  return [...groups, ...surrogates].map(group => ({ ...group, tests: group.tests.filter(test => !test.browser_only) }));
}

export const kindOf = test => test.kind ?? 'required';

/** Of several outcomes of a test the one that most runs had; of a failure the first message. */
export function majority(runs) {
  const result = {};
  for (const id of Object.keys(runs[0])) {
    const outcomes = runs.map(run => run[id]).filter(outcome => outcome !== undefined);
    const passes = outcomes.filter(outcome => outcome === true).length;
    result[id] = passes * 2 > outcomes.length || outcomes.find(outcome => outcome !== true);
  }
  return result;
}

/**
 * One row a test: whether it passed, and why not. As on the suite's own pages, a test whose dependency failed says nothing and has
 * not passed.
 */
export function judge(groups, results) {
  const tests = new Map(groups.flatMap(group => group.tests.map(test => [test.id, test])));
  const reason = id => {
    const failed = (tests.get(id).depends_on ?? []).find(dependency => reason(dependency) !== null);
    if (failed !== undefined) {
      return `it depends on ${failed}`;
    }
    return results[id] === true ? null : results[id]?.join(': ') ?? 'it did not run';
  };
  return groups.flatMap(group => group.tests.map(test => {
    const why = reason(test.id);
    return { group: group.name, id: test.id, kind: kindOf(test), passed: why === null, why };
  }));
}

/** A table of passed/all by group and kind, with the totals last. */
export function table(rows) {
  const lines = [...new Set(rows.map(row => row.group)), 'all'].map(group => {
    const cells = kinds.map(kind => {
      const some = rows.filter(row => row.kind === kind && (group === 'all' || row.group === group));
      return some.length === 0 ? '' : `${some.filter(row => row.passed).length}/${some.length}`;
    });
    return group.padEnd(44) + cells.map(cell => cell.padStart(10)).join('');
  });
  return [' '.repeat(44) + kinds.map(kind => kind.padStart(10)).join(''), ...lines].join('\n');
}
