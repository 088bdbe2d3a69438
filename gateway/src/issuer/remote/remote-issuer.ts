import {
  bytesToHex,
  decodeReceipt,
  decodeStatus,
  decodeVoucher,
  equalConstantTime,
  hexToBytes,
  isAuthenticReceipt,
  isAuthenticStatus,
  TapwattError,
  type VoucherId,
} from '@tapwatt/firmware-contracts';
import type { Ledger } from '../../ledger/ledger.ts';
import { createRecentMap } from '../../recent-map.ts';
import type { AuthenticReceipt, Issuer } from '../issuer.ts';
import type { IssuerLine } from './issuer-line.ts';
import { createReadingKeys } from './reading-keys.ts';
import { createProofs } from './receipt-proof.ts';

/** Sealed frames that are remembered, 72 bytes each: a sweep asks for none of them again. */
const MAX_FRAMES = 20_000;
const NO_OPENING = new Uint8Array(32);

/**
 * The issuer of a gateway that holds no master key: a courier's view of it (DESIGN.md, principle 5). What is sealed is
 * asked of the issuer's own process, and remembered; what meters say is read here, with keys that can read and not seal.
 */
export function createRemoteIssuer(ports: {
  readonly line: IssuerLine;
  readonly ledger: Pick<Ledger, 'evaluate'>;
}): Issuer {
  const { line, ledger } = ports;
  const frames = createRecentMap<string, Uint8Array>(MAX_FRAMES);
  const keys = createReadingKeys(line);
  const proofs = createProofs(ledger);

  async function sealed(ask: 'seal-voucher' | 'seal-void', voucherId: string): Promise<Uint8Array> {
    const name = `${ask}~${voucherId}`;
    const known = frames.get(name);
    if (known !== undefined) return known;
    const frame = hexToBytes((await line.ask({ ask, voucherId })).frame);
    frames.set(name, frame);
    return frame;
  }

  const isSealed = (voucherId: string, frame: Uint8Array): boolean => {
    const known = frames.get(`seal-voucher~${voucherId}`);
    return known !== undefined && equalConstantTime(known, frame);
  };

  return {
    async commitments({ payloadHash, ...of }) {
      const answer = await line.ask({ ask: 'commitments', ...of, payloadHash: bytesToHex(payloadHash) });
      const { voucherId, fulfilHash, voidHash } = answer;
      proofs.remember(voucherId, { fulfil: fulfilHash, void: voidHash });
      return { voucherId: voucherId as VoucherId, fulfilHash, voidHash };
    },
    async orderCommitments({ payloadHash, ...of }) {
      const asked = { ask: 'order-commitments', ...of, payloadHash: bytesToHex(payloadHash) } as const;
      const { voucherId, closeHash } = await line.ask(asked);
      return { voucherId: voucherId as VoucherId, closeHash };
    },
    sealVoucher: (voucherId) => sealed('seal-voucher', voucherId),
    sealVoid: (voucherId) => sealed('seal-void', voucherId),
    sealOrder: async (meterId) => hexToBytes((await line.ask({ ask: 'seal-order', meterId })).frame),

    async readVoucher(frame) {
      const decoded = decodeVoucher(frame);
      if (!decoded.ok) throw new TapwattError('BAD_FORMAT');
      const { fields } = decoded;
      if (isSealed(fields.voucherId, frame)) return fields;
      // While nobody can tell, the meter is the judge: it takes nothing that was not sealed with its key.
      const asked = line.ask({ ask: 'read-voucher', frame: bytesToHex(frame) });
      const isChecked = await asked.then(() => true, falseIfAway);
      return isChecked ? fields : { ...fields, isUnchecked: true };
    },

    async readReceipt(frame) {
      const decoded = decodeReceipt(frame);
      if (!decoded.ok) throw new TapwattError('BAD_FORMAT');
      const { fields } = decoded;
      const own = await keys.of(String(fields.meterId), fields.keyEpoch);
      if (!isAuthenticReceipt(frame, own)) throw new TapwattError('BAD_MAC');
      if (equalConstantTime(fields.opening, NO_OPENING)) return { fields };
      const found = await proofs.of(fields);
      const proof = found === 'unknown' ? await askedProof(frame) : found;
      return proof === undefined || proof === 'nothing' ? { fields } : { fields, proof };
    },

    async readStatus(frame) {
      const decoded = decodeStatus(frame);
      if (!decoded.ok) throw new TapwattError('BAD_FORMAT');
      const { meterId, keyEpoch } = decoded.fields;
      if (!isAuthenticStatus(frame, await keys.of(String(meterId), keyEpoch)))
        throw new TapwattError('BAD_MAC');
      return decoded.fields;
    },

    acknowledge: async (of) => hexToBytes((await line.ask({ ask: 'acknowledge', ...of })).frame),
    timeOrder: async (of) => hexToBytes((await line.ask({ ask: 'time-order', ...of })).frame),
    async meterRoot() {
      throw new TapwattError('NOT_ISSUER', 'Root keys are shown where the master key is: tapwatt key root.');
    },
  };

  async function askedProof(frame: Uint8Array): Promise<AuthenticReceipt['proof']> {
    return (await line.ask({ ask: 'read-receipt', frame: bytesToHex(frame) })).proof;
  }
}

function falseIfAway(error: unknown): false {
  if (error instanceof TapwattError && error.code === 'ISSUER_UNAVAILABLE') return false;
  throw error;
}
