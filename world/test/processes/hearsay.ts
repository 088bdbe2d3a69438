import { ERRORS, isFinalStatus, type RequestResult } from '@tapwatt/firmware-contracts';
import { type ClientHistory, createClientHistory } from '../../src/history/client-history.ts';
import type { Made, SimulatorLine } from './simulator-line.ts';

const CREDITED: ReadonlySet<string> = new Set(['on-meter', 'settled', 'redeemed']);

/** What a simulator process told over all its lives, which outlives every one of them. */
export interface Hearsay {
  take(line: SimulatorLine): void;
  readonly history: ClientHistory;
  /** Answers that reached a handset. */
  readonly answers: number;
  /** How often a meter could not write. */
  readonly memoryFailures: number;
  /** Requests that were made and have no final answer. */
  outstanding(): readonly string[];
}

export function createHearsay(): Hearsay {
  const history = createClientHistory();
  const ops = new Map<string, string>();
  const open = new Set<string>();
  const endsIssuedOf = new Map<string, boolean>();
  const vouchers = new Map<string, string>();
  const credited = new Set<string>();
  let answers = 0;
  let memoryFailures = 0;

  /** Across the lives of a handset, which itself forgets what it heard. */
  const contradicts = ({ requestId, status, voucherId }: RequestResult): boolean => {
    const before = vouchers.get(requestId);
    if (before !== undefined && voucherId !== undefined && before !== voucherId) return true;
    return status === 'refused' && credited.has(requestId);
  };

  const make = ({ requestId, op, endsIssued }: Made): void => {
    if (ops.has(requestId)) return;
    ops.set(requestId, op);
    endsIssuedOf.set(requestId, endsIssued);
    open.add(requestId);
  };

  const hear = (result: RequestResult): void => {
    answers += 1;
    const { requestId } = result;
    const op = ops.get(requestId);
    if (op === undefined || isNotNow(result)) return;
    if (contradicts(result)) {
      history.contradicted(requestId);
      process.stderr.write(
        `${op} ${requestId}, of ${vouchers.get(requestId)}, was told ${JSON.stringify(result)}\n`,
      );
    }
    if (result.voucherId !== undefined) vouchers.set(requestId, result.voucherId);
    if (CREDITED.has(result.status)) credited.add(requestId);
    history.hear(op, result);
    const isGot = endsIssuedOf.get(requestId) === true && result.voucher !== undefined;
    if (isFinalStatus(result.status) || isGot) open.delete(requestId);
  };

  return {
    take(line) {
      if (line.type === 'made') make(line);
      if (line.type === 'heard') hear(line.result);
      if (line.type === 'contradicted') {
        history.contradicted(line.requestId);
        process.stderr.write(`${line.requestId} was told the contrary\n`);
      }
      if (line.type === 'memory-failed') memoryFailures += 1;
    },
    history,
    get answers() {
      return answers;
    },
    get memoryFailures() {
      return memoryFailures;
    },
    outstanding: () => [...open].map((requestId) => `${ops.get(requestId)} ${requestId}`),
  };
}

const isNotNow = ({ status, code }: RequestResult): boolean =>
  status === 'refused' && code !== undefined && ERRORS[code].retry === 'same';
