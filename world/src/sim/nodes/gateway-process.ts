import { type BrokerLimits, createBroker } from '@tapwatt/broker';
import { isSignedBy, type JwsSigner } from '@tapwatt/firmware-contracts';
import {
  type AssembledGateway,
  assembleGateway,
  type Committed,
  createAdministration,
  createCredentials,
  createLiveBoard,
  createLocalIssuer,
  createLogger,
  type Ledger,
  type MessageBus,
  observeRedemptions,
} from '@tapwatt/gateway';
import type { Books } from '../checks/books.ts';
import { ShownVouchers } from '../checks/shown-vouchers.ts';
import type { Chance } from '../kernel/chance.ts';
import { turn } from '../kernel/globals.ts';
import type { World } from '../world.ts';
import type { Incarnation } from './incarnation.ts';
import type { JournalDisk } from './journal-disk.ts';
import { both, observerOf } from './observers.ts';
import { busOf, issuerOf, journalOf, ledgerOf } from './ported.ts';
import { LEDGER_ID, POLICIES, SITE, SWEEP } from './settings.ts';

const BROKER_LIMITS: Partial<BrokerLimits> = { maxConnections: 64, maxConnecting: 32 };
const MAX_LIVE_METERS = 64;

/** What a gateway keeps beside its ledger, and outlives its process. */
export interface GatewayKeep {
  readonly master: Uint8Array;
  readonly mqttKey: Uint8Array;
  readonly signer: JwsSigner;
  readonly journal: JournalDisk;
}

export interface GatewayProcessParts {
  readonly world: World;
  readonly life: Incarnation;
  readonly keep: GatewayKeep;
  /** As this gateway's party. */
  readonly ledger: Ledger;
  /** What is durable of that ledger now. */
  readonly books: () => Books;
  readonly bus: MessageBus;
  readonly chance: Chance;
  readonly skewMs: () => number;
  /** Commits an order as the party that signed it. */
  readonly submitOrder: (jws: string) => Promise<Committed<unknown>>;
}

/** Production's log of one life of a process, at its most talkative. */
export const logOf = (life: Incarnation) =>
  createLogger({
    level: 'debug',
    destination: { write: (line) => life.isAlive && life.world.written('log', line) },
  });

/** One gateway at work, and its counter for signed orders. */
export interface RunningGatewayLogic {
  readonly gateway: AssembledGateway;
  readonly administer: (jws: string) => Promise<unknown>;
}

/** The gateway's own logic in one life of its process: production's assembly over this world's ports. */
export const runGateway = (parts: GatewayProcessParts): RunningGatewayLogic => {
  const { world, life, keep, bus, chance } = parts;
  const clock = life.clock(parts.skewMs);
  const shown = new ShownVouchers(life, parts.books);
  const ledger = ledgerOf(life, parts.ledger, shown);
  const issuer = issuerOf(life, createLocalIssuer(keep.master, ledger), { shown, books: parts.books });
  const log = logOf(life);
  const board = createLiveBoard({
    clock,
    readiness: () => ({ state: 'ready', reasons: [] }),
    ledgerHead: () => ({ blockNumber: 0 }),
    maxMeters: MAX_LIVE_METERS,
  });
  board.subscribe((change) => life.isAlive && world.written('live page', JSON.stringify(change)));
  const onError = (error: unknown, doing: string): void => {
    if (!life.isAlive) return;
    world.trace.note(life.name, `could not ${doing}: ${codeOf(error)}`);
    log.warn({ err: error }, `could not ${doing}`);
  };
  const gateway = assembleGateway({
    config: { site: SITE, ledgerId: LEDGER_ID, policies: POLICIES, sweep: SWEEP },
    bus: busOf(life, bus, SITE),
    journal: journalOf(life, keep.journal, { clock, onError }),
    board,
    observer: both(observerOf(world, life), observeRedemptions(board, log, clock)),
    random: { bytes: (length) => chance.bytes(length) },
    signal: new AbortController().signal,
    verifySignature: async (request, key) => isSignedBy(request, key),
    signer: keep.signer,
    ...{ ledger, issuer, clock, onError },
  });
  void gateway.quarantine.refresh();
  gateway.start();
  gateway.quarantine.start();
  const order = createAdministration({
    ...{ ledger, issuer, clock, onMeterChanged: gateway.presenter.enqueue },
    async submitOrder(jws) {
      const committed = await life.through('commit of an order', () => parts.submitOrder(jws));
      void gateway.quarantine.refresh();
      return committed;
    },
  });
  const administer = async (jws: string): Promise<unknown> =>
    (await life.through('order', () => order(jws, new AbortController().signal))).result;
  return { gateway, administer };
};

/** The devices' broker with the gateway's own credentials. */
export const runBroker = (life: Incarnation, keep: GatewayKeep, ledger: Pick<Ledger, 'evaluate'>) => {
  const credentials = createCredentials(keep.mqttKey, ledger);
  const { nowMs, after } = life.clock(() => 0);
  return createBroker({
    site: SITE,
    time: { now: nowMs, after, turn },
    authenticate: (identity, secret) =>
      life.through('login', () => credentials.authenticate(identity, secret)),
    limits: BROKER_LIMITS,
  });
};

export const codeOf = (error: unknown): string =>
  error instanceof Error ? ((error as { code?: string }).code ?? error.message) : String(error);
