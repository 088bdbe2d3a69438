import { bad, PayloadFields } from './fields.ts';
import { type JwsSigner, type ParsedJws, parseJws, signJws } from './jws.ts';
import type { JsonObject } from './strict-json.ts';

/**
 * An administrative order signed by a role's key (discom, bank, agency …): the JWS shape of a handset's request around
 * one ledger transaction. Its `op` starts with a capital letter and a handset's never does, so neither passes for the other.
 */
export interface Order {
  readonly aud: string;
  readonly requestId: string;
  /** The ledger transaction's name. */
  readonly op: string;
  /** Unix seconds, informative. */
  readonly at: number;
  readonly request: JsonObject;
}

export type ParsedOrder = ParsedJws<Order>;

const TRANSACTION_NAME = /^[A-Z][A-Za-z]{0,63}$/;

/** The compact JWS of an order; the payload is not checked. */
export const signOrder = (payload: object, signer: JwsSigner): string => signJws(payload, signer);

/** An order by the strict rules of a handset's request; throws BAD_REQUEST naming the field. */
export const parseOrder = (jws: string): ParsedOrder => {
  const parsed = parseJws(jws);
  return { ...parsed, payload: readOrder(parsed.payload) };
};

const readOrder = (payload: JsonObject): Order => {
  const fields = new PayloadFields(payload);
  const order = {
    aud: fields.name('aud'),
    requestId: fields.name('requestId'),
    op: fields.text('op'),
    at: fields.time('at'),
    request: fields.object('request'),
  };
  fields.end();
  if (!TRANSACTION_NAME.test(order.op)) throw bad('op', 'must be the name of a transaction');
  return order;
};
