import type { QueryName } from '@tapwatt/chaincode';
import { type Ledger, LedgerUnavailable, startIssuer } from '@tapwatt/gateway';

/**
 * `tapwatt issuer` with its ledger connection over the channel to the process that started it: an embedded ledger is open
 * in one process only.
 */
if (process.send === undefined) throw new Error('Start it with a channel.');

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

const asked = new Map<number, PromiseWithResolvers<unknown>>();
let last = 0;

const evaluate = (name: QueryName, request: unknown): Promise<unknown> => {
  const answer = Promise.withResolvers<unknown>();
  last += 1;
  asked.set(last, answer);
  process.send?.({ id: last, name, request });
  return answer.promise;
};

process.on('message', (message: Reply | { readonly config: Parameters<typeof startIssuer>[0] }) => {
  if ('config' in message) return void start(message.config);
  const waiting = asked.get(message.id);
  asked.delete(message.id);
  if (message.error === undefined) waiting?.resolve(message.result);
  else waiting?.reject(new LedgerUnavailable(message.error));
});
process.on('disconnect', () => process.exit(0));

async function start(config: Parameters<typeof startIssuer>[0]): Promise<void> {
  const ledger = { evaluate: evaluate as Ledger['evaluate'], close: async () => undefined };
  const logDestination = { write: (line: string) => void process.stderr.write(line) };
  const { port } = await startIssuer(config, { logDestination, openLedger: async () => ledger });
  process.send?.({ port });
}
