import { lineTimeMs } from '@tapwatt/firmware-contracts';
import type { Clock } from '../../edges/edges.ts';
import type { TapLimits, TapReport, Taps } from '../tap/taps.ts';
import { createHalfDuplex } from './half-duplex.ts';
import { ATTEMPTS, createSureTransmit } from './line-transmit.ts';
import type { OpenLine } from './serial-line.ts';
import type { SerialPort } from './serial-port.ts';

export interface MeterLinePorts {
  readonly baudRate: number;
  readonly taps: Pick<Taps, 'tap'>;
  readonly clock: Clock;
  /** The meter that the configuration names at an address. */
  readonly expectedAt: (address: number) => string | undefined;
  /** What a visit came to. */
  readonly onVisit: (address: number, report: TapReport) => void;
}

/** A command with the longest answer, and the longest command, every byte escaped. */
const LONGEST_EXCHANGE = 600;
/** What a meter and a port take besides the bytes, ms. */
const LONGEST_WAIT_MS = 700;
/** Commands that a visit says at the most: plans of eight vouchers each, and what goes with them. */
const COMMANDS = 300;
const PLAN_MS = 2_000;
/** The line is not held for an acknowledgement that takes longer: it wakes the meter when it comes. */
const LINGER_MS = 250;

/** A COMMIT that is repeated is a PUT VOUCHER more each time. */
const limitsAt = (baudRate: number): TapLimits => {
  const exchangeMs = lineTimeMs(LONGEST_EXCHANGE, baudRate) + LONGEST_WAIT_MS;
  return {
    commandMs: 2 * ATTEMPTS * ATTEMPTS * exchangeMs,
    tapMs: COMMANDS * exchangeMs,
    planMs: PLAN_MS,
    lingerMs: LINGER_MS,
  };
};

/** Meters that speak the meter link (WIRE.md "NFC and serial"): every visit is a tap, after which the meter is still there. */
export function speakMeterLink(ports: MeterLinePorts): (port: SerialPort) => OpenLine {
  const { baudRate, taps, clock } = ports;
  const limits = limitsAt(baudRate);
  return (port) => {
    const line = createHalfDuplex(port, baudRate, clock);
    return {
      hear: line.hear,
      figures: line.figures,
      async visit({ address, isSilent, signal }) {
        let command = signal;
        const expectedMeterId = ports.expectedAt(address);
        const sure = createSureTransmit((apdu) => line.ask(address, apdu, command), isSilent ? 1 : ATTEMPTS);
        const report = await taps.tap(
          (apdu, options) => {
            command = options.signal;
            return sure.transmit(apdu);
          },
          { ...limits, stays: true, signal, ...(expectedMeterId !== undefined && { expectedMeterId }) },
        );
        ports.onVisit(address, report);
        return report.end === 'done';
      },
    };
  };
}
