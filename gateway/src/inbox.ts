import { type StatusFields, TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from './edges/edges.ts';
import type { Issuer } from './issuer/issuer.ts';
import { createLanes } from './lanes.ts';
import type { MqttInbox } from './links/mqtt/link.ts';
import type { LiveBoard } from './observability/live-board.ts';
import type { MeterWatch } from './redemption/meter-watch.ts';
import type { RedemptionObserver } from './redemption/observer.ts';
import type { Presenter } from './redemption/presenter.ts';
import type { Redemptions } from './redemption/redemptions.ts';
import type { RequestDesk } from './requests/desk.ts';
import { readingOfReceipt, readingOfStatus } from './telemetry/read-frame.ts';
import { readEvent, readTele } from './telemetry/read-payload.ts';
import type { Measured, ReadingSink } from './telemetry/reading.ts';

export interface InboxPorts {
  readonly issuer: Issuer;
  readonly redemptions: Redemptions;
  readonly presenter: Presenter;
  readonly desk: RequestDesk;
  readonly watch: MeterWatch;
  readonly keepClock: (status: StatusFields) => void;
  /** False when the message bus knows that it does not. */
  readonly mayListen: (meterId: string) => boolean;
  readonly observer: RedemptionObserver;
  readonly board: LiveBoard;
  readonly readings: ReadingSink;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly onError: (error: unknown, doing: string) => void;
}

const decoder = new TextDecoder();
/** Frames of one meter, and of all, that may wait to be read; what comes beyond is said again by its meter. */
const LANES = { maxOfOne: 256, maxInAll: 50_000 } as const;

/** What the gateway does with each thing that meters and handsets say. Nothing here throws: the sender may be a liar. */
export function createInbox(ports: InboxPorts): MqttInbox {
  const { issuer, redemptions, presenter, observer, readings } = ports;
  const arrival = () => ({ link: 'mqtt', receivedAtMs: ports.clock.nowMs() }) as const;
  const lanes = createLanes(LANES);

  /**
   * A meter that speaks is there, also behind a broker that does not tell of presence; what it has open is due then.
   * One that only speaks hears nothing, and our own broker tells nobody when it goes.
   */
  function heard(meterId: string): void {
    if (redemptions.isReachable(meterId) || !ports.mayListen(meterId)) return;
    redemptions.reachable(meterId, true);
    presenter.enqueue(meterId);
  }

  async function authenticStatus(meterId: string, frame: Uint8Array): Promise<StatusFields | undefined> {
    try {
      const status = await issuer.readStatus(frame);
      if (String(status.meterId) === meterId) return status;
      throw new TapwattError('WRONG_METER', 'A meter sent another meter’s status.');
    } catch (error) {
      const code = error instanceof TapwattError ? error.code : 'INTERNAL';
      observer.refused({ meterId, code, message: 'A status was ignored.' });
      return undefined;
    }
  }

  async function takeStatus(meterId: string, frame: Uint8Array): Promise<void> {
    const status = await authenticStatus(meterId, frame);
    if (status === undefined) return;
    heard(meterId);
    observer.status(status);
    redemptions.shown(status);
    ports.keepClock(status);
    keep(readingOfStatus(status, arrival()));
    ports.watch.status(frame, status).catch((error) => ports.onError(error, `record meter ${meterId}`));
  }

  function keep(reading: Measured | undefined): void {
    if (reading !== undefined) readings.record(reading);
  }

  async function takeReceipt(meterId: string, frame: Uint8Array): Promise<void> {
    const fields = await redemptions.receipt(meterId, frame);
    if (fields === undefined || fields.keyEpoch === 0) return;
    keep(readingOfReceipt(fields, arrival()));
    ports.watch
      .receipt(meterId, fields, frame)
      .catch((error) => ports.onError(error, `record meter ${meterId}`));
  }

  /** A meter's frames are taken in the order in which it sent them: an older register after a newer one raises a doubt. */
  function inTurn(meterId: string, take: () => Promise<void>): void {
    if (lanes.take(meterId, take, (error) => ports.onError(error, `take a frame of meter ${meterId}`)))
      return;
    observer.refused({ meterId, code: 'BUSY', message: 'A frame was dropped: too many wait to be read.' });
  }

  return {
    status(meterId, frame) {
      inTurn(meterId, () => takeStatus(meterId, frame));
    },
    receipt(meterId, frame) {
      heard(meterId);
      inTurn(meterId, () => takeReceipt(meterId, frame));
    },
    reading(meterId, payload) {
      heard(meterId);
      const reading = readTele(payload, { meterId, ...arrival() });
      if (reading === undefined) return readings.malformed(meterId);
      readings.record(reading);
      ports.board.meterSeen({ meterId, balance: String(reading.balance) });
    },
    event(meterId, payload) {
      heard(meterId);
      const event = readEvent(payload, { meterId, ...arrival() });
      if (event === undefined) return readings.malformed(meterId);
      readings.record(event);
    },
    request(handsetId, payload) {
      void ports.desk.take(handsetId, decoder.decode(payload));
    },
    meterPresence(meterId, present) {
      redemptions.reachable(meterId, present);
      if (present) presenter.enqueue(meterId);
    },
    handsetPresence(_handsetId, present) {
      ports.board.handsetConnected(present);
    },
  };
}
