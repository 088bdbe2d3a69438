import type { Command } from 'commander';
import { type Builder, command, ordered } from './define-command.ts';
import type { OrderOptions } from './order-session.ts';
import type { ReasonOptions, Suspendable } from './supervision-orders.ts';

const load = () => import('./supervision-orders.ts');

const reasoned =
  (as: string) =>
  (made: Command): Command =>
    ordered(as)(made).requiredOption('--reason <text>', 'why; the ledger keeps it');

/** `suspend` and `lift` of a group; `as` signs unless another party is named. */
export function suspensionCommands(build: Builder, parent: Command, what: Suspendable, as: string): void {
  const id = what === 'meter' ? '<number>' : '<id>';
  for (const suspended of [true, false]) {
    const shape = {
      name: `${suspended ? 'suspend' : 'lift'} ${id}`,
      about: suspended ? SUSPENDED_MEANS[what] : 'lift a suspension',
      options: reasoned(as),
    };
    command<ReasonOptions>(build, parent, shape, async (session, given, [id = '']) =>
      (await load()).setSuspended(session, { what, id, suspended }, given),
    );
  }
}

const SUSPENDED_MEANS: Readonly<Record<Suspendable, string>> = {
  meter: 'issue nothing for it, and let it halt nobody',
  handset: 'lost or stolen: it logs in nowhere and spends nothing',
  agent: 'none of its handsets spends anything',
  agency: 'it orders nothing, and its agents spend nothing',
  gateway: 'nothing is issued, settled or sealed for it',
};

export function endOfEpochCommands(build: Builder, meter: Command): void {
  const renew = {
    name: 'renew-key <number>',
    about: 'have it move to a new key epoch; issue nothing until it has',
    options: reasoned('discom'),
  };
  command<ReasonOptions>(build, meter, renew, async (session, given, [meterId = '']) =>
    (await load()).endEpoch(session, { name: 'RotateMeterKey', meterId }, given),
  );
  const close = {
    name: 'close <number>',
    about: 'for ever: it opens its relay and takes no more credit',
    options: reasoned('discom'),
  };
  command<ReasonOptions>(build, meter, close, async (session, given, [meterId = '']) =>
    (await load()).endEpoch(session, { name: 'CloseMeter', meterId }, given),
  );
}

export function voucherOrderCommands(build: Builder, voucher: Command): void {
  const cancel = {
    name: 'cancel <id>',
    about: 'have its meter void it; the money comes back when it has',
    options: reasoned('discom'),
  };
  command<ReasonOptions>(build, voucher, cancel, async (session, given, [id = '']) =>
    (await load()).cancelVoucher(session, id, given),
  );
  const release = {
    name: 'release <id>',
    about: 'give back a cancelled voucher’s money without proof; a second party must say the same',
    options: reasoned('discom'),
  };
  command<ReasonOptions>(build, voucher, release, async (session, given, [id = '']) =>
    (await load()).releaseVoucher(session, id, given),
  );
}

export function walletOrderCommands(build: Builder, wallet: Command): void {
  for (const frozen of [true, false]) {
    const shape = {
      name: `${frozen ? 'freeze' : 'thaw'} <id>`,
      about: frozen ? 'it takes money and spends none' : 'let a frozen wallet spend again',
      options: ordered('agency'),
    };
    command<OrderOptions>(build, wallet, shape, async (session, given, [walletId = '']) =>
      (await load()).setFrozen(session, { walletId, frozen }, given),
    );
  }
  const close = {
    name: 'close <id>',
    about: 'for ever, and pay out its balance; again: what came back since',
    options: ordered('discom'),
  };
  command<OrderOptions>(build, wallet, close, async (session, given, [walletId = '']) =>
    (await load()).closeWallet(session, walletId, given),
  );
}
