import { messageOf } from '@tapwatt/firmware-contracts';
import { startDeadline, unlessAborted } from '../edges/deadline.ts';
import type { Check, Finding, Patient } from './check.ts';
import { checkClock } from './check-clock.ts';
import { checkDaemons } from './check-daemons.ts';
import { checkData } from './check-data.ts';
import { checkDisk } from './check-disk.ts';
import { checkGateway } from './check-gateway.ts';
import { checkReaders } from './check-readers.ts';
import { checkSerial } from './check-serial.ts';
import { checkServers } from './check-servers.ts';

/** A check that hangs, as a device may, is given up, ms. */
const CHECK_DEADLINE_MS = 12_000;

const CHECKS: readonly Check[] = [
  checkData,
  checkDisk,
  checkClock,
  checkGateway,
  checkDaemons,
  checkServers,
  checkReaders,
  checkSerial,
];

/** Every finding of every check, in their order; the checks run at the same time. */
export async function examine(
  patient: Patient,
  checks: readonly Check[] = CHECKS,
): Promise<readonly Finding[]> {
  return (await Promise.all(checks.map((check) => run(check, patient)))).flat();
}

async function run({ name, run: look }: Check, patient: Patient): Promise<readonly Finding[]> {
  const { signal, end } = startDeadline(patient.clock, CHECK_DEADLINE_MS, patient.signal);
  try {
    return await unlessAborted(signal, look({ ...patient, signal }));
  } catch (error) {
    const says = error === signal.reason ? 'The check did not end in time.' : messageOf(error);
    return [
      {
        what: name,
        state: 'trouble',
        says,
        remedy: 'Look at it by hand; the other checks are not concerned.',
      },
    ];
  } finally {
    end();
  }
}
