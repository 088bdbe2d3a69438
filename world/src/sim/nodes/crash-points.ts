import type { World } from '../world.ts';

/**
 * Steps that leave a process, where money may be on its way: it may die before each of them, and after.
 *
 * Left out, because no gateway of a world comes there: `up/tele` (its meters say no readings, and readings move no money),
 * `dn/cfg` and `status` (whoever runs the gateway's process publishes there, not its logic), and the look-up of a transaction
 * (of which the outcome is unknown, it is submitted again under its own id).
 */
const STEPS = [
  'login',
  'query',
  'order',
  'commit of IssueVouchers',
  'commit of RecordMeter',
  'commit of RecordVoucher',
  'commit of RequestCancel',
  'commit of SettleReceipts',
  'commit of WithdrawOrder',
  'commit of an end of epoch',
  'commit of an order',
  'seal of a voucher',
  'seal of a void order',
  'seal of an order',
  'publish on dn/ack',
  'publish on dn/res',
  'publish on dn/time',
  'publish on dn/vch',
  'taking up/evt',
  'taking up/rcpt',
  'taking up/req',
  'taking up/status',
  'write of the journal',
  'open of the ledger',
  'load of a backup',
  'record of a restore',
] as const;

const PLACES = [
  'before a synced write',
  'during a synced write',
  'after a synced write, before its answer',
  'before replacing the ledger',
] as const;

export type Step = (typeof STEPS)[number];

/** Where a process may be killed on purpose. */
export type CrashPoint = `before ${Step}` | `after ${Step}` | (typeof PLACES)[number];

/** All that there are: one that no world comes to is counted as 0, and missed by a full run. */
export const CRASH_POINTS: readonly CrashPoint[] = [
  ...PLACES,
  ...STEPS.flatMap((step): CrashPoint[] => [`before ${step}`, `after ${step}`]),
];

/** The step of this name, which must be declared. */
export const stepOf = (world: World, name: string): Step => (isStep(name) ? name : undeclared(world, name));

/** A world that comes where nobody would miss its crashes has failed. */
export const undeclared = (world: World, name: string): never => {
  const what = `${name} is not among the crash points`;
  world.violated('crash points', what);
  throw new Error(what);
};

const isStep = (name: string): name is Step => (STEPS as readonly string[]).includes(name);
