import type { Clock } from './edges/edges.ts';
import type { MqttInbox } from './links/mqtt/link.ts';
import type { MeterVoice } from './meter-voice.ts';
import type { LiveBoard } from './observability/live-board.ts';
import type { Presenter } from './redemption/presenter.ts';
import type { Redemptions } from './redemption/redemptions.ts';
import type { RequestDesk } from './requests/desk.ts';
import { readEvent, readTele } from './telemetry/read-payload.ts';
import type { Measured, ReadingSink } from './telemetry/reading.ts';

export interface InboxPorts {
  readonly voice: MeterVoice;
  readonly redemptions: Pick<Redemptions, 'reachable'>;
  readonly presenter: Pick<Presenter, 'enqueue'>;
  readonly desk: RequestDesk;
  readonly heard: (meterId: string) => void;
  readonly board: LiveBoard;
  readonly readings: ReadingSink;
  readonly clock: Pick<Clock, 'nowMs'>;
}

const decoder = new TextDecoder();
/** What a meter kept while it was away says nothing of now. */
const FRESH_MS = 60_000;
const isOfNow = ({ clockTrust, meterTimeS = 0, receivedAtMs }: Measured): boolean =>
  clockTrust === 0 || meterTimeS * 1_000 > receivedAtMs - FRESH_MS;

/** What the gateway does with each thing that meters and handsets say over MQTT. Nothing here throws: the sender may be a liar. */
export function createInbox(ports: InboxPorts): MqttInbox {
  const { voice, redemptions, presenter, heard, readings } = ports;
  const arrival = () => ({ link: 'mqtt', receivedAtMs: ports.clock.nowMs() }) as const;

  return {
    status(meterId, frame) {
      void voice.status(meterId, frame, 'mqtt');
    },
    receipt(meterId, frame) {
      heard(meterId);
      void voice.receipt(meterId, frame, 'mqtt');
    },
    reading(meterId, payload) {
      heard(meterId);
      const reading = readTele(payload, { meterId, ...arrival() });
      if (reading === undefined) return readings.malformed(meterId);
      readings.record(reading);
      if (isOfNow(reading)) ports.board.meterSeen({ meterId, balance: String(reading.balance) });
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
      redemptions.reachable(meterId, present, 'mqtt');
      if (present) presenter.enqueue(meterId);
    },
    handsetPresence(_handsetId, present) {
      ports.board.handsetConnected(present);
    },
  };
}
