import type { IssueItem } from '../protocol/transactions.ts';
import { readRequest } from '../validate.ts';

/** One item of IssueVouchers as the issuer proposes it; throws BAD_REQUEST. */
export const readIssueItem = (item: unknown): IssueItem =>
  readRequest(item, (fields) => ({
    jws: fields.jws('jws'),
    keyEpoch: fields.integer('keyEpoch', 1, 0xffff),
    seq: fields.integer('seq', 1),
    floorSeq: fields.integer('floorSeq', 1),
    voucherId: fields.voucherId('voucherId'),
    fulfilHash: fields.hex('fulfilHash', 32),
    voidHash: fields.hex('voidHash', 32),
    issuedAt: fields.integer('issuedAt', 0),
  }));
