import { ERRORS, type StatusFields, TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from './edges/edges.ts';
import type { Issuer } from './issuer/issuer.ts';
import { createLanes } from './lanes.ts';
import type { MeterWatch } from './redemption/meter-watch.ts';
import type { RedemptionObserver } from './redemption/observer.ts';
import type { Redemptions } from './redemption/redemptions.ts';
import type { LinkName } from './redemption/types.ts';
import { readingOfReceipt, readingOfStatus } from './telemetry/read-frame.ts';
import type { Measured, ReadingSink } from './telemetry/reading.ts';

/** What became of a frame: `ignored` is not authentic or one too many; `unread` is what the issuer could not judge now. */
export type Heard = 'heard' | 'ignored' | 'unread';

/** What meters say, by whatever link: the one way from a frame to the redemptions. Nothing here throws. */
export interface MeterVoice {
  /** Resolves when what the status calls for at once was sent. */
  status(meterId: string, frame: Uint8Array, link: LinkName): Promise<Heard>;
  receipt(meterId: string, frame: Uint8Array, link: LinkName): Promise<Heard>;
}

export interface MeterVoicePorts {
  readonly issuer: Pick<Issuer, 'readStatus'>;
  readonly redemptions: Pick<Redemptions, 'receipt' | 'shown'>;
  readonly watch: MeterWatch;
  /** Resolves when the meter was sent the time, or did not need it. */
  readonly keepClock: (status: StatusFields) => Promise<void>;
  /** An authentic status came, before anything is done about it. */
  readonly onSpoke: (meterId: string, link: LinkName) => void;
  readonly observer: Pick<RedemptionObserver, 'status' | 'refused'>;
  readonly readings: ReadingSink;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly onError: (error: unknown, doing: string) => void;
}

interface TakenStatus {
  readonly heard: Heard;
  readonly clockKept?: Promise<void>;
}

/** Frames of one meter, and of all, that may wait to be read; what comes beyond is said again by its meter. */
const LANES = { maxOfOne: 256, maxInAll: 50_000 } as const;

export function createMeterVoice(ports: MeterVoicePorts): MeterVoice {
  const { issuer, redemptions, observer, watch } = ports;
  const lanes = createLanes(LANES);
  const arrival = (link: LinkName) => ({ link, receivedAtMs: ports.clock.nowMs() });

  function keep(reading: Measured | undefined): void {
    if (reading !== undefined) ports.readings.record(reading);
  }

  async function readStatus(meterId: string, frame: Uint8Array): Promise<StatusFields | Heard> {
    try {
      const status = await issuer.readStatus(frame);
      if (String(status.meterId) === meterId) return status;
      throw new TapwattError('WRONG_METER', 'A meter sent another meter’s status.');
    } catch (error) {
      const code = error instanceof TapwattError ? error.code : 'INTERNAL';
      observer.refused({ meterId, code, message: 'A status was ignored.' });
      return passes(error) ? 'unread' : 'ignored';
    }
  }

  async function takeStatus(meterId: string, frame: Uint8Array, link: LinkName): Promise<TakenStatus> {
    const status = await readStatus(meterId, frame);
    if (typeof status === 'string') return { heard: status };
    ports.onSpoke(meterId, link);
    observer.status(status);
    redemptions.shown(status);
    const clockKept = ports.keepClock(status);
    keep(readingOfStatus(status, arrival(link)));
    watch.status(frame, status).catch((error) => ports.onError(error, `record meter ${meterId}`));
    return { heard: 'heard', clockKept };
  }

  async function takeReceipt(meterId: string, frame: Uint8Array, link: LinkName): Promise<Heard> {
    try {
      const fields = await redemptions.receipt(meterId, frame, link);
      if (fields === undefined) return 'ignored';
      if (fields.keyEpoch === 0) return 'heard';
      keep(readingOfReceipt(fields, arrival(link)));
      watch.receipt(meterId, fields, frame).catch((error) => ports.onError(error, `record meter ${meterId}`));
      return 'heard';
    } catch (error) {
      if (passes(error)) return 'unread';
      throw error;
    }
  }

  /** A meter's frames are taken in the order in which it sent them: an older register after a newer one raises a doubt. */
  function inTurn<T>(meterId: string, take: () => Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const work = async (): Promise<void> => resolve(await take());
      const failed = (error: unknown): void => {
        ports.onError(error, `take a frame of meter ${meterId}`);
        resolve(undefined);
      };
      if (lanes.take(meterId, work, failed)) return;
      observer.refused({ meterId, code: 'BUSY', message: 'A frame was dropped: too many wait to be read.' });
      resolve(undefined);
    });
  }

  return {
    async status(meterId, frame, link) {
      const taken = await inTurn(meterId, () => takeStatus(meterId, frame, link));
      await taken?.clockKept;
      return taken?.heard ?? 'ignored';
    },
    async receipt(meterId, frame, link) {
      return (await inTurn(meterId, () => takeReceipt(meterId, frame, link))) ?? 'ignored';
    },
  };
}

/** Of the issuer: it could not be asked, and can be later. */
const passes = (error: unknown): boolean =>
  error instanceof TapwattError && error.code !== 'INTERNAL' && ERRORS[error.code].retry === 'same';
