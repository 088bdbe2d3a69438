import type { TransactionName, TransactionRequest } from '@tapwatt/chaincode';
import {
  encodeVoucher,
  epochKeys,
  type MeterState,
  meterId,
  meterRootKey,
  presentVoucher,
  provisionMeter,
  rawPublicKey,
  sha256,
  voucherIdOf,
} from '@tapwatt/firmware-contracts';
import { type Books, FOUNDERS, LEDGER_ID, runOn, withRecord } from './books.ts';
import type { Bound } from './bound.ts';
import { EARLY } from './clocks.ts';
import { MASTER, signingKeyOf } from './keys.ts';
import { issueAsked } from './proposals.ts';

/** Far above all that a bound spends. */
const FLOAT = '1000000';
const BALANCE_LIMIT = 10n ** 12n;
/** Where the window's edge is reached: the first voucher's seq, and the next seq after the fillers. */
const EDGE = { first: 6, next: 69 } as const;

export interface Start {
  readonly books: Books;
  readonly meters: readonly MeterState[];
}

/** The state in which an exploration begins, reached by production code. */
export async function foundTown(bound: Bound): Promise<Start> {
  const books = await foundBooks(bound);
  const meters = bound.meters.map((id) =>
    provisionMeter({
      meterId: meterId(id),
      root: meterRootKey(MASTER, meterId(id)),
      keyEpoch: 1,
      balanceLimit: BALANCE_LIMIT,
    }),
  );
  return bound.edge ? atTheEdge(bound, { books, meters }) : { books, meters };
}

async function foundBooks(bound: Bound): Promise<Books> {
  let books: Books = new Map();
  let count = 0;
  const run = async <N extends TransactionName>(name: N, request: TransactionRequest<N>, by = 'discom') => {
    count += 1;
    const after = await runOn(books, { name, request, by, txId: `found-${count}` });
    if (after === undefined) throw new Error(`${name} was refused`);
    books = after;
  };
  const publicKey = (id: string) => rawPublicKey(signingKeyOf(id));
  const parties = Object.entries(FOUNDERS).map(([id, role]) => ({ id, role, publicKey: publicKey(id) }));
  await run('Genesis', { ledgerId: LEDGER_ID, parties });
  await run('RegisterAgent', { id: 'agent', agencyId: 'agency' });
  await run('RegisterHandset', { id: 'phone', agentId: 'agent', publicKey: publicKey('phone') });
  await run('OpenWallet', { walletId: 'wallet', agentId: 'agent' });
  await run('ProposeDeposit', { depositId: 'float', walletId: 'wallet', amount: FLOAT }, 'agency');
  await run('ConfirmDeposit', { depositId: 'float', utr: 'float' }, 'bank');
  for (const id of [...bound.meters, ...(bound.bystanders ?? [])])
    await run('RegisterMeter', { meterId: id });
  return books;
}

/** The first voucher is issued and open; the meter has taken every other seq up to 62 above it, none of them for money. */
async function atTheEdge(bound: Bound, { books, meters }: Start): Promise<Start> {
  const [request] = bound.requests;
  const [meter] = meters;
  if (request === undefined || meter === undefined) throw new Error('the edge needs a meter and a request');
  const key = `MTR~${request.meterId}`;
  const before = withRecord(books, key, (record: object) => ({ ...record, nextSeq: EDGE.first }));
  const issued = await runOn(before, await issueAsked(before, request));
  if (issued === undefined) throw new Error('the first voucher was refused');
  const after = withRecord(issued, key, (record: object) => ({ ...record, nextSeq: EDGE.next }));
  let filled = meter;
  for (let seq = 1; seq < EDGE.next; seq += 1) if (seq !== EDGE.first) filled = withFiller(filled, seq);
  return { books: after, meters: [filled, ...meters.slice(1)] };
}

/** A seq taken by a voucher that clears a tamper flag. */
function withFiller(meter: MeterState, seq: number): MeterState {
  const payloadHash = sha256(new TextEncoder().encode(`filler ${seq}`));
  const voucherId = voucherIdOf({ meterId: meter.meterId, keyEpoch: 1, seq, payloadHash });
  const frame = encodeVoucher(
    {
      kind: 3,
      meterId: meter.meterId,
      keyEpoch: 1,
      seq,
      amount: 0n,
      issuedAt: EARLY.now,
      expiresAt: 0,
      voucherId,
      floorSeq: Math.min(seq, EDGE.first),
    },
    epochKeys(meter.root, 1),
  );
  const { state, committed } = presentVoucher(meter, frame, EARLY);
  if (!committed) throw new Error(`seq ${seq} was refused`);
  // What these fillers answered is long settled.
  return state.record === undefined ? state : { ...state, record: { ...state.record, ring: [] } };
}
