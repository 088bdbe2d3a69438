import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { createBroker, systemTime } from '@tapwatt/broker';
import type { MeterDetail } from '@tapwatt/chaincode';
import { bytesToHex, identityOf, meterId, meterRootKey, rawPublicKey } from '@tapwatt/firmware-contracts';
import {
  type AssembledGateway,
  assembleGateway,
  type Clock,
  createCredentials,
  createInProcessBus,
  createLiveBoard,
  createLocalIssuer,
  type EmbeddedLedger,
  type Fleet,
  type Issuer,
  type Ledger,
  openEmbeddedLedger,
  type RedemptionObserver,
  SimulatedDisk,
} from '@tapwatt/gateway';
import { newBoard } from '@tapwatt/simulator';
import { type RawHandset, rawHandset } from './raw-handset.ts';
import { type TownMeter, townMeter } from './town-meter.ts';
import { until } from './until.ts';

const LEDGER_ID = 'two-sites';
const SITE = 'home';
const FUNDS = '1000000';
const HANDSET = 'till';

/** Fixed, so that an issuer's process can be given it before the sites are open. */
export const MASTER = new Uint8Array(32).fill(9);

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
export const systemEdges = { clock, random };
const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

export interface SitesOptions {
  readonly meters: number;
  readonly sweepMs: number;
  /** Without it, the master key is in the gateways' own process. */
  readonly issuerOf?: (gatewayId: string, ledger: Ledger) => Promise<Issuer>;
  /** The ledger as a site reaches it. */
  readonly ledgerOf?: (gatewayId: string, ledger: Ledger) => Ledger;
  /** Whether a meter is on a serial line of this site, which asks it soon. */
  readonly wakeOnLine?: (gatewayId: string, meterId: string) => boolean;
}

/** A gateway with a broker of its own, and the devices that are at home there. */
export interface Place {
  readonly gateway: AssembledGateway;
  readonly fleet: Fleet;
  meter(index: number): Promise<TownMeter>;
  handset(): Promise<RawHandset>;
}

/** Two gateways on one ledger, which know of each other only by it. */
export interface Sites {
  readonly ledger: EmbeddedLedger;
  /** The ledger as the utility sees it. */
  readonly books: Ledger;
  /** What the ledger keeps of a meter. */
  ledgerMeter(meterId: string): Promise<MeterDetail>;
  readonly a: Place;
  readonly b: Place;
  close(): Promise<void>;
}

const silent = new Proxy({}, { get: () => () => undefined }) as RedemptionObserver;

async function register(ledger: EmbeddedLedger, meters: number, handsetKey: KeyObject): Promise<void> {
  const discom = ledger.as({ partyId: 'discom', role: 'discom' });
  const agency = ledger.as({ partyId: 'agency', role: 'agency' });
  await agency.submit('RegisterAgent', { id: 'agent', agencyId: 'agency' });
  await agency.submit('OpenWallet', { walletId: 'wallet', agentId: 'agent' });
  await agency.submit('ProposeDeposit', { depositId: 'd1', walletId: 'wallet', amount: FUNDS });
  await ledger.as({ partyId: 'bank', role: 'bank' }).submit('ConfirmDeposit', { depositId: 'd1', utr: 'U1' });
  const publicKey = rawPublicKey(handsetKey);
  await agency.submit('RegisterHandset', { id: HANDSET, agentId: 'agent', publicKey });
  for (let n = 1; n <= meters; n += 1) await discom.submit('RegisterMeter', { meterId: String(n) });
}

export async function openSites(options: SitesOptions): Promise<Sites> {
  const [mqttKey, handsetKey] = [random.bytes(32), newKey()];
  const parties = (['discom', 'bank', 'agency'] as const).map((role) => ({
    ...{ id: role as string, role, publicKey: rawPublicKey(newKey()) },
  }));
  const gateways = ['gateway-a', 'gateway-b'].map((id) => ({
    ...{ id, role: 'gateway' as const, publicKey: rawPublicKey(newKey()) },
  }));
  const ledger = await openEmbeddedLedger({
    directory: 'nowhere',
    place: new SimulatedDisk(),
    signingKey: newKey(),
    clock: { now: () => Date.now() },
    random,
    genesis: { ledgerId: LEDGER_ID, parties: [...parties, ...gateways] },
  });
  await register(ledger, options.meters, handsetKey);
  const stopping = new AbortController();
  const undo: (() => Promise<unknown>)[] = [];

  async function place(gatewayId: string): Promise<Place> {
    const own = ledger.as({ partyId: gatewayId, role: 'gateway' });
    const reached = options.ledgerOf?.(gatewayId, own) ?? own;
    const credentials = createCredentials(mqttKey, reached);
    const broker = await createBroker({
      ...{ site: SITE, authenticate: credentials.authenticate, time: systemTime },
    });
    const { port } = await broker.listen({ host: '127.0.0.1', port: 0 });
    const gateway = assembleGateway({
      config: {
        ...{ site: SITE, ledgerId: LEDGER_ID, policies: { minAmountMinor: 1n, maxAmountMinor: 100_000n } },
        sweep: { intervalMs: options.sweepMs, pageSize: 100, maxInFlight: 100 },
      },
      ledger: reached,
      issuer: (await options.issuerOf?.(gatewayId, own)) ?? createLocalIssuer(MASTER, own),
      bus: createInProcessBus(broker.leg()),
      journal: {
        find: () => undefined,
        canTell: () => true,
        record: async () => undefined,
        close: async () => undefined,
      },
      board: createLiveBoard({
        ...{ clock, readiness: () => ({ state: 'ready', reasons: [] }), maxMeters: 10 },
        ledgerHead: () => ({ blockNumber: 0 }),
      }),
      wakeOnLine: (id) => options.wakeOnLine?.(gatewayId, id) ?? false,
      ...{ observer: silent, clock, random, signal: stopping.signal, onError: () => undefined },
    });
    gateway.start();
    undo.push(() => broker.close({ deadlineMs: 0 }));
    return placeOf(gateway, fleetOf(port, credentials.passwordOf), undo);
  }

  const fleetOf = (port: number, passwordOf: (identity: string) => string): Fleet => {
    const of = (who: 'meter' | 'handset', id: string) => {
      const identity = identityOf({ who, id });
      return { identity, password: passwordOf(identity) };
    };
    const meters = Array.from({ length: options.meters }, (_, index) => {
      const id = String(index + 1);
      const rootKey = bytesToHex(meterRootKey(MASTER, meterId(id)));
      return { meterId: id, keyEpoch: 1, rootKey, balanceLimit: '1000000', ...of('meter', id) };
    });
    const privateKey = handsetKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const handset = { id: HANDSET, walletId: 'wallet', privateKey, ...of('handset', HANDSET) };
    const broker = { host: '127.0.0.1', port };
    return { site: SITE, ledgerId: LEDGER_ID, broker, meters, handsets: [handset] };
  };

  const [a, b] = [await place('gateway-a'), await place('gateway-b')];
  const books = ledger.as({ partyId: 'discom', role: 'discom' });
  return {
    ...{ ledger, books, a, b },
    async ledgerMeter(meterId) {
      const meter = await books.evaluate('GetMeter', { meterId });
      if (meter === null) throw new Error(`The ledger does not know meter ${meterId}.`);
      return meter;
    },
    async close() {
      stopping.abort();
      for (const step of undo.reverse()) await step();
      await ledger.close();
    },
  };
}

function placeOf(gateway: AssembledGateway, fleet: Fleet, undo: (() => Promise<unknown>)[]): Place {
  return {
    ...{ gateway, fleet },
    async meter(index) {
      const entry = fleet.meters[index];
      if (entry === undefined) throw new Error('No such meter.');
      const meter = townMeter(fleet, entry, newBoard(entry));
      undo.push(() => meter.close());
      await meter.start();
      await until(`the gateway to have looked after meter ${entry.meterId}`, () => {
        const isHeard = gateway.redemptions.isReachable(entry.meterId);
        return (isHeard && gateway.figures().metersQueued === 0) || undefined;
      });
      return meter;
    },
    async handset() {
      const [entry] = fleet.handsets;
      if (entry === undefined) throw new Error('No handset.');
      const handset = rawHandset(fleet, entry);
      undo.push(() => handset.close());
      await handset.up();
      return handset;
    },
  };
}
