import { type MeterDetail, runQuery } from '@tapwatt/chaincode';
import { parseJws, signOrder, signRequest } from '@tapwatt/firmware-contracts';
import { createLocalIssuer } from '@tapwatt/gateway';
import { type Asked, type Books, LEDGER_ID, queryable } from './books.ts';
import type { BoundRequest } from './bound.ts';
import { EXPIRES_AT, ISSUED_AT } from './clocks.ts';
import { MASTER, signingKeyOf } from './keys.ts';

/** The issuer of production, over these books. */
export function issuerOver(books: Books) {
  const state = queryable(books);
  return createLocalIssuer(MASTER, { evaluate: (name, request) => runQuery(name, request, state) });
}

async function meterIn(books: Books, meterId: string): Promise<MeterDetail> {
  const meter = await runQuery('GetMeter', { meterId }, queryable(books));
  if (meter === null) throw new Error(`meter ${meterId} is not registered`);
  return meter;
}

interface Signed {
  readonly jws: string;
  readonly payloadHash: Uint8Array;
}

const signedBefore = new Map<string, Signed>();

/** The same bytes at each time of asking. */
function signedOnce(key: string, sign: () => string): Signed {
  const known = signedBefore.get(key);
  if (known !== undefined) return known;
  const jws = sign();
  const signed = { jws, payloadHash: parseJws(jws).payloadHash };
  signedBefore.set(key, signed);
  return signed;
}

function signedRequest({ requestId, meterId, amount, expires }: BoundRequest): Signed {
  const payload = {
    aud: LEDGER_ID,
    requestId,
    op: 'issue',
    at: ISSUED_AT,
    walletId: 'wallet',
    meterId,
    amount: `${amount}`,
    ...(expires === true ? { expiresAt: EXPIRES_AT } : {}),
    deliver: true,
  };
  const signer = { kid: 'phone', privateKey: signingKeyOf('phone') };
  return signedOnce(JSON.stringify(payload), () => signRequest(payload, signer));
}

/** The transaction that issues what a handset asked for, as the issuer proposes it to these books. */
export async function issueAsked(books: Books, request: BoundRequest): Promise<Asked<'IssueVouchers'>> {
  const { jws, payloadHash } = signedRequest(request);
  const { meterId, requestId } = request;
  const { keyEpoch, nextSeq: seq, floorSeq } = await meterIn(books, meterId);
  const commitments = await issuerOver(books).commitments({ meterId, keyEpoch, seq, payloadHash });
  const item = { jws, keyEpoch, seq, floorSeq, issuedAt: ISSUED_AT, ...commitments };
  return { name: 'IssueVouchers', request: { items: [item] }, by: 'gateway', txId: `issue-${requestId}` };
}

/** The order to end a meter's epoch, signed by the utility, with the issuer's commitment. */
export async function orderAsked(
  books: Books,
  order: {
    readonly name: 'RotateMeterKey' | 'CloseMeter';
    readonly meterId: string;
    readonly requestId: string;
  },
): Promise<Asked<'RotateMeterKey' | 'CloseMeter'>> {
  const { name, meterId, requestId } = order;
  const payload = {
    aud: LEDGER_ID,
    requestId,
    op: name,
    at: ISSUED_AT,
    request: { meterId, reason: 'model' },
  };
  const signer = { kid: 'discom', privateKey: signingKeyOf('discom') };
  const { jws, payloadHash } = signedOnce(JSON.stringify(payload), () => signOrder(payload, signer));
  const { keyEpoch } = await meterIn(books, meterId);
  const commitments = await issuerOver(books).orderCommitments({ meterId, keyEpoch, payloadHash });
  const request = { jws, keyEpoch, issuedAt: ISSUED_AT, ...commitments };
  return { name, request, by: 'gateway', txId: `order-${requestId}` };
}
