import { LEDGER_BUGS } from './ledger-bugs.ts';
import { METER_BUGS } from './meter-bugs.ts';
import type { Mutation } from './mutation.ts';

/** Every planted bug. */
export const MUTATIONS: readonly Mutation[] = [...METER_BUGS, ...LEDGER_BUGS];

/** The planted bug of this name; throws for none. */
export function mutationNamed(name: string): Mutation {
  const mutation = MUTATIONS.find((one) => one.name === name);
  if (mutation === undefined)
    throw new Error(
      `There is no mutation ${name}; there are ${MUTATIONS.map((one) => one.name).join(', ')}.`,
    );
  return mutation;
}
