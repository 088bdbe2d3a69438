import { COPY_BUGS } from './copy-bugs.ts';
import { GATEWAY_BUGS } from './gateway-bugs.ts';
import { LEDGER_BUGS } from './ledger-bugs.ts';
import { LIAR_BUGS } from './liar-bugs.ts';
import { METER_BUGS } from './meter-bugs.ts';
import type { Mutation } from './mutation.ts';

/** Bugs that the checkers must see: each undoes one safeguard. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  ...METER_BUGS,
  ...LEDGER_BUGS,
  ...COPY_BUGS,
  ...GATEWAY_BUGS,
  ...LIAR_BUGS,
};
