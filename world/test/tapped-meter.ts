import type { Fleet, Transmit } from '@tapwatt/gateway';
import {
  constantLoad,
  type FleetMeter,
  type Meter,
  type MeterCard,
  meterFromFleet,
  newBoard,
  noLinks,
  systemTime,
} from '@tapwatt/simulator';

/** A meter of the fleet that has no network at all, powered on. */
export function meterWithoutNetwork(fleet: Fleet, entry: FleetMeter | undefined): Meter {
  if (entry === undefined) throw new Error('No such meter.');
  const rest = { links: noLinks, time: systemTime, storage: newBoard(entry), load: constantLoad(0) };
  const meter = meterFromFleet(fleet, entry, rest);
  meter.powerOn();
  return meter;
}

export const creditOf = (meter: Meter): bigint => meter.state?.meter.record?.cumulativeCredited ?? 0n;
export const acknowledgedOf = (meter: Meter): number => meter.state?.meter.record?.ackedReceiptNo ?? 0;

/** When a reader's field is lost: over which command, counted from 0, and whether the meter hears that one still. */
export interface Tear {
  readonly at: number;
  readonly heard: boolean;
}

/** A reader over this card, each answer in a turn of its own; what was said is kept. */
export function readerOf(
  card: MeterCard,
  tear?: Tear,
): { readonly transmit: Transmit; readonly said: number[] } {
  const said: number[] = [];
  const transmit: Transmit = async (command) => {
    await new Promise((resolve) => setImmediate(resolve));
    said.push(command[1] ?? -1);
    const isTorn = tear !== undefined && said.length > tear.at;
    const answer = isTorn && !tear.heard ? undefined : card.transmit(command);
    if (isTorn) card.release();
    if (isTorn || answer === undefined) throw new Error('The field is lost.');
    return answer;
  };
  return { transmit, said };
}
