import type { Bound } from './bound.ts';
import { type Footprint, sharedKeys, watched } from './footprint.ts';
import type { Protocol } from './protocol.ts';
import { type Exploration, explore, type PhaseCount, type SearchOptions } from './search.ts';
import { PHASES, type Phase } from './town-model.ts';

/** A wallet that never runs short: whoever takes from it or gives back to it, the others are answered the same. */
const WALLET = 'ACC~wallet';
/** Steps that the whole town makes together: its backup, and its restore. */
const COMMON_STEPS = { before: 0, 'backed up': 1, restored: 2 } as const satisfies Record<Phase, number>;

/** One bound for each meter: its requests, in a town in which the others are registered too. */
const partsOf = (bound: Bound): readonly Bound[] =>
  bound.meters.map((meterId) => ({
    ...bound,
    name: `${bound.name}, meter ${meterId}`,
    meters: [meterId],
    bystanders: bound.meters.filter((other) => other !== meterId),
    requests: bound.requests.filter((request) => request.meterId === meterId),
  }));

/**
 * Explores each meter by itself and counts the town's states as combinations of theirs. That is all of them, and no
 * more: what one meter does, at the ledger too, touches nothing that another's steps read or write. Throws if it does.
 */
export async function exploreApart(
  bound: Bound,
  protocol: Protocol,
  options: SearchOptions = {},
): Promise<Exploration> {
  const parts: Exploration[] = [];
  const footprints: Footprint[] = [];
  for (const part of partsOf(bound)) {
    const footprint: Footprint = { read: new Set(), written: new Set() };
    const exploration = await explore(part, watched(protocol, footprint), options);
    if (exploration.counterExample !== undefined) return exploration;
    parts.push(exploration);
    footprints.push(footprint);
  }
  requireApart(footprints);
  return joined(parts);
}

function requireApart(footprints: readonly Footprint[]): void {
  for (const [index, one] of footprints.entries()) {
    for (const other of footprints.slice(index + 1)) {
      const shared = sharedKeys(one, other).filter((key) => key !== WALLET);
      if (shared.length > 0)
        throw new Error(`meters cannot be explored apart: they share ${shared.join(', ')}`);
    }
  }
}

function joined(parts: readonly Exploration[]): Exploration {
  const sum = (of: (part: Exploration) => number) => parts.reduce((all, part) => all + of(part), 0);
  const phases = {
    before: together(parts, 'before'),
    'backed up': together(parts, 'backed up'),
    restored: together(parts, 'restored'),
  };
  return {
    states: sum(({ states }) => states),
    transitions: sum(({ transitions }) => transitions),
    ledgerStates: sum(({ ledgerStates }) => ledgerStates),
    meterStates: sum(({ meterStates }) => meterStates),
    soups: sum(({ soups }) => soups),
    cores: PHASES.reduce((all, phase) => all + phases[phase].cores, 0),
    depth: Math.max(...PHASES.map((phase) => phases[phase].depth)),
    phases,
  };
}

/** A shortest way to a combination is the ways to its parts, with what all do together done once. */
const together = (parts: readonly Exploration[], phase: Phase): PhaseCount => ({
  cores: parts.reduce((all, { phases }) => all * phases[phase].cores, 1),
  depth: Math.max(
    0,
    parts.reduce((all, { phases }) => all + phases[phase].depth, 0) -
      (parts.length - 1) * COMMON_STEPS[phase],
  ),
});
