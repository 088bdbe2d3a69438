import { FRAME_LENGTH } from '../frames/frame.ts';
import type { VoucherId } from '../ids.ts';
import { bad, PayloadFields } from './fields.ts';
import { type JwsSigner, type ParsedJws, parseJws, signJws } from './jws.ts';
import type { JsonObject } from './strict-json.ts';

/** The most receipts that one `receipts` request carries. */
export const RECEIPTS_MAX = 32;

interface RequestBase {
  /** The ledger's id. */
  readonly aud: string;
  readonly requestId: string;
  /** Unix seconds, informative. */
  readonly at: number;
}

export interface IssueRequest extends RequestBase {
  readonly op: 'issue';
  readonly walletId: string;
  readonly meterId: string;
  /** Minor units, decimal. */
  readonly amount: string;
  /** Unix seconds; absent or 0 = never. */
  readonly expiresAt?: number;
  readonly deliver: boolean;
}

export interface RedeemRequest extends RequestBase {
  readonly op: 'redeem';
  /** 72 bytes, lower-case hex. */
  readonly voucher: string;
}

/** Cancels a voucher, or (`of`) makes sure that a requestId not yet committed never will be. */
export type CancelRequest = RequestBase & { readonly op: 'cancel' } & (
    | { readonly voucherId: VoucherId; readonly of?: never }
    | { readonly of: string; readonly voucherId?: never }
  );

export interface ReceiptsRequest extends RequestBase {
  readonly op: 'receipts';
  /** 128 bytes each, lower-case hex. */
  readonly receipts: readonly string[];
}

export interface BalanceRequest extends RequestBase {
  readonly op: 'balance';
  readonly walletId: string;
}

export interface HandsetQueryRequest extends RequestBase {
  readonly op: 'query';
  /** A requestId or a voucherId of the same agent. */
  readonly of: string;
}

/** What a handset asks for (WIRE.md "Handset requests and results"). */
export type HandsetRequest =
  | IssueRequest
  | RedeemRequest
  | CancelRequest
  | ReceiptsRequest
  | BalanceRequest
  | HandsetQueryRequest;

export type HandsetOp = HandsetRequest['op'];
export type ParsedRequest = ParsedJws<HandsetRequest>;

/** The compact JWS of a handset's request; the payload is not checked, so that tests can sign wrong ones. */
export const signRequest = (payload: object, signer: JwsSigner): string => signJws(payload, signer);

/** A handset's request by the strict rules of WIRE.md and SPEC.md; throws BAD_REQUEST naming the field. */
export const parseRequest = (jws: string): ParsedRequest => {
  const parsed = parseJws(jws);
  return { ...parsed, payload: readRequest(parsed.payload) };
};

const readRequest = (payload: JsonObject): HandsetRequest => {
  const fields = new PayloadFields(payload);
  const base = { aud: fields.name('aud'), requestId: fields.name('requestId'), at: fields.time('at') };
  const op = fields.text('op');
  if (!isOp(op)) throw bad('op', `must be one of ${Object.keys(READERS).join(', ')}`);
  const request = READERS[op](fields, base);
  fields.end();
  return request;
};

type Reader = (fields: PayloadFields, base: RequestBase) => HandsetRequest;

const READERS: Readonly<Record<HandsetOp, Reader>> = {
  issue: (fields, base) => ({
    ...base,
    op: 'issue',
    walletId: fields.name('walletId'),
    meterId: fields.meterNumber('meterId'),
    amount: fields.amount('amount'),
    ...(fields.has('expiresAt') ? { expiresAt: fields.time('expiresAt') } : {}),
    deliver: fields.boolean('deliver'),
  }),
  redeem: (fields, base) => ({
    ...base,
    op: 'redeem',
    voucher: fields.frame('voucher', FRAME_LENGTH.voucher),
  }),
  cancel: (fields, base) =>
    fields.has('of')
      ? { ...base, op: 'cancel', of: fields.name('of') }
      : { ...base, op: 'cancel', voucherId: fields.voucherId('voucherId') },
  receipts: (fields, base) => ({
    ...base,
    op: 'receipts',
    receipts: fields.frames('receipts', FRAME_LENGTH.receipt, RECEIPTS_MAX),
  }),
  balance: (fields, base) => ({ ...base, op: 'balance', walletId: fields.name('walletId') }),
  query: (fields, base) => ({ ...base, op: 'query', of: fields.name('of') }),
};

const isOp = (op: string): op is HandsetOp => Object.hasOwn(READERS, op);
