import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { bytesToHex, FRAME_LENGTH, TapwattError } from '@tapwatt/firmware-contracts';
import type { RedemptionStep } from '../http/services.ts';
import { connectGateway, type GatewayOptions, type Session } from './session.ts';

const MAX_FILE_BYTES = 4_096;

/** `redeem FILE`: presents a sealed voucher, 72 bytes or 144 hex digits. */
export async function redeemFile(session: Session, file: string, options: GatewayOptions): Promise<void> {
  const voucher = await readVoucher(session, file);
  const client = await connectGateway(session.edges, options);
  const answer = await client.post<{ status: string; steps: readonly RedemptionStep[] }>(
    '/api/v1/redemptions',
    { voucher },
  );
  const first = answer.steps[0]?.atMs ?? 0;
  const lines = answer.steps.map((step) =>
    [`${step.status.padEnd(9)} +${step.atMs - first} ms`, step.meterId && `meter ${step.meterId}`, step.txId]
      .filter(Boolean)
      .join('  '),
  );
  session.out.data(answer, lines.join('\n'));
  if (answer.status === 'pending')
    session.out.note('The meter is away; it gets the voucher when it says hello.');
  if (answer.status === 'on-meter')
    session.out.note('The meter has the credit; the ledger learns of it later.');
}

async function readVoucher({ edges }: Session, file: string): Promise<string> {
  const bytes = file === '-' ? await buffer(edges.stdin) : await readSmall(resolve(edges.cwd, file));
  if (bytes.length === FRAME_LENGTH.voucher) return bytesToHex(bytes);
  const text = bytes.toString('latin1').trim();
  if (/^[0-9a-fA-F]{144}$/.test(text)) return text.toLowerCase();
  throw new TapwattError('BAD_REQUEST', `${file} holds no voucher: 72 bytes, or 144 hex digits.`);
}

async function readSmall(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).size > MAX_FILE_BYTES)
      throw new TapwattError('BAD_REQUEST', `${path} is too long for a voucher.`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof TapwattError) throw error;
    throw new TapwattError('BAD_REQUEST', `${path} cannot be read.`, { cause: error });
  }
}
