import type { Clock } from '../../edges/edges.ts';
import type { Measured, ReadingSink } from '../../telemetry/reading.ts';
import { dataSetsOf } from './iec62056/data-sets.ts';
import { type LocalTime, registersOf } from './iec62056/obis.ts';
import { type ForeignFrame, type ForeignReadOut, readForeignMeter } from './iec62056/read-out.ts';
import type { OpenLine } from './serial-line.ts';
import type { SerialPort } from './serial-port.ts';

/** A meter of another maker, read for its figures only. */
export interface ForeignMeter {
  /** Its device address; empty where it is alone on its line. */
  readonly address: string;
  /** The number under which its readings are kept. */
  readonly meterId: string;
  /** How far its clock's zone is from UTC. */
  readonly utcOffsetMinutes: number;
}

export interface ForeignLinePorts {
  /** Visited by their place in this list. */
  readonly meters: readonly ForeignMeter[];
  readonly readings: ReadingSink;
  readonly clock: Clock;
  readonly onVisit: (index: number, readOut: ForeignReadOut) => void;
  readonly onFrame: (meterId: string, frame: ForeignFrame) => void;
}

/** Meters that are read with IEC 62056-21 mode C: readings, and never money. */
export function speakForeign(ports: ForeignLinePorts): (port: SerialPort) => OpenLine {
  const { clock, readings } = ports;
  return (port) => {
    let hear: (bytes: Uint8Array) => void = () => {};
    const listen = (hearer: (bytes: Uint8Array) => void) => {
      hear = hearer;
      return () => {
        hear = () => {};
      };
    };
    return {
      hear: (bytes) => hear(bytes),
      async visit({ address: index, signal }) {
        const meter = ports.meters[index];
        if (meter === undefined) return false;
        const onFrame = (frame: ForeignFrame) => ports.onFrame(meter.meterId, frame);
        const readOut = await readForeignMeter({ port, listen, onFrame, clock, signal }, meter.address);
        ports.onVisit(index, readOut);
        if (readOut.status === 'damaged') readings.malformed(meter.meterId);
        if (readOut.status === 'read')
          record(readings, meter, { block: readOut.block, receivedAtMs: clock.nowMs() });
        return readOut.status === 'read';
      },
    };
  };
}

function record(
  readings: ReadingSink,
  meter: ForeignMeter,
  { block, receivedAtMs }: { readonly block: string; readonly receivedAtMs: number },
): void {
  const { localTime, ...values } = registersOf(dataSetsOf(block));
  if (Object.keys(values).length === 0) {
    readings.malformed(meter.meterId);
    return;
  }
  const meterTimeS = localTime === undefined ? undefined : unixTime(localTime, meter.utcOffsetMinutes);
  const measured: Measured = {
    ...{ meterId: meter.meterId, link: 'serial', source: 'register', receivedAtMs },
    ...(meterTimeS === undefined ? {} : { meterTimeS }),
    clockTrust: 0,
    ...values,
  };
  readings.record(measured);
}

const unixTime = (local: LocalTime, utcOffsetMinutes: number): number => {
  const { year, month, day, hour, minute, second } = local;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1_000 - utcOffsetMinutes * 60;
};
