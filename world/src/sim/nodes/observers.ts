import type { RedemptionObserver } from '@tapwatt/gateway';
import type { World } from '../world.ts';
import type { Incarnation } from './incarnation.ts';

/** What happens to vouchers, told to two: the trace, and production's log and live page. */
export const both = (one: RedemptionObserver, other: RedemptionObserver): RedemptionObserver => {
  const each = <A extends readonly unknown[]>(tell: (observer: RedemptionObserver) => (...of: A) => void) => {
    const [first, second] = [tell(one), tell(other)];
    return (...of: A): void => {
      first(...of);
      second(...of);
    };
  };
  return {
    issued: each((observer) => observer.issued),
    presented: each((observer) => observer.presented),
    answered: each((observer) => observer.answered),
    onMeter: each((observer) => observer.onMeter),
    settled: each((observer) => observer.settled),
    refused: each((observer) => observer.refused),
    alarm: each((observer) => observer.alarm),
    reachable: each((observer) => observer.reachable),
    status: each((observer) => observer.status),
  };
};

/** What happens to vouchers, as lines of the trace. */
export const observerOf = (world: World, life: Incarnation): RedemptionObserver => {
  const note = (what: string): void => {
    if (life.isAlive) world.trace.note(life.name, what);
  };
  return {
    issued: ({ voucherId, meterId, amount, repeated }) =>
      note(`issued ${voucherId} to ${meterId} of ${amount}${repeated ? ' again' : ''}`),
    presented: ({ voucherId, meterId, kind, attempt }) =>
      note(`presented ${voucherId} to ${meterId}, kind ${kind}, attempt ${attempt}`),
    answered: ({ meterId, fields }) =>
      note(`meter ${meterId} answered ${fields.result} to ${fields.voucherId}`),
    onMeter: ({ voucherId }) => note(`on meter ${voucherId}`),
    settled: ({ voucherId, outcome, repeated }) =>
      note(`settled ${voucherId} ${outcome}${repeated ? ' again' : ''}`),
    refused: ({ code, requestId }) => note(`refused ${requestId ?? ''} ${code}`),
    alarm: ({ meterId, code, voucherId }) => {
      if (life.isAlive) world.tally.did(`alarm ${code}`);
      note(`alarm ${code} of ${voucherId ?? ''} at ${meterId}`);
    },
    reachable: (meterId, reachable) => note(`meter ${meterId} is ${reachable ? 'there' : 'away'}`),
    status: ({ meterId, keyEpoch, receiptNo }) => note(`status of ${meterId}: ${keyEpoch} ${receiptNo}`),
  };
};
