import path from 'node:path';

type Reporters = ['default'] | ['default', ['json', { outputFile: string }]];

/** Vitest's reporters: for people, and, where TEST_REPORTS names a folder, a JSON report of this run in it. */
export function reporters(run: string): Reporters {
  const folder = process.env.TEST_REPORTS;
  return folder === undefined
    ? ['default']
    : ['default', ['json', { outputFile: path.join(folder, `${run}.json`) }]];
}
