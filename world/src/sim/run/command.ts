import type { PlanLimits } from '../faults/plan.ts';
import type { WorldRequest } from './protocol.ts';

/** Seeds in a row, as a run by time came to them: another machine would come to others. */
export interface SeedsRun extends PlanLimits {
  readonly baseSeed: number;
  readonly seeds: number;
  readonly twice: number;
}

/** The command that runs exactly this world. */
export const commandOf = ({ seed, ...limits }: WorldRequest, mutation?: string): string =>
  joined([`--seed ${seed}`, ...limitsIn(limits), ...mutationIn(mutation)]);

/** The command that runs exactly these worlds, on any machine. */
export const commandOfMany = ({ seeds, baseSeed, twice, ...limits }: SeedsRun, mutation?: string): string =>
  joined([
    `--seeds ${seeds} --base-seed ${baseSeed} --twice ${Math.min(twice, seeds)}`,
    ...limitsIn(limits),
    ...mutationIn(mutation),
  ]);

/** The command that plants every bug, each in the same worlds. */
export const commandOfHunt = ({ baseSeed, ...limits }: Pick<SeedsRun, 'baseSeed'> & PlanLimits): string =>
  joined([`--mutations --fresh --base-seed ${baseSeed}`, ...limitsIn(limits)]);

const joined = (parts: readonly string[]): string =>
  ['npm run world --', ...parts].filter((part) => part !== '').join(' ');

const mutationIn = (mutation: string | undefined): readonly string[] =>
  mutation === undefined ? [] : [`--mutation ${mutation}`];

const limitsIn = ({ only, troubledMs, ledger, gateways }: PlanLimits): readonly string[] => [
  only === undefined ? '' : `--only ${only.length === 0 ? 'none' : only.join(',')}`,
  troubledMs === undefined ? '' : `--troubled-ms ${troubledMs}`,
  ledger === undefined ? '' : `--ledger ${ledger}`,
  gateways === undefined ? '' : `--gateways ${gateways}`,
];
