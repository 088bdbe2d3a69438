import type { Reading } from './reading.ts';
import type { EnergySum } from './store.ts';

/** A sum that takes further readings in any order: firsts and lasts carry the moment that they are of. */
export interface RunningSum {
  readonly readings: number;
  readonly first?: Told<number>;
  readonly last?: Told<number>;
  readonly powers: number;
  readonly powerSumW: number;
  readonly maxPowerW?: number;
  readonly balance?: Told<bigint>;
}

interface Told<T> {
  readonly atUs: number;
  readonly value: T;
}

export const EMPTY_SUM: RunningSum = { readings: 0, powers: 0, powerSumW: 0 };

/** The sum with one reading more; it must not have been added before. */
export function added(sum: RunningSum, { atUs, energyWh, powerW, balance }: Reading): RunningSum {
  const energy = energyWh === undefined ? undefined : { atUs, value: energyWh };
  const credit = balance === undefined ? undefined : { atUs, value: balance };
  return {
    readings: sum.readings + (energy === undefined ? 0 : 1),
    powers: sum.powers + (powerW === undefined ? 0 : 1),
    powerSumW: sum.powerSumW + (powerW ?? 0),
    ...told('first', earlier(sum.first, energy)),
    ...told('last', later(sum.last, energy)),
    ...told('balance', later(sum.balance, credit)),
    ...told('maxPowerW', largest(sum.maxPowerW, powerW)),
  };
}

/** The sum as it is shown. */
export function shownSum(fromMs: number, sum: RunningSum): EnergySum {
  return {
    fromMs,
    readings: sum.readings,
    ...told('firstWh', sum.first?.value),
    ...told('lastWh', sum.last?.value),
    ...told('powerW', sum.powers === 0 ? undefined : Math.round(sum.powerSumW / sum.powers)),
    ...told('maxPowerW', sum.maxPowerW),
    ...told('balance', sum.balance?.value),
  };
}

const earlier = <T>(one: Told<T> | undefined, other: Told<T> | undefined): Told<T> | undefined =>
  one === undefined || (other !== undefined && other.atUs < one.atUs) ? other : one;

const later = <T>(one: Told<T> | undefined, other: Told<T> | undefined): Told<T> | undefined =>
  one === undefined || (other !== undefined && other.atUs >= one.atUs) ? other : one;

const largest = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);

/** A member where there is a value, none where there is not. */
function told<K extends string, V>(name: K, value: V | undefined): { readonly [N in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in K]?: V };
}
