import type { RequestResult, TapState } from '@tapwatt/firmware-contracts';
import { Courier, type Meter, memoryBagStore, meterCard } from '@tapwatt/simulator';
import { readerOf, type Tear } from './tapped-meter.ts';

/** A phone without a network: its courier, a tap at a meter, and the receipts that it has to hand in. */
export interface Phone {
  readonly courier: Courier;
  readonly inHand: readonly string[];
  /** The commands of all its taps. */
  readonly said: readonly number[];
  tap(meter: Meter, tear?: Tear): Promise<TapState>;
}

export function phone(): Phone {
  const inHand: string[] = [];
  const said: number[] = [];
  const courier = new Courier({
    bag: memoryBagStore(),
    inHand: () => new Set(inHand),
    handIn: (receipts) => inHand.push(...receipts),
  });
  const tap = async (meter: Meter, tear?: Tear): Promise<TapState> => {
    const { transmit } = readerOf(meterCard(meter, 'phone'), tear);
    const { signal } = new AbortController();
    let step = courier.begin();
    while (step.command !== undefined) {
      said.push(step.command[1] ?? -1);
      const answer = await transmit(step.command, { signal }).catch(() => undefined);
      step = courier.answer(step.state, answer);
    }
    return step.state;
  };
  return { courier, tap, inHand, said };
}

/** What became of each receipt that was handed in. */
export function outcomesOf(result: RequestResult): readonly object[] {
  const { outcomes } = result as { readonly outcomes?: readonly object[] };
  if (outcomes === undefined) throw new Error(`No outcomes: ${JSON.stringify(result)}`);
  return outcomes;
}
