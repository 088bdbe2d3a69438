import { join } from 'node:path';
import { FileNvm, type Fleet, METER_NVM_WORDS, MeterMemory } from '@tapwatt/simulator';
import type { Registers } from '../judge.ts';

/** What the meters' memory files say after their process has ended. */
export const registersInFiles = (fleet: Fleet, state: string): Registers =>
  new Map(fleet.meters.map(({ meterId }) => [meterId, registerIn(join(state, 'meters', `${meterId}.nvm`))]));

function registerIn(path: string): bigint | undefined {
  const file = new FileNvm(path, METER_NVM_WORDS);
  try {
    return new MeterMemory(file).recover().stored?.record?.cumulativeCredited;
  } finally {
    file.close();
  }
}
