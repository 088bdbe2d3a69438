import type { TransactionRequest, VoucherRecord } from '@tapwatt/chaincode';
import {
  bytesToHex,
  decodeReceipt,
  encodeReceipt,
  endsEpoch,
  epochKeys,
  hexToBytes,
  meterId,
  meterRootKey,
  parseOrder,
  RESULT,
  type ReceiptFields,
  type VoucherId,
  WINDOW_SIZE,
} from '@tapwatt/firmware-contracts';
import { type Asked, type Books, runOn, withRecord } from '../books.ts';
import { boundNamed } from '../bound.ts';
import { MASTER } from '../keys.ts';
import { issueAsked, orderAsked } from '../proposals.ts';
import { PRODUCTION, type Protocol } from '../protocol.ts';
import type { StoredMeter } from '../record-shapes.ts';
import type { Mutation } from './mutation.ts';

/** The books after a transaction of production, changed by a bug; undefined where production refused. */
const withLedgerBug = (
  bug: (after: Books, asked: Asked, before: Books) => Promise<Books> | Books,
): Protocol => ({
  ...PRODUCTION,
  async transact(books, asked) {
    const after = await PRODUCTION.transact(books, asked);
    return after === undefined ? undefined : bug(after, asked, books);
  },
});

const voucherIn = (books: Books, voucherId: string): VoucherRecord | undefined => {
  const text = books.get(`VCH~${voucherId}`);
  return text === undefined ? undefined : (JSON.parse(text) as VoucherRecord);
};

/** Gives a voucher's money back as if its meter had shown V. */
async function refunded(books: Books, voucherId: string): Promise<Books> {
  const voucher = voucherIn(books, voucherId);
  if (voucher === undefined) return books;
  const { keyEpoch, seq } = voucher;
  const id = meterId(voucher.meterId);
  const keys = epochKeys(meterRootKey(MASTER, id), keyEpoch);
  const receipt = encodeReceipt(
    {
      result: RESULT.VOIDED,
      kind: 2,
      clockTrust: 0,
      meterId: id,
      keyEpoch,
      receiptNo: 0,
      seq,
      voucherId: voucherId as VoucherId,
      credited: 0n,
      balance: 0n,
      cumulativeCredited: 0n,
      hi: 0,
      used: 0n,
      meterTime: 0,
      opening: keys.opening('void', voucherId as VoucherId),
    },
    keys,
  );
  const request = { items: [{ receipt: bytesToHex(receipt) }] };
  const txId = `refund-${voucherId}`;
  return (await runOn(books, { name: 'SettleReceipts', request, by: 'gateway', txId })) ?? books;
}

const about = <N extends Asked['name']>(asked: Asked, name: N): TransactionRequest<N> | undefined =>
  asked.name === name ? (asked.request as TransactionRequest<N>) : undefined;

function settledReceipt(asked: Asked): ReceiptFields | undefined {
  const [item] = about(asked, 'SettleReceipts')?.items ?? [];
  const decoded = item === undefined ? undefined : decodeReceipt(hexToBytes(item.receipt));
  return decoded?.ok === true ? decoded.fields : undefined;
}

const isRefusal = ({ result }: ReceiptFields): boolean => result >= RESULT.BAD_FORMAT;

/** The meter whose epoch ended with this transaction. */
function endedBy(
  asked: Asked,
  before: Books,
  after: Books,
): { readonly key: string; readonly meter: StoredMeter } | undefined {
  const receipt = settledReceipt(asked);
  if (receipt === undefined || !endsEpoch(receipt.kind)) return undefined;
  const key = `MTR~${receipt.meterId}`;
  const meter = JSON.parse(after.get(key) ?? '{}') as StoredMeter;
  const was = JSON.parse(before.get(key) ?? '{}') as StoredMeter;
  return meter.keyEpoch > was.keyEpoch ? { key, meter } : undefined;
}

/** Planted in the ledger's rules, or in what surrounds them. */
export const LEDGER_BUGS: readonly Mutation[] = [
  {
    name: 'refund-by-timeout',
    about: 'a cancel gives the money back at once, because the time is up',
    bound: 'small',
    protocol: withLedgerBug((after, asked) => {
      const request = about(asked, 'RequestCancel');
      return request !== undefined && 'voucherId' in request ? refunded(after, request.voucherId) : after;
    }),
  },
  {
    name: 'refund-by-no-opening',
    about: 'an answer without opening is taken for the proof that nothing was credited',
    bound: 'small',
    protocol: withLedgerBug((after, asked) => {
      const receipt = settledReceipt(asked);
      const refunds = receipt !== undefined && isRefusal(receipt) && !endsEpoch(receipt.kind);
      return refunds ? refunded(after, receipt.voucherId) : after;
    }),
  },
  {
    name: 'release-counted-as-void',
    about: 'a release without proof ends the voucher as V would',
    bound: 'small',
    protocol: {
      ...PRODUCTION,
      async transact(books, asked) {
        const request = about(asked, 'ReleaseUnproven');
        const voucher = request === undefined ? undefined : voucherIn(books, request.voucherId);
        if (voucher?.release === undefined || voucher.status !== 'CANCELLING')
          return PRODUCTION.transact(books, asked);
        return refunded(books, voucher.voucherId);
      },
    },
  },
  {
    name: 'late-f-ignored',
    about: 'F of a released voucher is thrown away',
    bound: 'small',
    protocol: withLedgerBug((after, asked, before) => {
      const receipt = settledReceipt(asked);
      const was = receipt === undefined ? undefined : voucherIn(before, receipt.voucherId)?.status;
      return was === 'RELEASED' ? before : after;
    }),
  },
  {
    name: 'epoch-end-refunds-open',
    about: 'the end of an epoch gives back the money of every voucher still open in it',
    bound: 'one-voucher',
    protocol: withLedgerBug(async (after, asked, before) => {
      let books = after;
      for (const { voucherId } of endedBy(asked, before, after)?.meter.open ?? [])
        books = await refunded(books, voucherId);
      return books;
    }),
  },
  {
    name: 'epoch-end-loses-open',
    about: 'the end of an epoch empties the meter’s list of open vouchers',
    bound: 'one-voucher',
    protocol: withLedgerBug((after, asked, before) => {
      const ended = endedBy(asked, before, after);
      if (ended === undefined) return after;
      return withRecord(after, ended.key, (meter: StoredMeter) => ({ ...meter, open: [] }));
    }),
  },
  {
    name: 'order-over-open-vouchers',
    about: 'the next end of an epoch is ordered while the last one has open vouchers',
    bound: 'three-epochs',
    protocol: {
      ...PRODUCTION,
      async transact(books, asked) {
        if (asked.name !== 'RotateMeterKey') return PRODUCTION.transact(books, asked);
        const { open, keyEpoch } = JSON.parse(books.get('MTR~1') ?? '{}') as StoredMeter;
        const own = open.filter((voucher) => voucher.keyEpoch === keyEpoch);
        const hidden = withRecord(books, 'MTR~1', (meter: StoredMeter) => ({ ...meter, open: own }));
        const after = await PRODUCTION.transact(hidden, asked);
        return after && withRecord(after, 'MTR~1', (meter: StoredMeter) => ({ ...meter, open }));
      },
    },
  },
  {
    name: 'request-forgotten',
    about: 'a request asked again is a new one: a timeout was taken for a failure',
    bound: 'small',
    protocol: {
      ...PRODUCTION,
      answersAgain: false,
      transact(books, asked) {
        if (asked.name !== 'IssueVouchers') return PRODUCTION.transact(books, asked);
        const kept = [...books].filter(([key]) => !key.startsWith('REQ~'));
        return PRODUCTION.transact(new Map(kept), { ...asked, txId: `${asked.txId}-${books.size}` });
      },
    },
  },
  {
    name: 'sealed-before-commit',
    about: 'the issuer seals a voucher that it has only proposed',
    bound: 'small',
    protocol: {
      ...PRODUCTION,
      async seal(books) {
        const frames = [...(await PRODUCTION.seal(books))];
        for (const request of boundNamed('small').requests) {
          if (books.has(`REQ~phone~${request.requestId}`)) continue;
          const issued = await runOn(books, await issueAsked(books, request));
          if (issued !== undefined) frames.push(...(await PRODUCTION.seal(issued)));
        }
        return frames;
      },
    },
  },
  {
    name: 'floor-over-open-voucher',
    about: 'a new voucher’s floor counts those before it as resolved',
    bound: 'small',
    protocol: withLedgerBug((after, asked) => {
      const [item] = about(asked, 'IssueVouchers')?.items ?? [];
      if (item === undefined || voucherIn(after, item.voucherId) === undefined) return after;
      return withRecord(after, `VCH~${item.voucherId}`, (voucher: VoucherRecord) => ({
        ...voucher,
        floorSeq: voucher.seq,
      }));
    }),
  },
  {
    name: 'ledger-window-one-wide',
    about: 'the ledger issues one seq further than a meter’s window reaches',
    bound: 'narrow-three',
    protocol: {
      ...PRODUCTION,
      async transact(books, asked) {
        const { open, nextSeq } = JSON.parse(books.get('MTR~1') ?? '{}') as StoredMeter;
        const [oldest] = open;
        const isOneTooFar =
          asked.name === 'IssueVouchers' && oldest !== undefined && nextSeq === oldest.seq + WINDOW_SIZE;
        if (!isOneTooFar) return PRODUCTION.transact(books, asked);
        const hidden = withRecord(books, 'MTR~1', (meter: StoredMeter) => ({
          ...meter,
          open: open.slice(1),
        }));
        const after = await PRODUCTION.transact(hidden, asked);
        if (after === undefined) return undefined;
        const [item] = about(asked, 'IssueVouchers')?.items ?? [];
        const voucher = item === undefined ? undefined : voucherIn(after, item.voucherId);
        const listed = withRecord(after, 'MTR~1', (meter: StoredMeter) => ({
          ...meter,
          open: [oldest, ...meter.open],
        }));
        if (voucher === undefined) return listed;
        return withRecord(listed, `VCH~${voucher.voucherId}`, (record: VoucherRecord) => ({
          ...record,
          floorSeq: oldest.seq,
        }));
      },
    },
  },
  {
    name: 'sequence-reused-after-restore',
    about: 'a restored ledger goes on selling at once, from the seq that it remembers',
    bound: 'restore-two',
    protocol: { ...PRODUCTION, restore: async (backup) => backup },
  },
  {
    name: 'old-order-placed-again',
    about: 'after a restore an order is placed with the bytes of one from before it, whose C is known',
    bound: 'restore',
    protocol: {
      ...PRODUCTION,
      async transact(books, asked) {
        const request = about(asked, 'RotateMeterKey');
        if (request === undefined) return PRODUCTION.transact(books, asked);
        const { requestId } = parseOrder(request.jws).payload;
        const order = {
          name: 'RotateMeterKey',
          meterId: '1',
          requestId: requestId.replace(/after\d+$/, ''),
        } as const;
        return PRODUCTION.transact(books, await orderAsked(books, order));
      },
    },
  },
  {
    name: 'orphan-forgotten',
    about: 'a receipt of a voucher that the restored ledger does not know is dropped',
    bound: 'clone',
    protocol: withLedgerBug((after, _asked, before) =>
      [...after.keys()].some((key) => key.startsWith('ORP~') && !before.has(key)) ? before : after,
    ),
  },
];
