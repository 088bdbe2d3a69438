import type { LedgerFacts } from './ledger-facts.ts';
import type { MeterFacts } from './meter-states.ts';
import type { Soup } from './soups.ts';
import type { Row, TownModel } from './town-model.ts';

interface Seen {
  readonly model: TownModel;
  readonly ledger: LedgerFacts;
  readonly meter: MeterFacts;
  readonly soup: Soup;
  /** Which meter of the bound. */
  readonly index: number;
  readonly restored: boolean;
}

type Check = (seen: Seen) => string | undefined;

/** The first invariant of DESIGN.md that a state breaks, in words; undefined when all hold. */
export function violationIn(model: TownModel, row: Row): string | undefined {
  const ledger = model.ledger.facts(model.ledgerOf(row));
  if (ledger.problem !== undefined) return ledger.problem;
  const restored = model.wasRestored(row);
  let credited = 0;
  for (let index = 0; index < model.bound.meters.length; index += 1) {
    const meter = model.meters.at(model.meterOf(row, index));
    const soup = model.soups.at(model.soupOf(row, index));
    const seen = { model, ledger, meter, soup, index, restored };
    for (const check of CHECKS) {
      const wrong = check(seen);
      if (wrong !== undefined) return wrong;
    }
    credited |= meter.credited;
  }
  return endedOtherwise(model, ledger, credited);
}

/** REDEEMED means credited, VOIDED never, whatever was restored. */
function endedOtherwise(model: TownModel, ledger: LedgerFacts, credited: number): string | undefined {
  const unpaid = ledger.redeemed & ~credited;
  if (unpaid !== 0) return `I3: REDEEMED and never credited: ${model.names.labels(unpaid)}`;
  const free = ledger.never & credited;
  if (free !== 0)
    return `I3: credited, and its money was given back as if it could never be: ${model.names.labels(free)}`;
  return undefined;
}

const CHECKS: readonly Check[] = [
  ({ meter }) => meter.problem,

  ({ model, soup: { fulfilled, voided } }) =>
    (fulfilled & voided) === 0
      ? undefined
      : `F and V of one voucher were revealed: ${model.names.labels(fulfilled & voided)}`,

  ({ model, soup, meter }) => {
    const uncredited = soup.fulfilled & ~meter.credited;
    return uncredited === 0
      ? undefined
      : `F was revealed without a credit: ${model.names.labels(uncredited)}`;
  },

  ({ model, soup, meter }) => {
    const credited = soup.voided & meter.credited;
    return credited === 0
      ? undefined
      : `V was revealed of a credited voucher: ${model.names.labels(credited)}`;
  },

  ({ soup, meter }) =>
    meter.lostMemory || soup.ended >> meter.keyEpoch === 0
      ? undefined
      : `ended epoch: C was revealed of an epoch that the meter is still in`,

  ({ model, soup: { reusedSeq } }) =>
    reusedSeq === undefined || model.bound.restore === 'cloned'
      ? undefined
      : `one seq, two vouchers: ${reusedSeq}`,

  ({ ledger, index, meter, restored }) => {
    const account = ledger.accounts[index];
    if (account === undefined || meter.lostMemory) return undefined;
    if (account.settled > meter.cumulative)
      return `I2: settled ${account.settled}, and the register says ${meter.cumulative}`;
    const isTooMuch = !restored && meter.cumulative > account.accountable;
    return isTooMuch
      ? `I2: the register says ${meter.cumulative}, and only ${account.accountable} is accounted for`
      : undefined;
  },

  ({ ledger, index, meter, restored }) => {
    const account = ledger.accounts[index];
    if (account === undefined || restored || meter.keyEpoch !== account.record.keyEpoch) return undefined;
    return meter.floorSeq > account.lowestOpen
      ? `floor: the meter’s floor is ${meter.floorSeq}, and seq ${account.lowestOpen} is still open`
      : undefined;
  },
];

/** What a restored ledger forgot must stay to be found, also when couriers have lost all: F can still be shown. */
export function forgottenIn(model: TownModel, row: Row): string | undefined {
  if (!model.wasRestored(row)) return undefined;
  const { found } = model.ledger.facts(model.ledgerOf(row));
  for (let index = 0; index < model.bound.meters.length; index += 1) {
    const { fulfilled } = model.soups.at(model.soupOf(row, index));
    const lost = model.meters.at(model.meterOf(row, index)).credited & ~found & ~fulfilled;
    if (lost !== 0) return `I2: credited, forgotten, and nothing shows it: ${model.names.labels(lost)}`;
  }
  return undefined;
}

/** Nothing is left to do: no voucher is open, and what is settled is what the meters' registers say. */
export function isAtRest(model: TownModel, row: Row): boolean {
  const { accounts } = model.ledger.facts(model.ledgerOf(row));
  return accounts.every(({ record, settled }, index) => {
    const meter = model.meters.at(model.meterOf(row, index));
    return meter.lostMemory || (record.open.length === 0 && settled === meter.cumulative);
  });
}
