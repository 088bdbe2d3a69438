import type { Clock } from '../../edges/edges.ts';
import type { ChainHead } from './committed-transaction.ts';
import type { FabricLedger } from './fabric-ledger.ts';

/** How often a peer is asked how far the channel is, ms. */
const EVERY_MS = 2_000;

/** Whether the network answers, and how far it is. */
export interface ChainWatch {
  readonly isReached: boolean;
  readonly head: ChainHead | undefined;
  stop(): void;
}

/** Asks again and again; tells of each failure, and once when the network is back. */
export function watchChain(
  ledger: Pick<FabricLedger, 'head'>,
  clock: Clock,
  onChange: (isReached: boolean, error?: unknown) => void,
): ChainWatch {
  let isReached = true;
  let head: ChainHead | undefined;
  let stopped = false;
  let cancel = (): void => undefined;

  const tell = (now: boolean, error?: unknown): void => {
    const isNews = !now || !isReached;
    isReached = now;
    if (isNews && !stopped) onChange(now, error);
  };
  const ask = async (): Promise<void> => {
    try {
      head = await ledger.head();
      tell(true);
    } catch (error) {
      tell(false, error);
    }
    if (!stopped) cancel = clock.after(EVERY_MS, () => void ask());
  };
  void ask();

  return {
    get isReached() {
      return isReached;
    },
    get head() {
      return head;
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
