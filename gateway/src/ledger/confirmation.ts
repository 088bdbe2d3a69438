import { LedgerUnavailable } from './errors.ts';
import type { Ledger } from './ledger.ts';

/** Whether the ledger is the one that this gateway belongs to. */
export interface Confirmation {
  /** Asks it, once; throws what the check threw, and asks again after a `LedgerUnavailable`. */
  confirm(): Promise<void>;
}

/** `check` may be run again. `onWrong` hears of anything but a ledger that is away. */
export function createConfirmation(
  check: () => Promise<void>,
  onWrong: (error: unknown) => void,
): Confirmation {
  let confirming: Promise<void> | undefined;

  async function ask(): Promise<void> {
    try {
      await check();
    } catch (error) {
      if (error instanceof LedgerUnavailable) confirming = undefined;
      else onWrong(error);
      throw error;
    }
  }

  return {
    confirm() {
      confirming ??= ask();
      return confirming;
    },
  };
}

/**
 * A ledger that is asked nothing, and told nothing, before it was confirmed: a gateway that started while it was away must not
 * spend anybody's money on another one, or with another master key. Its events are hints and may be heard before.
 */
export function onceConfirmed(ledger: Ledger, { confirm }: Confirmation): Ledger {
  async function confirmed(): Promise<void> {
    try {
      await confirm();
    } catch (cause) {
      if (cause instanceof LedgerUnavailable) throw cause;
      throw new LedgerUnavailable('The ledger is not the one that this gateway belongs to.', { cause });
    }
  }
  return {
    async submit(name, request, options) {
      await confirmed();
      return ledger.submit(name, request, options);
    },
    async evaluate(name, request) {
      await confirmed();
      return ledger.evaluate(name, request);
    },
    async lookup(txId) {
      await confirmed();
      return ledger.lookup(txId);
    },
    events: (fromBlock, signal) => ledger.events(fromBlock, signal),
    close: () => ledger.close(),
  };
}
