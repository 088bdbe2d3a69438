import { TapwattError } from '@tapwatt/firmware-contracts';
import type { RequestOf } from './authenticate.ts';
import type { DeskPorts } from './ports.ts';

/** `balance` of a wallet of the handset's own agent. Throws SUSPENDED, or WALLET_UNKNOWN, also for somebody else's wallet. */
export async function answerBalance(ports: DeskPorts, request: RequestOf<'balance'>): Promise<void> {
  const { handsetId, agentId, requestId, payload } = request;
  if (request.isSuspended) throw new TapwattError('SUSPENDED');
  const wallet = await ports.ledger.evaluate('GetWallet', { walletId: payload.walletId });
  if (wallet === null || wallet.agentId !== agentId) throw new TapwattError('WALLET_UNKNOWN');
  const { balance, held } = wallet;
  ports.outbox.answer(handsetId, { requestId, status: 'ok', balance, held });
}
