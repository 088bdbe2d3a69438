import { bytesToHex, hexToBytes, TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from '../../edges/edges.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Logger } from '../../observability/logger.ts';
import type { LocalIssuer } from '../local-issuer.ts';
import type { Answer, AnswerOf, Question, QuestionOf } from './protocol.ts';

/** A time order may be off this process's own clock by so much, seconds: a gateway cannot set meters to any time it likes. */
const MAX_TIME_OFF_S = 120;

export interface AnswerPorts {
  readonly issuer: LocalIssuer;
  /** The issuer's own connection. */
  readonly ledger: Pick<Ledger, 'evaluate'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'error'>;
}

type Answers = { readonly [A in Question['ask']]: (question: QuestionOf<A>) => Promise<AnswerOf<A>> };

/** Questions whose answers a meter acts upon: each leaves a line in the log. */
const SEALS: ReadonlySet<Question['ask']> = new Set<Question['ask']>([
  'seal-voucher',
  'seal-void',
  'seal-order',
  'acknowledge',
  'time-order',
]);

/** Answers what gateways ask, one question at a time; a refusal is an answer too. */
export function createAnswerer(ports: AnswerPorts) {
  const answers = answersOf(ports);

  return async (gatewayId: string, question: Question): Promise<Answer> => {
    const { ask } = question;
    try {
      const answer = await (answers[ask] as (of: Question) => Promise<object>)(question);
      if (SEALS.has(ask)) ports.log.info({ gatewayId, ...named(question) }, `sealed: ${ask}`);
      return { ok: true, answer };
    } catch (error) {
      const { code, message } = error instanceof TapwattError ? error : new TapwattError('INTERNAL');
      if (code === 'INTERNAL') ports.log.error({ gatewayId, ask, err: error }, 'a question failed');
      else if (SEALS.has(ask)) ports.log.info({ gatewayId, ...named(question), code }, `refused: ${ask}`);
      return { ok: false, code, message };
    }
  };
}

/** What a line of the log says of a question: numbers and ids, never bytes. */
function named(question: Question): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(question).filter(([name]) => name !== 'frame' && name !== 'payloadHash'),
  );
}

function answersOf(ports: AnswerPorts): Answers {
  const { issuer } = ports;
  const framed = async (frame: Promise<Uint8Array>) => ({ frame: bytesToHex(await frame) });
  return {
    commitments: ({ payloadHash, ...of }) =>
      issuer.commitments({ ...of, payloadHash: hexToBytes(payloadHash) }),
    'order-commitments': ({ payloadHash, ...of }) =>
      issuer.orderCommitments({ ...of, payloadHash: hexToBytes(payloadHash) }),
    'seal-voucher': ({ voucherId }) => framed(issuer.sealVoucher(voucherId)),
    'seal-void': ({ voucherId }) => framed(issuer.sealVoid(voucherId)),
    'seal-order': ({ meterId }) => framed(issuer.sealOrder(meterId)),
    'read-voucher': async ({ frame }) => {
      await issuer.readVoucher(hexToBytes(frame));
      return {};
    },
    'read-receipt': async ({ frame }) => {
      const { proof } = await issuer.readReceipt(hexToBytes(frame));
      return proof === undefined ? {} : { proof };
    },
    'reading-keys': async ({ meterId, keyEpoch }) => {
      const { receipt, status } = issuer.readingKeys(meterId, keyEpoch);
      return { receipt: bytesToHex(receipt), status: bytesToHex(status) };
    },
    acknowledge: async (of) => {
      await refuseUnresolved(ports, of);
      return framed(issuer.acknowledge(of));
    },
    'time-order': async (of) => {
      refuseWrongTime(ports.clock, of);
      return framed(issuer.timeOrder(of));
    },
  };
}

/** A floor above the ledger's own would close the meter to vouchers that are open. */
async function refuseUnresolved(
  { ledger }: AnswerPorts,
  { meterId, keyEpoch, floorSeq }: QuestionOf<'acknowledge'>,
): Promise<void> {
  const meter = await ledger.evaluate('GetMeter', { meterId });
  if (meter === null) throw new TapwattError('METER_UNKNOWN');
  if (keyEpoch !== meter.keyEpoch || floorSeq > meter.floorSeq) {
    throw new TapwattError('METER_STATE', 'The ledger has not resolved what this acknowledges.');
  }
}

function refuseWrongTime(clock: Clock, { timeNo, time }: QuestionOf<'time-order'>): void {
  const nowS = Math.floor(clock.nowMs() / 1000);
  if (Math.abs(time - nowS) <= MAX_TIME_OFF_S && timeNo <= nowS + MAX_TIME_OFF_S) return;
  throw new TapwattError('FORBIDDEN', 'The issuer’s clock and the gateway’s are too far apart.');
}
