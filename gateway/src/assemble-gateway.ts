import type { JwsSigner } from '@tapwatt/firmware-contracts';
import { identityOf } from '@tapwatt/firmware-contracts';
import type { GatewayConfig } from './config/gateway-config.ts';
import type { Clock, Random } from './edges/edges.ts';
import { createInbox } from './inbox.ts';
import type { Issuer } from './issuer/issuer.ts';
import { type Batches, EMBEDDED_BATCHES } from './ledger/batches.ts';
import { LedgerUnavailable } from './ledger/errors.ts';
import type { Ledger } from './ledger/ledger.ts';
import { joinLinks } from './links/join-links.ts';
import type { MessageBus } from './links/mqtt/bus/message-bus.ts';
import { createMqttLink, listen, type MqttLink } from './links/mqtt/link.ts';
import { createMailboxes } from './links/tap/mailboxes.ts';
import { createTaps, type Taps } from './links/tap/taps.ts';
import { createMeterPresence } from './meter-presence.ts';
import { createMeterVoice } from './meter-voice.ts';
import { createClockKeeper } from './metering/clock-keeper.ts';
import type { LiveBoard } from './observability/live-board.ts';
import { createQuarantine, type Quarantine } from './quarantine/quarantine.ts';
import { createCatchUp } from './redemption/catch-up.ts';
import { createLedgerFollower } from './redemption/ledger-follower.ts';
import { createMeterWatch } from './redemption/meter-watch.ts';
import type { RedemptionObserver } from './redemption/observer.ts';
import { createPresenter, type Presenter } from './redemption/presenter.ts';
import { createRedemptions, type Redemptions } from './redemption/redemptions.ts';
import { createSettler } from './redemption/settler.ts';
import type { VerifySignature } from './requests/authenticate.ts';
import { createRequestDesk } from './requests/desk.ts';
import { createHandIn, type HandIn } from './requests/hand-in.ts';
import { createIssuance } from './requests/issuance.ts';
import type { RequestJournal } from './requests/journal.ts';
import { createLocalRedemptions, type LocalRedemptions } from './requests/local-redeem.ts';
import { createOutbox } from './requests/outbox.ts';
import type { DeskPorts } from './requests/ports.ts';
import { createUnknownVouchers } from './requests/unknown-vouchers.ts';
import { answerOf } from './requests/voucher-progress.ts';
import { NO_READINGS, type ReadingSink } from './telemetry/reading.ts';
import { createFrameTrace, type FrameTrace } from './trace/frame-trace.ts';
import { traceBus } from './trace/trace-bus.ts';
import { traceTaps } from './trace/trace-taps.ts';

/** Everything outside the gateway's own logic: what production takes from the machine, and a simulation from its seed. */
export interface GatewayParts {
  readonly config: Pick<GatewayConfig, 'site' | 'ledgerId' | 'policies' | 'sweep'>;
  /** As this gateway's party. */
  readonly ledger: Ledger;
  /** How items become transactions; without it, as suits the embedded ledger. */
  readonly batches?: Batches;
  readonly issuer: Issuer;
  readonly bus: MessageBus;
  readonly journal: RequestJournal;
  readonly board: LiveBoard;
  readonly observer: RedemptionObserver;
  /** Where readings are left; without it none are kept. */
  readonly readings?: ReadingSink;
  /** Whether this meter is on a serial line, which asks it soon. */
  readonly wakeOnLine?: (meterId: string) => boolean;
  /** Who watches frames; without it nobody does. */
  readonly trace?: FrameTrace;
  readonly clock: Clock;
  readonly random: Random;
  /** The gateway's own party key: leads meters out of the quarantine of a restore. */
  readonly signer?: JwsSigner;
  /** Without it, off the main thread, in whatever order the machine's threads finish. */
  readonly verifySignature?: VerifySignature;
  /** Aborted when the gateway stops: what waits for the ledger is given up then, and found again at the next start. */
  readonly signal: AbortSignal;
  /** What failed and is tried again by itself. */
  readonly onError: (error: unknown, doing: string) => void;
}

/** The gateway's logic at work between a message bus and a ledger. */
export interface AssembledGateway {
  readonly link: MqttLink;
  readonly redemptions: Redemptions;
  readonly presenter: Presenter;
  /** Where readers bring the meters that they have at hand. */
  readonly taps: { readonly nfc: Taps; readonly serial: Taps };
  readonly local: LocalRedemptions;
  /** Handsets' requests that come without a connection of the handset's own. */
  readonly handIn: HandIn;
  /** Begins with `start`, and with the first `refresh` knows whether the ledger issues. */
  readonly quarantine: Quarantine;
  /** Begins the sweep, and to follow the ledger’s events. */
  start(): void;
  /** How much is on its way, by kind. */
  figures(): Readonly<Record<string, number>>;
  /** Resolves when nothing waits for the ledger. */
  idle(): Promise<void>;
}

/** Connects the parts; from then on it answers what comes over the bus. The sweep begins with `start`. */
export function assembleGateway(parts: GatewayParts): AssembledGateway {
  const { config, ledger, issuer, journal, board, observer, clock, random, signal, onError } = parts;
  const trace = parts.trace ?? createFrameTrace(clock);
  const bus = traceBus(parts.bus, config.site, trace);
  const { batches = EMBEDDED_BATCHES } = parts;
  const link = createMqttLink(bus, config.site);
  const nfc = createMailboxes();
  const serial = createMailboxes(parts.wakeOnLine);
  const links = joinLinks({ mqtt: link, nfc: nfc.link, serial: serial.link });
  const outbox = createOutbox(clock, (handsetId, result) => {
    handIn.heard(handsetId, result);
    // A handset that is away, or behind, asks again.
    link.result(handsetId, result).catch(() => undefined);
  });
  const settler = createSettler(ledger, {
    ...{ clock, random, signal, limits: batches.settle },
    onSettled: ({ meterId, alarms, outcome }) =>
      // An orphan with its receipt is told of by the redemptions.
      quarantine.changed(
        meterId,
        alarms?.filter(({ what }) => what !== 'orphan' || outcome !== 'orphan'),
      ),
  });
  const redemptions = createRedemptions({
    ...{ issuer, ledger, settler, links, observer, clock, random, signal },
    tell(watcher, progress) {
      if (local.tell(watcher, progress)) return;
      outbox.answer(watcher.handsetId, { requestId: watcher.requestId, ...answerOf(progress) });
    },
    onOpenChanged(meterId) {
      presenter.enqueue(meterId);
      quarantine.changed(meterId);
    },
  });
  const issuance = createIssuance({ ledger, issuer, clock, random, signal, limits: batches.issue });
  const unknownVouchers = createUnknownVouchers({
    ...{ ledger, clock, random, signal, onError },
    onRecorded: (meterId, alarms) => quarantine.changed(meterId, alarms),
  });
  const deskPorts: DeskPorts = {
    ...{ ledger, issuer, issuance, redemptions, journal, outbox, observer, clock, random, signal },
    unknownVouchers,
    verifySignature: parts.verifySignature,
    ledgerId: config.ledgerId,
    amounts: { minMinor: config.policies.minAmountMinor, maxMinor: config.policies.maxAmountMinor },
    voucherOnLedger: (voucherId) => whileAway(ledger.evaluate('CheckVoucher', { voucherId })),
  };
  const local = createLocalRedemptions(deskPorts);
  const listens = (id: string) => bus.isConnected(identityOf({ who: 'meter', id }));
  const catchUp = createCatchUp({ ledger, redemptions });
  const presenterPorts = {
    ledger,
    issuer,
    redemptions,
    catchUp,
    isListening: listens,
    clock,
    signal,
    onError,
  };
  const presenter = createPresenter(presenterPorts, config.sweep);
  const follower = createLedgerFollower({
    ...{ ledger, redemptions, presenter, catchUp, clock, signal, onError },
  });
  const desk = createRequestDesk(deskPorts, observer);
  const handIn = createHandIn({ desk, clock });
  const keepClock = createClockKeeper({ issuer, clock, send: links.setTime });
  const quarantine = createQuarantine({
    ...{ ledger, issuer, observer, clock, random, signal, onError },
    ledgerId: config.ledgerId,
    signer: parts.signer,
    intervalMs: config.sweep.intervalMs,
    isListening: listens,
    ask: (meterId, keyEpoch) => watch.question(meterId, keyEpoch),
    onMeterChanged: presenter.enqueue,
  });
  const watch = createMeterWatch({
    ...{ ledger, clock, random, signal },
    ask: (meterId, question) => links.present(meterId, question),
    onRecorded: quarantine.changed,
    onAnswer: (receipt) => {
      settler.settle(receipt).catch((error) => onError(error, 'take a meter’s answer to the ledger'));
    },
    onStatus: quarantine.heard,
  });
  const heard = createMeterPresence({
    ...{ redemptions, presenter, mayListen: (id: string) => listens(id) !== false },
  });
  const readings = parts.readings ?? NO_READINGS;
  const voice = createMeterVoice({
    ...{ issuer, redemptions, watch, keepClock, observer, readings, clock, onError },
    onSpoke: (meterId, by) => by === 'mqtt' && heard(meterId),
  });
  const inbox = createInbox({ voice, redemptions, presenter, desk, heard, board, readings, clock });
  listen(bus, config.site, inbox);

  async function prepare(meterId: string): Promise<void> {
    const meter = await ledger.evaluate('GetMeter', { meterId });
    if (meter === null) return;
    await redemptions.resolved(meter);
    await presenter.present(meterId);
  }
  const tapPorts = { voice, redemptions, prepare, clock, signal, onError };

  return {
    ...{ link, redemptions, presenter, local, handIn, quarantine },
    taps: {
      nfc: traceTaps(createTaps({ ...tapPorts, link: 'nfc', mailboxes: nfc }), 'nfc', trace),
      serial: traceTaps(createTaps({ ...tapPorts, link: 'serial', mailboxes: serial }), 'serial', trace),
    },
    start() {
      presenter.start();
      follower.start();
    },
    figures: () => ({
      inFlight: redemptions.inFlight,
      meters: redemptions.meters,
      receiptsQueued: settler.queued,
      metersQueued: presenter.queued,
      requestsUnderWay: desk.underWay,
      issuesQueued: issuance.queued,
    }),
    async idle() {
      await Promise.all([issuance.idle(), settler.idle()]);
    },
  };
}

/** What the ledger knows, or `undefined` when it is away: redeeming goes on without it. */
async function whileAway<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof LedgerUnavailable) return undefined;
    throw error;
  }
}
