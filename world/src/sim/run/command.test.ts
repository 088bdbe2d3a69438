import { describe, expect, it } from 'vitest';
import { commandOf, commandOfHunt, commandOfMany } from './command.ts';

const LIMITS = { only: ['partition'], troubledMs: 99, ledger: 'fabric-model', gateways: 2 } as const;
const LIMITED = '--only partition --troubled-ms 99 --ledger fabric-model --gateways 2';

describe('the command that runs worlds again', () => {
  it('names one world exactly', () => {
    expect(commandOf({ seed: 7, ...LIMITS }, 'one-slot')).toBe(
      `npm run world -- --seed 7 ${LIMITED} --mutation one-slot`,
    );
    expect(commandOf({ seed: 7, only: [] })).toBe('npm run world -- --seed 7 --only none');
  });

  it('names many by their seeds, never by the time that they took', () => {
    expect(commandOfMany({ seeds: 401, baseSeed: 1, twice: 50, ...LIMITS }, 'one-slot')).toBe(
      `npm run world -- --seeds 401 --base-seed 1 --twice 50 ${LIMITED} --mutation one-slot`,
    );
    expect(commandOfMany({ seeds: 4, baseSeed: 1, twice: 50 })).toBe(
      'npm run world -- --seeds 4 --base-seed 1 --twice 4',
    );
  });

  it('hunts planted bugs in fresh worlds, whatever saw them before', () => {
    expect(commandOfHunt({ baseSeed: 5 })).toBe('npm run world -- --mutations --fresh --base-seed 5');
  });
});
