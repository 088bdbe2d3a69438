import { type StatusFields, TapwattError } from '@tapwatt/firmware-contracts';
import type { Issuer } from './issuer/issuer.ts';
import type { MqttInbox } from './links/mqtt/link.ts';
import type { LiveBoard } from './observability/live-board.ts';
import type { MeterWatch } from './redemption/meter-watch.ts';
import type { RedemptionObserver } from './redemption/observer.ts';
import type { Presenter } from './redemption/presenter.ts';
import type { Redemptions } from './redemption/redemptions.ts';
import type { RequestDesk } from './requests/desk.ts';
import { readTelemetry } from './telemetry/readings.ts';

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
  readonly onError: (error: unknown, doing: string) => void;
}

const decoder = new TextDecoder();

/** What the gateway does with each thing that meters and handsets say. Nothing here throws: the sender may be a liar. */
export function createInbox(ports: InboxPorts): MqttInbox {
  const { issuer, redemptions, presenter, observer } = ports;

  /**
   * A meter that speaks is there, also behind a broker that does not tell of presence; what it has open is due then.
   * One that only speaks hears nothing, and our own broker tells nobody when it goes.
   */
  function heard(meterId: string): void {
    if (redemptions.isReachable(meterId) || !ports.mayListen(meterId)) return;
    redemptions.reachable(meterId, true);
    presenter.enqueue(meterId);
  }

  function authenticStatus(meterId: string, frame: Uint8Array): StatusFields | undefined {
    try {
      const status = issuer.readStatus(frame);
      if (String(status.meterId) === meterId) return status;
      throw new TapwattError('WRONG_METER', 'A meter sent another meter’s status.');
    } catch (error) {
      const code = error instanceof TapwattError ? error.code : 'INTERNAL';
      observer.refused({ meterId, code, message: 'A status was ignored.' });
      return undefined;
    }
  }

  return {
    status(meterId, frame) {
      const status = authenticStatus(meterId, frame);
      if (status === undefined) return;
      heard(meterId);
      observer.status(status);
      redemptions.shown(status);
      ports.keepClock(status);
      ports.watch.status(frame, status).catch((error) => ports.onError(error, `record meter ${meterId}`));
    },
    receipt(meterId, frame) {
      heard(meterId);
      const fields = redemptions.receipt(meterId, frame);
      if (fields !== undefined && fields.keyEpoch !== 0) ports.watch.receipt(meterId, fields);
    },
    reading(meterId, payload) {
      heard(meterId);
      const balance = readTelemetry(payload)?.balance;
      if (typeof balance === 'string') ports.board.meterSeen({ meterId, balance });
    },
    event(meterId) {
      heard(meterId);
    },
    request(handsetId, payload) {
      void ports.desk.take(handsetId, decoder.decode(payload));
    },
    meterPresence(meterId, present) {
      if (present) ports.watch.connected(meterId);
      redemptions.reachable(meterId, present);
      if (present) presenter.enqueue(meterId);
    },
    handsetPresence(_handsetId, present) {
      ports.board.handsetConnected(present);
    },
  };
}
