import { identityOf } from '@tapwatt/firmware-contracts';
import type { DestinationStream } from 'pino';
import { createAdministration } from './administration.ts';
import { assembleGateway } from './assemble-gateway.ts';
import type { GatewayConfig } from './config/gateway-config.ts';
import { createCredentials } from './credentials.ts';
import { openDataDirectory } from './data/open.ts';
import { systemClock, systemRandom } from './edges/system.ts';
import { createGatewayServices } from './gateway-services.ts';
import { openLedger } from './hosts/open-ledger.ts';
import { startHttp } from './http/start-http.ts';
import type { MqttLink } from './links/mqtt/link.ts';
import { listenBroker } from './links/mqtt/listen-broker.ts';
import { openBus } from './links/mqtt/open-bus.ts';
import type { NfcLink } from './links/nfc/nfc-link.ts';
import { openNfc } from './links/nfc/open-nfc.ts';
import type { NfcReaders } from './links/nfc/readers.ts';
import { openSerial } from './links/serial/open-serial.ts';
import { foreignMetersOf } from './links/serial/serial-config.ts';
import type { SerialLink } from './links/serial/serial-link.ts';
import { createLiveBoard } from './observability/live-board.ts';
import { createLogger, type Logger } from './observability/logger.ts';
import { observeRedemptions } from './observability/observe-redemptions.ts';
import { readinessOf } from './observability/readiness.ts';
import type { Quarantine } from './quarantine/quarantine.ts';
import { openLevelJournal } from './requests/level-journal.ts';
import { openTelemetry } from './telemetry/open-telemetry.ts';
import { NO_READINGS } from './telemetry/reading.ts';
import { createFrameTrace } from './trace/frame-trace.ts';
import { traceForeign } from './trace/trace-foreign.ts';
import { VERSION } from './version.ts';

/** Meters of which the live view remembers something. */
const MAX_LIVE_METERS = 20_000;

export interface GatewayEdges {
  /** Where log lines go. */
  readonly logDestination: DestinationStream;
  /** NFC readers of another kind than PC/SC. */
  readonly nfcReaders?: NfcReaders;
}

export interface RunningGateway {
  /** Rejects when a ledger that was away at the start turns out to be another one: CONFIG_INVALID, KEY_FILE. Close it then. */
  readonly wrong: Promise<never>;
  readonly ports: { readonly mqtt: number | undefined; readonly http: number };
  /** Graceful and bounded by `stopTimeoutMs`: takes no more, settles what waits, closes the ledger. */
  close(): Promise<void>;
}

/**
 * Builds and starts one gateway.
 *
 * Throws DATA_LOCKED, DATA_DAMAGED, DATA_VERSION, KEY_FILE, DEVELOPMENT_KEYS, PORT_IN_USE, CONFIG_INVALID.
 */
export async function startGateway(config: GatewayConfig, edges: GatewayEdges): Promise<RunningGateway> {
  const log = createLogger({
    level: config.log.level,
    destination: edges.logDestination,
    base: { gatewayId: config.gatewayId },
  });
  const undo: (() => Promise<unknown>)[] = [];
  try {
    return await build(config, { log, nfcReaders: edges.nfcReaders }, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => undefined);
    throw error;
  }
}

async function build(
  config: GatewayConfig,
  { log, nfcReaders }: { readonly log: Logger; readonly nfcReaders: NfcReaders | undefined },
  undo: (() => Promise<unknown>)[],
): Promise<RunningGateway> {
  const clock = systemClock;
  const random = systemRandom;
  const stopping = new AbortController();
  const { signal } = stopping;
  const onError = (error: unknown, doing: string) => {
    if (!signal.aborted) log.warn({ err: error }, `could not ${doing}`);
  };

  const data = await openDataDirectory({
    directory: config.dataDirectory,
    profile: config.profile,
    random: (length) => random.bytes(length),
    ledgerElsewhere: config.ledger.kind === 'fabric',
    issuerElsewhere: config.issuer?.url !== undefined,
  });
  const opened = await openLedger(config, { data, clock, log }, undo);
  const { host, issuing, ledger } = opened;
  const { issuer } = issuing;
  let listening = false;
  const credentials = createCredentials(data.keys.mqtt, ledger);
  const { bus, broker, isReachable } = await openBus(config, {
    ...{ credentials, clock, random, log },
    onReached: () => {
      // Its own last word there is the broker's: that it is gone.
      if (listening && !signal.aborted) void announce(gateway.link, config, 'online');
    },
  });
  undo.push(() => bus.close());
  if (broker !== undefined) undo.push(() => broker.close());

  let quarantine: Quarantine | undefined;
  let nfc: NfcLink | undefined;
  let serial: SerialLink | undefined;
  const readiness = () =>
    readinessOf({
      ledger: host.condition,
      ledgerCause: opened.cause(),
      listening,
      brokerAway: isReachable() ? undefined : config.mqtt.external,
      issuer: issuing.view(),
      quarantine: quarantine?.view(),
      nfc: nfc?.view(),
      telemetry: telemetry?.view(),
      serial: serial?.view(),
      stopping: signal.aborted,
    });
  const board = createLiveBoard({
    clock,
    readiness,
    ledgerHead: () => host.head(),
    // One on a serial line is on no bus, and is reached all the same.
    mayListen: (id) =>
      gateway.redemptions.isReachable(id) || bus.isConnected(identityOf({ who: 'meter', id })) !== false,
    maxMeters: MAX_LIVE_METERS,
  });
  const observer = observeRedemptions(board, log, clock);
  const journal = await openLevelJournal(data.layout.requests, { clock, onError });
  undo.push(() => journal.close());
  const telemetry =
    config.telemetry &&
    (await openTelemetry(config.telemetry, {
      ...{ layout: data.layout, profile: config.profile, clock, log, onError },
    }));
  undo.push(async () => telemetry?.close());

  const trace = createFrameTrace(clock);
  const gateway = assembleGateway({
    batches: host.batches,
    ...{ config, ledger, issuer, bus, journal, board, observer, clock, random, signal, onError },
    ...(telemetry === undefined ? {} : { readings: telemetry.sink }),
    signer: { kid: config.gatewayId, privateKey: data.keys.gateway },
    trace,
    wakeOnLine: (meterId) => serial?.wake(meterId) ?? false,
  });
  serial = openSerial({
    ...{ lines: config.links?.serial ?? [], taps: gateway.taps.serial, redemptions: gateway.redemptions },
    ...{ readings: telemetry?.sink ?? NO_READINGS, clock, signal, log },
    onForeignFrame: traceForeign(trace),
  });

  quarantine = gateway.quarantine;
  void quarantine.refresh();

  const administer = createAdministration({
    ...{ ledger, issuer, clock, onMeterChanged: gateway.presenter.enqueue },
    async submitOrder(jws, aborted) {
      const committed = await host.submitOrder(jws, { signal: aborted });
      void gateway.quarantine.refresh();
      return committed;
    },
  });
  const services = createGatewayServices({
    ...{ live: board, ledger, issuer, credentials, administer, readiness, clock },
    ...{ local: gateway.local, handIn: gateway.handIn, trace },
    backup: () => host.backup(),
    meterSeries: telemetry?.series,
    foreignMeters: foreignMetersOf(config.links?.serial ?? []),
    identity: {
      gatewayId: config.gatewayId,
      site: config.site,
      ledgerId: config.ledgerId,
      profile: config.profile,
      version: VERSION,
      startedAtMs: clock.nowMs(),
    },
    atOneMoment: (read) => host.atOneMoment(read),
    stats: async () => ({
      ledger: flatStats(await host.stats()),
      broker: broker === undefined ? {} : flatStats(broker.stats()),
      issuer: flatStats(issuing.certificates()),
      redemption: gateway.figures(),
      nfc: nfc?.figures() ?? {},
      telemetry: telemetry?.figures() ?? {},
      serial: flatStats(serial.figures()),
      process: { rssBytes: process.memoryUsage.rss(), uptimeS: Math.floor(process.uptime()) },
    }),
  });
  const http = await startHttp({
    services,
    log,
    profile: config.profile,
    http: config.http,
    socketPath: data.layout.socket,
    adminTokenPath: data.layout.adminToken,
  });
  undo.push(() => http.close());
  const mqttPort = broker === undefined ? undefined : await listenBroker(broker, config.mqtt);
  listening = true;
  gateway.start();
  gateway.quarantine.start();
  if (config.links?.nfc.enabled === true) {
    const readers = nfcReaders;
    const { taps, local } = gateway;
    const parts = { clock, random, log, readers };
    nfc = openNfc(config.links.nfc, { taps: taps.nfc, redeem: local.redeem, ...parts });
  }
  serial.start();
  await announce(gateway.link, config, 'online');
  log.info({ mqttPort, httpPort: http.port, keysMade: data.created }, 'the gateway is ready');

  return {
    wrong: opened.wrong,
    ports: { mqtt: mqttPort, http: http.port },
    async close() {
      await announce(gateway.link, config, 'offline');
      await http.close();
      await nfc?.close();
      await broker?.close({ deadlineMs: config.stopTimeoutMs / 2 });
      await withinMs(config.stopTimeoutMs / 2, gateway.idle());
      stopping.abort();
      await withinMs(config.stopTimeoutMs / 2, serial.stopped());
      await bus.close();
      await journal.close();
      await telemetry?.close();
      issuing.close();
      await host.close();
      log.info('the gateway has stopped');
    },
  };
}

const announce = (link: MqttLink, config: GatewayConfig, state: 'online' | 'offline'): Promise<unknown> =>
  link.announce(config.gatewayId, { state, version: VERSION }).catch(() => undefined);

/** Figures of one level, as `/api/v1/stats` shows them. */
const flatStats = (stats: object): Record<string, number | string> =>
  Object.fromEntries(
    Object.entries(stats).flatMap(([name, value]) => {
      if (typeof value === 'object' && value !== null) {
        return Object.entries(value).map(([inner, figure]) => [`${name}.${inner}`, figure as number]);
      }
      return [[name, value as number | string]];
    }),
  );

async function withinMs(deadlineMs: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, new Promise<void>((resolve) => systemClock.after(deadlineMs, resolve))]);
}
