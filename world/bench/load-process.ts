import { createPrivateKey, randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import {
  bytesToHex,
  encodeVoucher,
  epochKeys,
  hexToBytes,
  meterId,
  type RequestResult,
  sha256,
  signRequest,
  topics,
  VOUCHER_KIND,
  voucherIdOf,
} from '@tapwatt/firmware-contracts';
import {
  type Fleet,
  type Link,
  memoryRequestStore,
  mqttLinks,
  newBoard,
  type RunningFleet,
  seededRandom,
  startFleet,
  systemTime,
  tcpConnector,
} from '@tapwatt/simulator';
import { figuresOf, spanOf, type Timed } from './load-figures.ts';
import { type LoadAnswer, type LoadCommand, type RedeemFigures, round } from './load-protocol.ts';

/** The benchmark's load: meters and handsets in a process of their own, driven over IPC. */

/** Thousands of meters that come at once ask the ledger for each of them. */
const CONNECT_TIMEOUT_MS = 300_000;
/** After the last request: how long answers may take before they count as lost. */
const DRAIN_MS = 15_000;
const BUY_IN_FLIGHT = 256;
/** Devices that come back soon, so that what is measured is the gateway. */
const BACKOFF = { firstMs: 100, maxMs: 1_000 };
/** The offered load is spread over ticks of this length. */
const TICK_MS = 2;

interface Handset {
  readonly id: string;
  readonly walletId: string;
  readonly key: ReturnType<typeof createPrivateKey>;
  readonly link: Link;
  readonly topic: string;
}

interface Held {
  readonly voucher: string;
  readonly meterId: string;
}

type Listener = (result: RequestResult) => void;

const time = systemTime;
const random = seededRandom(1);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const held: Held[] = [];
const listeners = new Map<string, Listener>();
const nextSeq = new Map<string, number>();
let fleet: Fleet;
let running: RunningFleet;
let handsets: Handset[];
let meterIds: readonly string[];
let lastRun: readonly Redemption[] = [];

async function connect(command: Extract<LoadCommand, { do: 'connect' }>): Promise<void> {
  fleet = command.fleet;
  const links = mqttLinks({
    connector: tcpConnector(fleet.broker),
    time,
    random,
    maxInFlight: 65_536,
    backoff: BACKOFF,
  });
  meterIds = fleet.meters.slice(0, command.meters).map((meter) => meter.meterId);
  running = startFleet({
    fleet,
    meters: command.meters,
    handsets: 0,
    ...{ links, time, random, chargeEveryMs: 0, readEveryMs: 0 },
    newRequestId,
    memoryOf: newBoard,
    storeOf: memoryRequestStore,
  });
  await running.allUp(CONNECT_TIMEOUT_MS);
  handsets = await Promise.all(fleet.handsets.map((handset) => connectHandset(links, handset)));
}

function connectHandset(
  links: ReturnType<typeof mqttLinks>,
  handset: Fleet['handsets'][number],
): Promise<Handset> {
  const own = topics(fleet.site).handset(handset.id);
  return new Promise((resolve) => {
    const { identity, password, id, walletId } = handset;
    const link = links(
      { identity, password, filters: [own.result] },
      {
        up: () =>
          resolve({ id, walletId, key: createPrivateKey(handset.privateKey), link, topic: own.request }),
        down: () => undefined,
        message: (_topic, payload) => {
          const result = JSON.parse(decoder.decode(payload)) as RequestResult;
          listeners.get(result.requestId)?.(result);
        },
      },
    );
    link.connect();
  });
}

const newRequestId = (): string => randomBytes(12).toString('hex');

const handsetFor = (index: number): Handset => {
  const handset = handsets[index % handsets.length];
  if (handset === undefined) throw new Error('The fleet has no handset.');
  return handset;
};

const meterFor = (index: number): string => {
  const id = meterIds[index % meterIds.length];
  if (id === undefined) throw new Error('The fleet has no meter.');
  return id;
};

function sign(handset: Handset, wish: object): { requestId: string; bytes: Uint8Array } {
  const requestId = newRequestId();
  const payload = { aud: fleet.ledgerId, requestId, at: Math.floor(Date.now() / 1000), ...wish };
  return {
    requestId,
    bytes: encoder.encode(signRequest(payload, { kid: handset.id, privateKey: handset.key })),
  };
}

/** Runs `each` for 0 … count - 1, so many at a time. */
async function pool(count: number, atOnce: number, each: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await each(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}

function buyOne(index: number, amount: string): Promise<void> {
  const handset = handsetFor(index);
  const id = meterFor(index);
  const wish = { op: 'issue', walletId: handset.walletId, meterId: id, amount, deliver: false };
  const { requestId, bytes } = sign(handset, wish);
  return new Promise((resolve, reject) => {
    listeners.set(requestId, (result) => {
      listeners.delete(requestId);
      if (result.voucher === undefined)
        return reject(new Error(`${result.status} ${result.code} ${result.message}`));
      held.push({ voucher: result.voucher, meterId: id });
      resolve();
    });
    if (!handset.link.publish(handset.topic, bytes)) reject(new Error('The handset could not publish.'));
  });
}

/** The same bytes that an issuer would make, with the factory's root keys. */
function seal(count: number, amount: string): void {
  for (let index = 0; index < count; index += 1) {
    const meter = fleet.meters[index % meterIds.length];
    if (meter === undefined) throw new Error('The fleet has no meter.');
    const seq = nextSeq.get(meter.meterId) ?? 1;
    nextSeq.set(meter.meterId, seq + 1);
    const keys = epochKeys(hexToBytes(meter.rootKey), meter.keyEpoch);
    const about = { meterId: meterId(meter.meterId), keyEpoch: meter.keyEpoch, seq };
    const voucherId = voucherIdOf({ ...about, payloadHash: sha256(randomBytes(8)) });
    const fields = {
      ...{ ...about, kind: VOUCHER_KIND.CREDIT, amount: BigInt(amount), voucherId },
      ...{ issuedAt: 1_800_000_000, expiresAt: 0, floorSeq: 1 },
    };
    held.push({ voucher: bytesToHex(encodeVoucher(fields, keys)), meterId: meter.meterId });
  }
}

interface Redemption extends Timed {
  readonly handset: Handset;
  readonly requestId: string;
  readonly bytes: Uint8Array;
}

/** Signed before the clock starts: the agent's phone does that, not the gateway. */
function prepare(count: number): Redemption[] {
  return held.splice(0, count).map(({ voucher }, index) => {
    const handset = handsetFor(index);
    return { handset, ...sign(handset, { op: 'redeem', voucher }), sentMs: 0, onMeterMs: 0, settledMs: 0 };
  });
}

function redeemOne(redemption: Redemption, onSettled: () => void): void {
  const { handset, requestId, bytes } = redemption;
  listeners.set(requestId, ({ status, code }) => {
    const nowMs = performance.now();
    if (status === 'on-meter' && redemption.onMeterMs === 0) redemption.onMeterMs = nowMs;
    if (status === 'refused') process.stderr.write(`refused: ${code}\n`);
    if (status !== 'settled' && status !== 'refused') return;
    if (status === 'settled') redemption.settledMs = nowMs;
    listeners.delete(requestId);
    onSettled();
  });
  redemption.sentMs = performance.now();
  handset.link.publish(handset.topic, bytes);
}

async function redeem(command: Extract<LoadCommand, { do: 'redeem' }>): Promise<RedeemFigures> {
  const all = prepare(command.vouchers);
  lastRun = all;
  const cpu = process.cpuUsage();
  let ended = 0;
  const done = new Promise<void>((resolve) => {
    const onSettled = () => {
      ended += 1;
      if (command.inFlight !== undefined) sendNext();
      if (ended === all.length) resolve();
    };
    let next = 0;
    const sendNext = () => {
      const redemption = all[next];
      next += 1;
      if (redemption !== undefined) redeemOne(redemption, onSettled);
    };
    if (command.perSecond === undefined) for (let n = 0; n < (command.inFlight ?? 1); n += 1) sendNext();
    else offer(all.length, command.perSecond, sendNext);
  });
  const offeredMs = command.perSecond === undefined ? 0 : (all.length / command.perSecond) * 1000;
  const deadlineMs =
    offeredMs + (command.drainMs ?? DRAIN_MS) + (command.perSecond === undefined ? 120_000 : 0);
  await Promise.race([done, new Promise((resolve) => setTimeout(resolve, deadlineMs).unref())]);
  return figuresOf(all, process.cpuUsage(cpu));
}

/** Sends at a steady rate, whatever comes back: a slow answer does not slow the offer. */
function offer(count: number, perSecond: number, send: () => void): void {
  const startMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.min(count, Math.floor(((performance.now() - startMs) / 1000) * perSecond));
    while (sent < due) {
      sent += 1;
      send();
    }
    if (sent === count) clearInterval(timer);
  }, TICK_MS);
}

function credited(): LoadAnswer {
  const sum = running.meters.reduce(
    (total, meter) => total + (meter.state?.meter.record?.cumulativeCredited ?? 0n),
    0n,
  );
  return { did: 'credited', credited: String(sum), meters: running.meters.length };
}

async function carryOut(command: LoadCommand): Promise<LoadAnswer> {
  const startMs = performance.now();
  const ms = () => round(performance.now() - startMs);
  switch (command.do) {
    case 'connect':
      await connect(command);
      return { did: 'connect', ms: ms() };
    case 'buy': {
      const before = held.length;
      await pool(command.vouchers, BUY_IN_FLIGHT, (index) => buyOne(index, command.amount));
      return { did: 'buy', ms: ms(), issued: held.length - before };
    }
    case 'seal':
      seal(command.vouchers, command.amount);
      return { did: 'seal', ms: ms() };
    case 'redeem':
      return { did: 'redeem', figures: await redeem(command) };
    case 'span':
      return { did: 'span', figures: spanOf(lastRun, command) };
    case 'credited':
      return credited();
    case 'stop':
      await Promise.all([running?.close(), ...(handsets ?? []).map(({ link }) => link.close())]);
      return { did: 'stop', ms: ms() };
    default:
      return command satisfies never;
  }
}

process.on('message', (command: LoadCommand) => {
  carryOut(command)
    .catch((error: unknown): LoadAnswer => ({ did: 'failed', message: String(error) }))
    .then((answer) => {
      process.send?.(answer, () => {
        if (answer.did === 'stop') process.exit(0);
      });
    });
});
process.on('disconnect', () => process.exit(1));
