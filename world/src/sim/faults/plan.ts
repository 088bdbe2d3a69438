import { type Chance, chanceOf } from '../kernel/chance.ts';
import { FAULT_KINDS, type FaultKind } from './kinds.ts';

/** What one seed makes of the world: its size, its ledger, how long it is troubled, and by what. */
export interface Plan {
  readonly seed: number;
  readonly ledger: 'embedded' | 'fabric-model';
  readonly gateways: number;
  readonly meters: number;
  readonly handsets: number;
  /** How long clients ask and faults come, ms of virtual time. */
  readonly troubledMs: number;
  /** Between two wishes of a client, ms, on average. */
  readonly wishEveryMs: number;
  /** Strength of each kind of fault that this world has, above 0 and at most 1. */
  readonly faults: ReadonlyMap<FaultKind, number>;
}

export interface PlanLimits {
  /** Only these kinds, where the seed has them at all. */
  readonly only?: readonly FaultKind[];
  /** At most so long. */
  readonly troubledMs?: number;
  readonly ledger?: Plan['ledger'];
  /** Over one Fabric ledger. */
  readonly gateways?: number;
}

const MINUTE_MS = 60_000;
const SWARM = 0.6;
/** One meter that is sold more than its window is wide, so that old numbers leave it. */
const BUSY = 0.06;
const BUSY_WORLD = { meters: 1, wishEveryMs: 1_000 };
/** Fewer worlds have these: in all others every answer must stay true, and every figure equal. */
const SELDOM: Partial<Record<FaultKind, number>> = { 'ledger-restored': 0.35, 'ledger-cloned': 0.6 };

/** Draws a world; limits take away from it and change nothing else, so that a failing one can be made smaller. */
export const planOf = (seed: number, limits: PlanLimits = {}): Plan => {
  const chance = chanceOf(seed, 'plan');
  const drawn = chance.happens(0.7) ? 'embedded' : 'fabric-model';
  const ledger = limits.ledger ?? drawn;
  const size = { meters: chance.between(1, 4), handsets: chance.between(1, 3) };
  const troubledMs = chance.between(5, 15) * MINUTE_MS;
  const usualWishes = chance.pick([3_000, 6_000, 12_000]);
  const gateways = chance.between(1, 2);
  const isBusy = chance.happens(BUSY);
  const { meters, wishEveryMs } = isBusy ? BUSY_WORLD : { ...size, wishEveryMs: usualWishes };
  return {
    ...{ seed, ledger, meters, handsets: size.handsets, wishEveryMs },
    gateways: ledger === 'embedded' ? 1 : (limits.gateways ?? gateways),
    troubledMs: Math.min(troubledMs, limits.troubledMs ?? troubledMs),
    faults: drawFaults(seed, ledger, limits.only),
  };
};

const NEEDS: Partial<Record<FaultKind, Plan['ledger']>> = {
  'broker-crash': 'fabric-model',
  'disk-slow': 'embedded',
  'disk-write-lost': 'embedded',
  'disk-answer-lost': 'embedded',
  'disk-full': 'embedded',
  'disk-read-error': 'embedded',
  'disk-open-error': 'embedded',
  'ledger-restored': 'embedded',
  'ledger-cloned': 'embedded',
  'peer-away': 'fabric-model',
  'orderer-away': 'fabric-model',
  'commit-unanswered': 'fabric-model',
  'commit-late': 'fabric-model',
};

const drawFaults = (
  seed: number,
  ledger: Plan['ledger'],
  only: readonly FaultKind[] | undefined,
): ReadonlyMap<FaultKind, number> => {
  const drawn = new Map(
    FAULT_KINDS.map((kind) => [kind, strengthOf(chanceOf(seed, `strength of ${kind}`), shareOf(kind))]),
  );
  // A restore has labelled points of its own, and each must be crashed at often.
  if (drawn.get('ledger-restored') !== 0)
    drawn.set('crash-point', strengthOf(chanceOf(seed, 'strength of crash-point'), 1));
  const isHere = (kind: FaultKind): boolean =>
    (NEEDS[kind] ?? ledger) === ledger && (only?.includes(kind) ?? true);
  return new Map([...drawn].filter(([kind, strength]) => strength > 0 && isHere(kind)));
};

const shareOf = (kind: FaultKind): number => SELDOM[kind] ?? SWARM;

const strengthOf = (chance: Chance, share: number): number =>
  chance.happens(share) ? chance.pick([0.1, 0.3, 0.6, 1]) : 0;
