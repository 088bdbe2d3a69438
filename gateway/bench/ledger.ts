import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { IssueItem } from '@tapwatt/chaincode';
import { type EmbeddedLedger, openEmbeddedLedger } from '../src/ledger/embedded/index.ts';
import type { Ledger } from '../src/ledger/ledger.ts';
import { isRedeemed, VoucherLoad } from './voucher-load.ts';

/**
 * Issues and settles vouchers on the embedded ledger through the real rules, with real signatures and receipts:
 * `node gateway/bench/ledger.ts --vouchers 100000 [--batch 200] [--in-flight 8] [--verify] [--directory DIR] [--json]`.
 * Making the load is not timed; the ledger's memory includes the load's.
 */
const { values: options } = parseArgs({
  options: {
    vouchers: { type: 'string', default: '10000' },
    batch: { type: 'string', default: '200' },
    'in-flight': { type: 'string', default: '8' },
    directory: { type: 'string' },
    verify: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const MS_PER_SECOND = 1000;
const MIB = 1024 * 1024;
const CHUNK = 2000;
const REPORT_EVERY_MS = 2000;

const vouchers = Number(options.vouchers);
const batch = Number(options.batch);
const inFlight = Number(options['in-flight']);

interface Phase {
  items: number;
  ms: number;
  readonly latenciesMs: number[];
}

const newPhase = (): Phase => ({ items: 0, ms: 0, latenciesMs: [] });
const [issuing, settling] = [newPhase(), newPhase()];
let peakRss = 0;

const batchesOf = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / batch) }, (_, i) => items.slice(i * batch, (i + 1) * batch));

/** Submits batches with so many in flight, and times it. */
const timed = async <T>(
  phase: Phase,
  items: readonly T[],
  submit: (batch: T[]) => Promise<void>,
): Promise<void> => {
  const waiting = batchesOf(items);
  const begun = performance.now();
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const submitted = performance.now();
      await submit(next);
      phase.latenciesMs.push(performance.now() - submitted);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  phase.ms += performance.now() - begun;
  phase.items += items.length;
  peakRss = Math.max(peakRss, process.memoryUsage().rss);
};

const issue = async (gateway: Ledger, items: IssueItem[]): Promise<void> => {
  const { result } = await gateway.submit('IssueVouchers', { items });
  const refused = result.items.find(({ ok }) => !ok);
  if (refused !== undefined) throw new Error(`Not issued: ${JSON.stringify(refused)}`);
};

const settle = async (gateway: Ledger, items: { receipt: string }[]): Promise<void> => {
  const { result } = await gateway.submit('SettleReceipts', { items });
  const refused = result.items.find((item) => !isRedeemed(item));
  if (refused !== undefined) throw new Error(`Not redeemed: ${JSON.stringify(refused)}`);
};

const run = async (ledger: EmbeddedLedger, load: VoucherLoad): Promise<void> => {
  await load.prepare(ledger, Math.min(CHUNK, vouchers));
  const gateway = ledger.as({ partyId: 'gateway', role: 'gateway' });
  let reported = performance.now();
  for (let done = 0; done < vouchers; ) {
    const items = load.proposals(Math.min(CHUNK, vouchers - done));
    await timed(issuing, items, (some) => issue(gateway, some));
    await timed(settling, load.receipts(items), (some) => settle(gateway, some));
    done += items.length;
    if (performance.now() - reported > REPORT_EVERY_MS) {
      reported = performance.now();
      process.stderr.write(`${done} of ${vouchers} vouchers, ${Math.round(peakRss / MIB)} MiB\n`);
    }
  }
};

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

const round = (value: number): number => Math.round(value * 100) / 100;

const report = ({ items, ms, latenciesMs }: Phase) => {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  return {
    perSecond: round((items * MS_PER_SECOND) / ms),
    commitMedianMs: round(quantile(sorted, 0.5)),
    commitP99Ms: round(quantile(sorted, 0.99)),
  };
};

const timedMs = async (work: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await work();
  return round(performance.now() - begun);
};

/** What one small synced write costs here, alone. */
const syncCost = async (ledger: EmbeddedLedger): Promise<number> => {
  const discom = ledger.as({ partyId: 'discom', role: 'discom' });
  const each: number[] = [];
  for (let count = 0; count < 100; count++) {
    const before = performance.now();
    await discom.submit('RegisterMeter', { meterId: String(10_000_000 + count) });
    each.push(performance.now() - before);
  }
  return round(
    quantile(
      each.toSorted((a, b) => a - b),
      0.5,
    ),
  );
};

const load = new VoucherLoad();
const parent = options.directory ?? (await mkdtemp(join(tmpdir(), 'tapwatt-bench-')));
const directory = join(parent, 'ledger');
const signingKey = generateKeyPairSync('ed25519').privateKey;
const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
const opening = { directory, signingKey, clock: { now: () => Date.now() }, random };
const ledger = await openEmbeddedLedger({ ...opening, genesis: load.genesis() });
await run(ledger, load);
const stats = await ledger.stats();
const smallCommitMs = await syncCost(ledger);
await ledger.close();
let reopened: EmbeddedLedger | undefined;
const openMs = await timedMs(async () => {
  reopened = await openEmbeddedLedger(opening);
});
let verified: boolean | undefined;
const verifyMs = options.verify
  ? await timedMs(async () => {
      verified = (await reopened?.verify())?.ok;
    })
  : undefined;
await reopened?.close();
const result = {
  vouchers,
  batch,
  inFlight,
  issue: report(issuing),
  settle: report(settling),
  bothPerSecond: round((vouchers * MS_PER_SECOND) / (issuing.ms + settling.ms)),
  peakRssMiB: Math.round(Math.max(peakRss, process.resourceUsage().maxRSS * 1024) / MIB),
  bytesPerVoucher: Math.round(stats.storedBytes / vouchers),
  storedMiB: Math.round(stats.storedBytes / MIB),
  blocks: stats.blocks,
  sync: {
    medianMs: round(stats.sync.medianMs),
    p99Ms: round(stats.sync.p99Ms),
    maxMs: round(stats.sync.maxMs),
  },
  smallCommitMs,
  openMs,
  ...(verifyMs === undefined ? {} : { verifyMs, verified }),
};
process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, null, 2)}\n`);
if (options.directory === undefined) await rm(parent, { recursive: true, force: true });
