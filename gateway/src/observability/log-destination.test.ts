import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { logDestination } from './log-destination.ts';
import { createLogger } from './logger.ts';

it('a log on a full disk stops nobody', () => {
  const full = openSync('/dev/full', 'w');
  const log = createLogger({ level: 'info', destination: logDestination(full) });
  for (let line = 0; line < 3_000; line += 1)
    log.info({ line: 'x'.repeat(1_000) }, 'a line that finds no room');
  closeSync(full);
});

it('a log with room is written at once', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tw-log-'));
  const file = openSync(join(directory, 'log'), 'w');
  createLogger({ level: 'info', destination: logDestination(file) }).info('here');
  expect(readFileSync(join(directory, 'log'), 'utf8')).toContain('"message":"here"');
  closeSync(file);
  rmSync(directory, { recursive: true });
});
