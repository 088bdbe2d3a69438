import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { meterId } from '@tapwatt/firmware-contracts';
import { type Fleet, provisionFleet } from '@tapwatt/gateway';
import { MeterMemory, newBoard, openMeterFile } from '@tapwatt/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from '../src/gateway-process.ts';
import { judge, registersOf } from './judge.ts';
import { registersInFiles } from './processes/registers-in-files.ts';
import { createTown } from './processes/town-of-processes.ts';
import { untilQuiet } from './processes/until-quiet.ts';
import { type RawHandset, rawHandset } from './raw-handset.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';
import { type TownMeter, townMeter } from './town-meter.ts';
import { startUnrest, type Unrest } from './unrest.ts';
import { until } from './until.ts';

const DISK_MB = 32;
const SEED = Number(process.env.DISK_SEED ?? Math.floor(Math.random() * 2 ** 31));
const LONG_MS = 90_000;
const UNREST_METERS = 6;
const OWN_METERS = 4;

let disk: SmallDisk;
let gateway: GatewayProcess | undefined;
let unrest: Unrest | undefined;
let closing: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  elsewhere = await mkdtemp(join(tmpdir(), 'tw-log-'));
  disk = mountSmallDisk(DISK_MB);
});
afterEach(async () => {
  await unrest?.close();
  await Promise.all(closing.map((one) => one.close()));
  await gateway?.kill();
  [unrest, gateway, closing] = [undefined, undefined, []];
  await disk.remove();
  await rm(elsewhere, { recursive: true });
});

const dataDirectory = () => join(disk.directory, 'data');

const anyPorts = { mqttPort: 0, httpPort: 0 };
/** Where the log has room whatever happens. */
let elsewhere: string;

const start = (ports = anyPorts, logFile = join(elsewhere, 'gateway.log')): Promise<GatewayProcess> =>
  startGatewayProcess({
    dataDirectory: dataDirectory(),
    ...ports,
    logFile,
    environment: { TAPWATT_LOG_LEVEL: 'info', TAPWATT_SWEEP_INTERVAL_MS: '2000' },
  });

const provisioned = (mqttPort: number): Promise<Fleet> =>
  provisionFleet({
    dataDirectory: dataDirectory(),
    broker: { host: '127.0.0.1', port: mqttPort },
    meters: UNREST_METERS + OWN_METERS,
    handsets: 3,
    fleetFile: join(disk.directory, 'fleet.json'),
  });

interface Readiness {
  readonly state: string;
  readonly reasons: readonly { readonly part: string; readonly code: string; readonly message: string }[];
}

const readiness = async (of: GatewayProcess): Promise<Readiness> =>
  (await (await fetch(`http://127.0.0.1:${of.httpPort}/health/ready`)).json()) as Readiness;

/** Resolves with what is wrong with the ledger; readings, which lie on the same disk, may say so before or after. */
const isDegraded = (of: GatewayProcess) =>
  until(
    'the gateway to notice',
    async () => {
      const reasons = (await readiness(of)).reasons.filter(({ part }) => part === 'ledger');
      return reasons.length > 0 ? { reasons } : undefined;
    },
    LONG_MS,
  );

const isReady = (of: GatewayProcess) =>
  until(
    'the gateway to be ready',
    async () => ((await readiness(of)).state === 'ready' ? true : undefined),
    LONG_MS,
  );

const held = async (of: GatewayProcess): Promise<string> => {
  const answer = await fetch(`http://127.0.0.1:${of.httpPort}/api/v1/wallets/wallet-1`);
  return ((await answer.json()) as { held?: string }).held ?? 'unknown';
};

/** Sends the same bytes until the answer is final for them. */
async function insist(
  handset: RawHandset,
  sent: { requestId: string; jws: string },
  status: 'settled' | 'on-meter',
) {
  const endMs = Date.now() + LONG_MS;
  for (;;) {
    const found = handset.resultsOf(sent).find((result) => result.status === status);
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`Heard only ${JSON.stringify(handset.resultsOf(sent))}`);
    if (handset.isUp) handset.send(sent.jws);
    await pause(250);
  }
}

async function quiet(of: GatewayProcess, under: Unrest): Promise<void> {
  under.calm();
  await until(
    'every request to be final and nothing to be held',
    async () => (under.outstanding() === 0 && (await held(of)) === '0' ? true : undefined),
    LONG_MS,
  );
}

async function stopAtOnce(started: GatewayProcess): Promise<string> {
  await started.kill();
  return 'started';
}

describe(`a gateway whose disk fills up under load (DISK_SEED=${SEED})`, () => {
  it('is degraded and not dead, redeems what is sealed, and settles everything once there is room', async () => {
    // Its log lies on the same disk, as with `npm start`.
    const running = await start(anyPorts, join(disk.directory, 'gateway.log'));
    gateway = running;
    const fleet = await provisioned(running.mqttPort);
    const [entry] = fleet.handsets.slice(-1);
    if (entry === undefined) throw new Error('The fleet has no handset.');
    const handset = rawHandset(fleet, entry);
    closing.push(handset);
    await handset.up();
    const own: TownMeter[] = fleet.meters
      .slice(UNREST_METERS)
      .map((meter) => townMeter(fleet, meter, newBoard(meter)));
    closing.push(...own);
    const sealed = [];
    for (const meter of own) sealed.push(await handset.buy(meter.meterId, '1000'));
    const busy = startUnrest(
      { ...fleet, meters: fleet.meters.slice(0, UNREST_METERS), handsets: fleet.handsets.slice(0, 2) },
      SEED,
    );
    unrest = busy;
    await busy.fleet.allUp(30_000);

    disk.fill(64 * 1_024);
    const degraded = await isDegraded(running);
    expect(degraded.reasons).toMatchObject([{ code: 'DISK_FULL', message: expect.stringContaining('full') }]);
    expect((await fetch(`http://127.0.0.1:${running.httpPort}/health/live`)).status).toBe(200);

    const wish = {
      op: 'issue',
      walletId: 'wallet-1',
      meterId: own[0]?.meterId ?? '',
      amount: '500',
      deliver: false,
    } as const;
    const refused = await handset.hears(handset.ask(wish), 'refused');
    expect(refused).toMatchObject({ code: 'DISK_FULL' });
    const redeems = [];
    for (const [index, meter] of own.entries()) {
      await meter.start();
      const sent = handset.ask({ op: 'redeem', voucher: sealed[index]?.voucher ?? '' });
      await handset.hears(sent, 'on-meter');
      expect(meter.credited).toBe(1_000n);
      redeems.push(sent);
    }
    expect(await readiness(running)).toMatchObject({ state: 'degraded' });

    await disk.makeRoom();
    await isReady(running);
    for (const sent of redeems) await insist(handset, sent, 'settled');
    await quiet(running, busy);
    expect(await Promise.race([running.ended, 'alive'])).toBe('alive');
    await running.stop();
    gateway = await start(running);
    await until('the handset to be back', () => handset.isUp || undefined);
    for (const { requestId } of redeems) {
      const reused = handset.sign({ op: 'query', of: requestId }, { requestId });
      handset.send(reused.jws);
      expect(await handset.hears(reused, 'refused')).toMatchObject({ code: 'REQUEST_REUSED' });
    }
    await gateway.stop();
    const meters = [...busy.fleet.meters, ...own.map(({ device }) => device)];
    expect(await judge(dataDirectory(), { registers: registersOf(meters), history: busy.history })).toEqual(
      [],
    );
  });

  it('goes on however often that happens', async () => {
    const running = await start(anyPorts, join(disk.directory, 'gateway.log'));
    gateway = running;
    const fleet = await provisioned(running.mqttPort);
    const busy = startUnrest({ ...fleet, meters: fleet.meters.slice(0, UNREST_METERS) }, SEED + 2);
    unrest = busy;
    await busy.fleet.allUp(30_000);
    for (const leftKb of [0, 8, 200, 0, 1_000, 40]) {
      disk.fill(leftKb * 1_024);
      await isDegraded(running);
      await disk.makeRoom();
      await isReady(running);
    }
    await quiet(running, busy);
    await running.stop();
    const { meters } = busy.fleet;
    expect(await judge(dataDirectory(), { registers: registersOf(meters), history: busy.history })).toEqual(
      [],
    );
    expect(busy.history.requests.length).toBeGreaterThan(100);
  });

  it('killed while it is full, it says DISK_FULL until there is room, and then settles everything', async () => {
    let running = await start();
    gateway = running;
    const { mqttPort, httpPort } = running;
    const fleet = await provisioned(mqttPort);
    const busy = startUnrest({ ...fleet, meters: fleet.meters.slice(0, UNREST_METERS) }, SEED + 1);
    unrest = busy;
    await busy.fleet.allUp(30_000);
    disk.fill(128 * 1_024);
    await isDegraded(running);
    await running.kill();
    disk.fill();
    await expect(start({ mqttPort, httpPort })).rejects.toThrow(/full|room/i);
    await disk.makeRoom();
    running = await start({ mqttPort, httpPort });
    gateway = running;
    await quiet(running, busy);
    await running.stop();
    const { meters } = busy.fleet;
    expect(await judge(dataDirectory(), { registers: registersOf(meters), history: busy.history })).toEqual(
      [],
    );
  });

  it('loses nothing where meters and handsets keep what they keep on it as well, and are killed on it', async () => {
    const { directory } = disk;
    const town = await createTown({
      directory,
      broker: 'own',
      meters: UNREST_METERS,
      handsets: 3,
      seed: SEED,
    });
    closing.push({ close: () => town.kill(town.roles) });
    town.launch(town.roles);
    await town.up();
    const is = (state: string) =>
      until(
        `the gateway to be ${state}`,
        async () => (await town.ready()).state === state || undefined,
        LONG_MS,
      );
    for (const leftKb of [0, 60, 8]) {
      const before = town.hearsay.answers;
      await until('answers', () => town.hearsay.answers > before + 20 || undefined, LONG_MS);
      disk.fill(leftKb * 1_024);
      await is('degraded');
      await town.kill(['simulator']);
      disk.fill();
      town.launch(['simulator']);
      await town.up();
      await disk.makeRoom();
      await is('ready');
    }
    town.calm();
    await untilQuiet(town);
    await town.kill(town.roles);
    const registers = registersInFiles(town.fleet, town.state);
    expect(await judge(town.dataDirectory, { registers, history: town.hearsay.history })).toEqual([]);
  });

  it('has no room for the memory of a new meter, which is built once there is', async () => {
    const board = { meterId: meterId('1'), root: new Uint8Array(32), keyEpoch: 1, balanceLimit: 1_000n };
    const path = join(disk.directory, '1.nvm');
    disk.fill();
    expect(() => openMeterFile(path, board)).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    await disk.makeRoom();
    const memory = openMeterFile(path, board);
    closing.push({ close: async () => memory.close() });
    expect(new MeterMemory(memory).recover().stored?.record.cumulativeCredited).toBe(0n);
  });

  it('full at the first start, it leaves nothing that would hinder the next one', async () => {
    const outcomes: string[] = [];
    for (const roomKb of [0, 4, 8, 12, 20, 32]) {
      disk.fill(roomKb * 1_024);
      outcomes.push(await start().then(stopAtOnce, ({ message }: Error) => message));
      await disk.makeRoom();
    }
    expect(outcomes[0]).toMatch(/full|room/i);
    expect(outcomes.filter((words) => words !== 'started' && !/full|room/i.test(words))).toEqual([]);
    gateway = await start();
    await isReady(gateway);
    expect((await provisioned(gateway.mqttPort)).meters).toHaveLength(UNREST_METERS + OWN_METERS);
  });
});
