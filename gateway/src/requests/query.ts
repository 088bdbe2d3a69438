import type { VoucherRecord } from '@tapwatt/chaincode';
import { bytesToHex, ERRORS, isVoucherId, TapwattError } from '@tapwatt/firmware-contracts';
import type { RequestOf } from './authenticate.ts';
import type { JournalEntry } from './journal.ts';
import type { DeskPorts } from './ports.ts';
import { answerOf, endOfVoucher } from './voucher-progress.ts';

/**
 * `query`: the newest status of a request or a voucher of the same agent. Throws REQUEST_UNKNOWN, VOUCHER_UNKNOWN; and
 * LEDGER_UNAVAILABLE, for a ledger that is away may know what nobody else does.
 */
export async function answerQuery(ports: DeskPorts, request: RequestOf<'query'>): Promise<void> {
  const { handsetId, requestId, payload } = request;
  // A requestId may look like a voucher's id.
  const answer =
    (await statusOfRequest(ports, request)) ??
    (await statusOfVoucher(ports, request, { voucherId: payload.of, asks: 'credit' }));
  ports.outbox.answer(handsetId, { requestId, ...answer });
}

async function statusOfRequest(ports: DeskPorts, request: RequestOf<'query'>) {
  const { handsetId, payload } = request;
  const asked = await ports.ledger.evaluate('GetRequest', { kid: handsetId, requestId: payload.of });
  const noted = ports.journal.find(handsetId, payload.of);
  // What the ledger knows of a request counts, whatever this gateway had refused: another one may have had another policy.
  const refused = asked === null ? refusalOf(noted) : asked.refused;
  if (refused !== undefined) return { status: 'refused', ...refused } as const;
  const voucherId = asked?.voucherId ?? noted?.voucherId;
  if (voucherId === undefined) return asked?.op === 'cancel' ? ({ status: 'abandoned' } as const) : undefined;
  return statusOfVoucher(ports, request, { voucherId, asks: asked?.op === 'cancel' ? 'void' : 'credit' });
}

const refusalOf = (noted: JournalEntry | undefined) =>
  noted?.refused === undefined ? undefined : { code: noted.refused, message: ERRORS[noted.refused].meaning };

async function statusOfVoucher(
  ports: DeskPorts,
  { agentId }: RequestOf<'query'>,
  { voucherId, asks }: { readonly voucherId: string; readonly asks: 'credit' | 'void' },
) {
  if (!isVoucherId(voucherId)) throw new TapwattError('REQUEST_UNKNOWN');
  const record = await ports.ledger.evaluate('CheckVoucher', { voucherId });
  if (record === null || record.agentId !== agentId) throw new TapwattError('VOUCHER_UNKNOWN');
  return endOfVoucher(record, asks) ?? (await statusOfOpen(ports, record));
}

async function statusOfOpen(ports: DeskPorts, record: VoucherRecord) {
  const { voucherId, meterId } = record;
  const underWay = ports.redemptions.progress(meterId, voucherId);
  if (underWay !== undefined) return answerOf(underWay);
  const voucher = bytesToHex(await ports.issuer.sealVoucher(voucherId));
  return { status: 'issued', voucherId, voucher } as const;
}
