import type { VoucherRecord } from '@tapwatt/chaincode';
import { bytesToHex, isVoucherId, TapwattError } from '@tapwatt/firmware-contracts';
import type { RequestOf } from './authenticate.ts';
import type { DeskPorts } from './ports.ts';
import { answerOf, endOfVoucher } from './voucher-progress.ts';

/** `query`: the newest status of a request or a voucher of the same agent. Throws REQUEST_UNKNOWN, VOUCHER_UNKNOWN. */
export async function answerQuery(ports: DeskPorts, request: RequestOf<'query'>): Promise<void> {
  const { handsetId, requestId, payload } = request;
  const answer = isVoucherId(payload.of)
    ? await statusOfVoucher(ports, request, payload.of)
    : await statusOfRequest(ports, request);
  ports.outbox.answer(handsetId, { requestId, ...answer });
}

async function statusOfRequest(ports: DeskPorts, request: RequestOf<'query'>) {
  const { handsetId, payload } = request;
  const asked = await ports.requestOnLedger(handsetId, payload.of);
  if (asked?.refused !== undefined) return { status: 'refused', ...asked.refused } as const;
  const voucherId = asked?.voucherId ?? ports.journal.find(handsetId, payload.of)?.voucherId;
  if (voucherId === undefined) throw new TapwattError('REQUEST_UNKNOWN');
  return statusOfVoucher(ports, request, voucherId);
}

async function statusOfVoucher(ports: DeskPorts, request: RequestOf<'query'>, voucherId: string) {
  const record = await ports.ledger.evaluate('CheckVoucher', { voucherId });
  if (record === null || record.agentId !== request.agentId) throw new TapwattError('VOUCHER_UNKNOWN');
  return endOfVoucher(record, 'credit') ?? (await statusOfOpen(ports, record));
}

async function statusOfOpen(ports: DeskPorts, record: VoucherRecord) {
  const { voucherId, meterId } = record;
  const underWay = ports.redemptions.progress(meterId, voucherId);
  if (underWay !== undefined) return answerOf(underWay);
  const voucher = bytesToHex(await ports.issuer.sealVoucher(voucherId));
  return { status: 'issued', voucherId, voucher } as const;
}
