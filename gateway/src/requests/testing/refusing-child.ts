import { writeSync } from 'node:fs';
import type { Clock } from '../../edges/edges.ts';
import { systemClock } from '../../edges/system.ts';
import { openLevelJournal } from '../level-journal.ts';

/**
 * A process to be killed: notes requests in a journal, every second of them as refused for good, and writes the ids of
 * those to stdout as soon as they are noted, not before. Argument: the journal's directory.
 */
const [directory = ''] = process.argv.slice(2);
const STDOUT = 1;

/** Nothing else keeps this process. */
const clock: Clock = {
  ...systemClock,
  after: (delayMs, run) => systemClock.after(delayMs, run, { holdsProcess: true }),
};
const fail = (error: unknown): never => {
  throw error;
};
const journal = await openLevelJournal(directory, { clock, onError: fail });
for (let number = 1; ; number += 1) {
  const noted = { payloadHash: '00'.repeat(32), op: 'issue' };
  await journal.record('handset-1', `asked-${number}`, noted);
  await journal.record('handset-1', `refused-${number}`, { ...noted, refused: 'AMOUNT_OUT_OF_RANGE' });
  writeSync(STDOUT, `refused-${number}\n`);
}
