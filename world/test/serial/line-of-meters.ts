import {
  createSerialLink,
  type Measured,
  machinePorts,
  type SerialConfig,
  type SerialEvent,
  type SerialLink,
} from '@tapwatt/gateway';
import {
  devicePort,
  type LineObservation,
  type Meter,
  meterCard,
  SerialLine,
  systemTime,
} from '@tapwatt/simulator';
import { meterWithoutNetwork } from '../tapped-meter.ts';
import { openSites, type Sites, systemEdges } from '../two-sites.ts';
import { NEVER_MS, until } from '../until.ts';
import { openPtyPair, type PtyPair } from './pty-pair.ts';

const BAUD = 115_200;

export interface LineOptions {
  /** How many meters are on the line, at the addresses 1, 2, … */
  readonly meters?: number;
  readonly config?: Partial<SerialConfig>;
  readonly isPaced?: boolean;
  /** They are on MQTT as well. */
  readonly areOnline?: boolean;
}

/** Two sites, one of which has meters on a serial line. */
export interface LineOfMeters {
  readonly sites: Sites;
  readonly pair: PtyPair;
  readonly line: SerialLine;
  readonly link: SerialLink;
  readonly meters: readonly Meter[];
  readonly events: readonly SerialEvent[];
  readonly readings: readonly Measured[];
  readonly seen: readonly LineObservation[];
  /** Resolves when the gateway has found so many meters. */
  found(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function openLineOfMeters(options: LineOptions = {}): Promise<LineOfMeters> {
  const { meters: count = 1, config = {}, isPaced = false } = options;
  const { baudRate = BAUD } = config;
  const pair = await openPtyPair();
  let link: SerialLink | undefined;
  const wakeOnLine = (gatewayId: string, meterId: string): boolean =>
    gatewayId === 'gateway-a' && (link?.wake(meterId) ?? false);
  const sites = await openSites({ meters: count, sweepMs: NEVER_MS, wakeOnLine });
  const { gateway, fleet } = sites.a;
  const meters = await Promise.all(
    fleet.meters.map(async (entry, index) =>
      options.areOnline ? (await sites.a.meter(index)).device : meterWithoutNetwork(fleet, entry),
    ),
  );
  const [events, readings, seen]: [SerialEvent[], Measured[], LineObservation[]] = [[], [], []];
  const line = new SerialLine({
    open: devicePort(pair.far, baudRate, systemTime),
    meters: new Map(meters.map((meter, index) => [index + 1, meterCard(meter, 'line')])),
    ...{ baudRate, isPaced, time: systemTime },
    observe: (observation) => seen.push(observation),
  });
  line.start();
  await until('the meters to be on their line', () => line.isOpen || undefined);
  const stopping = new AbortController();
  link = createSerialLink({
    lines: [{ ...lineConfig(pair.near, baudRate), searchTo: count, ...config }],
    openPort: machinePorts(systemEdges.clock),
    taps: gateway.taps.serial,
    redemptions: gateway.redemptions,
    readings: { record: (measured) => readings.push(measured), malformed: () => undefined },
    onEvent: (event) => events.push(event),
    clock: systemEdges.clock,
    signal: stopping.signal,
  });
  link.start();
  return {
    ...{ sites, pair, line, link, meters, events, readings, seen },
    found: async (wanted) => {
      const look = () => link?.view().lines[0]?.meters.length === wanted || undefined;
      await until(`${wanted} meters to be found: ${JSON.stringify(link?.view())}`, look);
    },
    async close() {
      stopping.abort();
      await link?.stopped();
      await line.close();
      await sites.close();
      await pair.close();
    },
  };
}

export const lineConfig = (device: string, baudRate: number): SerialConfig => ({
  ...{ device, baudRate, protocol: 'tapwatt', pollIntervalMs: 1_000, searchTo: 1, meters: [] },
});
