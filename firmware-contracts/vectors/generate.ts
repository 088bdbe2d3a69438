/** Writes frames.json, sessions.json and lines.json beside this file; with --check compares instead, and exits 1 where they differ. */
import { readFileSync, writeFileSync } from 'node:fs';
import { frameVectors } from './frame-vectors.ts';
import { lineVectors } from './line-vectors.ts';
import { sessionVectors } from './session-vectors.ts';

/** One vector a line, so that a change of one shows as a change of one. */
const textOf = (vectors: readonly object[]): string =>
  `[\n${vectors.map((vector) => `  ${JSON.stringify(vector)}`).join(',\n')}\n]\n`;

const files = {
  'frames.json': frameVectors(),
  'sessions.json': sessionVectors(),
  'lines.json': lineVectors(),
};
const isCheck = process.argv.includes('--check');

for (const [name, vectors] of Object.entries(files)) {
  const file = new URL(name, import.meta.url);
  const text = textOf(vectors);
  if (!isCheck) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(
      `${name} differs from what the code makes; if that is meant: node firmware-contracts/vectors/generate.ts`,
    );
    process.exitCode = 1;
  }
  console.error(`${name}: ${vectors.length} vectors`);
}
