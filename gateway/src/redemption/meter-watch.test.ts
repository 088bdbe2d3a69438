import type { MeterDetail, MeterFigures } from '@tapwatt/chaincode';
import { meterId, type StatusFields } from '@tapwatt/firmware-contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { LedgerUnavailable } from '../ledger/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createMeterWatch, type MeterWatch } from './meter-watch.ts';

const METER = '42';
const FRAME = new Uint8Array(64);

const figures = (receiptNo: number): MeterFigures => ({
  keyEpoch: 1,
  receiptNo,
  cumulativeCredited: `${100 * receiptNo}`,
});

const status = (receiptNo: number): StatusFields => ({
  ...{ stateBits: 1, keyEpoch: 1, meterId: meterId(METER), hi: receiptNo, used: 1n, floorSeq: 1 },
  ...{ balance: 0n, cumulativeCredited: BigInt(100 * receiptNo), receiptNo, ackedReceiptNo: 0, meterTime: 0 },
});

let seen: MeterFigures | undefined;
let isAway = false;
let isPresenceTold = true;
let recorded = 0;
let watch: MeterWatch;

beforeEach(() => {
  [seen, isAway, isPresenceTold, recorded] = [undefined, false, true, 0];
  const ledger = {
    evaluate: async () => {
      if (isAway) throw new LedgerUnavailable('away');
      return {
        meterId: METER,
        keyEpoch: 1,
        nextSeq: 100,
        quarantined: false,
        seen,
      } as unknown as MeterDetail;
    },
    submit: async () => {
      recorded += 1;
      return { txId: 't', result: { changed: true } };
    },
  } as unknown as Ledger;
  watch = createMeterWatch({
    ...{ ledger, signal: new AbortController().signal },
    clock: { nowMs: () => 0, after: () => () => undefined },
    isPresenceTold: () => isPresenceTold,
    random: { bytes: (length) => new Uint8Array(length) },
  });
});

describe('a status whose register is lower', () => {
  it('than what the meter itself said before it is a fall', async () => {
    watch.receipt(METER, { receiptNo: 3, cumulativeCredited: 300n });
    await watch.status(FRAME, status(2));
    expect(recorded).toBe(1);
  });

  it('than what the ledger knew when its connection began is a fall', async () => {
    seen = figures(3);
    watch.connected(METER);
    await watch.status(FRAME, status(2));
    expect(recorded).toBe(1);
  });

  it('than what a courier brought since its connection began is no fall', async () => {
    seen = figures(2);
    watch.connected(METER);
    await Promise.resolve();
    seen = figures(3);
    await watch.status(FRAME, status(2));
    expect(recorded).toBe(0);
  });

  it('is no fall by figures that could not be read when its connection began', async () => {
    seen = figures(3);
    isAway = true;
    watch.connected(METER);
    await Promise.resolve();
    isAway = false;
    await watch.status(FRAME, status(2));
    expect(recorded).toBe(0);
  });

  it('is no fall by the ledger’s figures where its connection is older than this gateway', async () => {
    seen = figures(3);
    await watch.status(FRAME, status(2));
    expect(recorded).toBe(0);
  });

  it('than what the ledger knows is a fall where nobody tells of connections', async () => {
    isPresenceTold = false;
    seen = figures(3);
    await watch.status(FRAME, status(2));
    expect(recorded).toBe(1);
  });
});
