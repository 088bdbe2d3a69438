import type { LedgerEvent } from '@tapwatt/chaincode';
import { type Clock, pause } from '../edges/edges.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CatchUp } from './catch-up.ts';
import type { Presenter } from './presenter.ts';
import type { Redemptions } from './redemptions.ts';

/** By then this gateway knows of all that it did itself; what it does not know was done by another. ms */
const HINT_DELAY_MS = 250;
/** A stream of events that ended is asked for again after so long, ms. */
const RETRY_MS = 1_000;
/** Hints that wait; one more is left to the sweep. */
const MAX_HINTS = 20_000;

export interface LedgerFollowerPorts {
  readonly ledger: Pick<Ledger, 'events'>;
  readonly redemptions: Pick<Redemptions, 'progress' | 'isReachable'>;
  readonly presenter: Pick<Presenter, 'enqueue'>;
  readonly catchUp: CatchUp;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown, doing: string) => void;
}

/** Something that another gateway may have brought to the ledger. */
interface Hint {
  readonly meterId: string;
  /** Absent where it is the meter itself that changed. */
  readonly voucherId?: string;
  /** `open`: there is something to show to the meter. `ended`: a voucher that may wait here waits no more. */
  readonly what: 'open' | 'ended';
}

/**
 * Hears from the ledger what other gateways do: a voucher issued there for a meter that is here, the end of one that is
 * waited for here. A hint only, which may be lost: the sweep finds the same (DESIGN.md, principle 2).
 */
export function createLedgerFollower(ports: LedgerFollowerPorts) {
  const { redemptions, presenter, clock, signal, onError } = ports;
  let waiting = 0;

  function act({ meterId, voucherId, what }: Hint): void {
    const progress = voucherId === undefined ? undefined : redemptions.progress(meterId, voucherId);
    if (what === 'ended') {
      if (voucherId === undefined || progress === undefined) return;
      ports.catchUp(voucherId).catch((error) => onError(error, `look up how voucher ${voucherId} ended`));
      return;
    }
    if (progress?.status === 'cancelling') return;
    if (redemptions.isReachable(meterId)) presenter.enqueue(meterId);
  }

  function take(hint: Hint): void {
    if (waiting >= MAX_HINTS) return;
    waiting += 1;
    clock.after(HINT_DELAY_MS, () => {
      waiting -= 1;
      if (!signal.aborted) act(hint);
    });
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const event of ports.ledger.events('now', signal))
          for (const hint of hintsOf(event)) take(hint);
      } catch (error) {
        onError(error, 'follow the events of the ledger');
      }
      await pause(clock, RETRY_MS, signal);
    }
  }

  return { start: (): void => void follow() };
}

function hintsOf(event: LedgerEvent): readonly Hint[] {
  switch (event.name) {
    case 'VouchersIssued':
      return event.payload.items.flatMap(({ meterId, voucherId, deliver }) =>
        deliver ? [{ meterId, voucherId, what: 'open' as const }] : [],
      );
    case 'ReceiptsSettled':
      return event.payload.items.map(({ meterId, voucherId }) => ({ meterId, voucherId, what: 'ended' }));
    case 'VoucherChanged': {
      const { meterId, voucherId, status } = event.payload;
      return [{ meterId, voucherId, what: status === 'CANCELLING' ? 'open' : 'ended' }];
    }
    case 'MeterChanged':
      return [{ meterId: event.payload.meterId, what: 'open' }];
    default:
      return [];
  }
}
