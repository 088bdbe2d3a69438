import { writeSync } from 'node:fs';
import { counters, openTestLedger, txIdNumber } from './test-ledger.ts';

/**
 * A process to be killed: commits as fast as it can, and writes each transaction number to stdout as soon as it is
 * acknowledged, not before. Arguments: directory, first transaction number.
 */
const [directory = '', first = '0'] = process.argv.slice(2);
const STDOUT = 1;
const LANES = 8;

const ledger = await openTestLedger({ directory });
const party = counters(ledger);
let next = Number(first);

const lane = async (): Promise<never> => {
  for (;;) {
    const number = next++;
    await party.add('a', 1, { txId: txIdNumber(number) });
    writeSync(STDOUT, `${number}\n`);
  }
};

await Promise.all(Array.from({ length: LANES }, lane));
