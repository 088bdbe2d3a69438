import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { type Fleet, readFleetFile } from '../fleet/fleet-file.ts';
import { provisioningOf } from '../fleet/from-fleet.ts';
import { openMeterFile } from '../fleet/meter-files.ts';
import { purchaseOf } from '../fleet/purchase.ts';
import { type RunningFleet, startFleet } from '../fleet/start-fleet.ts';
import { startTraffic } from '../fleet/traffic.ts';
import { fileRequestStore } from '../handset/file-request-store.ts';
import type { Handset, HandsetObservation } from '../handset/handset.ts';
import { mqttLinks } from '../link/mqtt-link.ts';
import { tcpConnector } from '../link/tcp.ts';
import type { Meter, MeterObservation } from '../meter/meter.ts';
import { meterCard } from '../meter/meter-card.ts';
import { devicePort } from '../serial/device-port.ts';
import { SerialLine } from '../serial/serial-line.ts';
import { seededRandom } from '../time/random.ts';
import { systemTime } from '../time/time.ts';
import type { RunOptions } from './options.ts';
import { type Output, tell } from './output.ts';
import { lockState } from './state-lock.ts';

const REQUEST_ID_BYTES = 12;
const COMPLAIN_EVERY_MS = 10_000;

/** The same complaint of a thousand devices is one line, not more often than every ten seconds, and none while it stops. */
const complaints = (output: Output, signal: AbortSignal): ((who: string, why: string) => void) => {
  const lastAt = new Map<string, number>();
  return (who, why) => {
    const now = output.nowMs();
    if (signal.aborted) return;
    if (now - (lastAt.get(why) ?? Number.NEGATIVE_INFINITY) < COMPLAIN_EVERY_MS) return;
    if (lastAt.size > 100) lastAt.clear();
    lastAt.set(why, now);
    output.narrate(`${who}: ${why}; trying again.`);
  };
};

const observers = (output: Output, signal: AbortSignal) => {
  const complain = complaints(output, signal);
  const disconnected = new Set<string>(); // a supply that is on at the start is no news
  const onMeter = (meter: Meter, seen: MeterObservation): void => {
    const meterId = meter.meterId.toString();
    if (seen.type === 'relay' && seen.closed === disconnected.has(meterId)) {
      tell(output, { type: 'relay', meterId, closed: seen.closed });
      if (seen.closed) disconnected.delete(meterId);
      else disconnected.add(meterId);
    }
    if (seen.type === 'down') complain(`meter ${meterId}`, seen.reason);
    if (seen.type === 'memory-failed') complain(`meter ${meterId}`, String(seen.error));
  };
  const onHandset = (handset: Handset, seen: HandsetObservation): void => {
    if (seen.type === 'down') complain(`handset ${handset.id}`, seen.reason);
    if (seen.type === 'store-failed') complain(`handset ${handset.id}`, String(seen.error));
    const purchase =
      seen.type === 'heard' && seen.heard === 'advanced' ? purchaseOf(handset.id, seen.ask) : undefined;
    if (purchase !== undefined) tell(output, { type: 'purchase', ...purchase });
  };
  return { observeMeter: onMeter, observeHandset: onHandset };
};

const start = (fleet: Fleet, options: RunOptions, tellers: ReturnType<typeof observers>): RunningFleet => {
  const random = seededRandom(options.seed);
  return startFleet({
    fleet,
    time: systemTime,
    random,
    links: mqttLinks({ connector: tcpConnector(fleet.broker), time: systemTime, random }),
    newRequestId: () => randomBytes(REQUEST_ID_BYTES).toString('hex'),
    memoryOf: (meter) =>
      openMeterFile(join(options.state, 'meters', `${meter.meterId}.nvm`), provisioningOf(meter)),
    storeOf: (handset) => fileRequestStore(join(options.state, 'handsets', handset.id)),
    speed: options.speed,
    areMetersOffline: options.serialOnly,
    ...(options.meters !== undefined && { meters: options.meters }),
    ...(options.handsets !== undefined && { handsets: options.handsets }),
    ...tellers,
  });
};

/** The line on which the fleet's meters answer as well, started. */
const lineOf = (
  run: RunningFleet,
  device: string,
  { baudRate, output }: { baudRate: number; output: Output },
) => {
  const line = new SerialLine({
    open: devicePort(device, baudRate, systemTime),
    meters: new Map(run.meters.map((meter, index) => [index + 1, meterCard(meter, 'serial')])),
    ...{ baudRate, time: systemTime },
    observe: (seen) => {
      if (seen.type === 'open') output.narrate(`${run.meters.length} meters answer on ${device}.`);
      if (seen.type === 'closed') output.narrate(`${device}: ${seen.reason}; trying again.`);
    },
  });
  line.start();
  return line;
};

const traffic = (
  fleet: Fleet,
  run: RunningFleet,
  { options, output }: { options: RunOptions; output: Output },
) => {
  const wallets = new Map(fleet.handsets.map(({ id, walletId }) => [id, walletId]));
  return startTraffic({
    handsets: run.handsets,
    meters: run.meters,
    walletOf: ({ id }) => wallets.get(id) ?? id,
    time: systemTime,
    random: seededRandom(options.seed),
    intervalMs: options.intervalMs,
    onError: (error) => output.narrate(`${error.code}: ${error.message}`),
  });
};

/** Resolves when `signal` has aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Runs the simulator until `signal` aborts. Throws TapwattError: CONFIG_INVALID, KEY_FILE, DATA_LOCKED, GATEWAY_UNREACHABLE … */
export const run = async (options: RunOptions, output: Output, signal: AbortSignal): Promise<void> => {
  const fleet = readFleetFile(options.fleet);
  if (options.serialOnly && options.serial === undefined)
    throw new TapwattError('CONFIG_INVALID', '--serial-only: name the line as well, with --serial.');
  if (options.meters !== undefined && options.meters > fleet.meters.length) {
    const message = `--meters ${options.meters}: ${options.fleet} has ${fleet.meters.length}. Register more (npx tapwatt meter add), or ask for fewer.`;
    throw new TapwattError('CONFIG_INVALID', message);
  }
  const unlock = await lockState(options.state);
  const running = start(fleet, options, observers(output, signal));
  const { serial, serialBaud: baudRate } = options;
  const line = serial === undefined ? undefined : lineOf(running, serial, { baudRate, output });
  const stopped = aborted(signal);
  let stopTraffic = (): void => {};
  try {
    output.narrate(
      `Connecting ${running.meters.length} meters to ${fleet.broker.host}:${fleet.broker.port} …`,
    );
    const resumed = running.handsets.reduce((sum, handset) => sum + handset.outstanding.length, 0);
    await Promise.race([running.allUp(options.waitMs), stopped]);
    if (!signal.aborted) {
      tell(output, {
        type: 'started',
        meters: running.meters.length,
        handsets: running.handsets.length,
        resumed,
      });
      if (options.buy) stopTraffic = traffic(fleet, running, { options, output });
      await stopped;
    }
  } finally {
    stopTraffic();
    await line?.close();
    await running.close();
    unlock();
  }
  tell(output, { type: 'stopped' });
};
