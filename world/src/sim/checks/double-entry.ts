import type { World } from '../world.ts';

interface Posting {
  readonly account: string;
  readonly entries: readonly { readonly debit: string; readonly credit: string }[];
}

interface OpenAmount {
  readonly amount: string;
}

const OPEN: ReadonlySet<string> = new Set(['ISSUED', 'CANCELLING']);

/**
 * I1 after every commit, kept up with what it wrote: what is owed to wallets is what the other accounts have, the utility's
 * commission balances by itself, and what is on hold is what open vouchers are worth, by themselves and by their meters' lists.
 */
export class DoubleEntry {
  readonly #world: World;
  /** What each key counts in its sum, so that a key written again replaces what it was. */
  readonly #counted = new Map<string, bigint>();
  /** Debits less credits, by account; wallets are one. */
  readonly #sums = new Map<string, bigint>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Everything is counted anew: the ledger is another one from now on. */
  forget(): void {
    this.#counted.clear();
    this.#sums.clear();
  }

  /** What another ledger has counted so far. */
  become(other: DoubleEntry): void {
    this.forget();
    for (const [key, amount] of other.#counted) this.#counted.set(key, amount);
    for (const [sum, amount] of other.#sums) this.#sums.set(sum, amount);
  }

  /** The writes of one durable commit, whole. */
  committed(writes: readonly (readonly [key: string, record: unknown])[]): void {
    for (const [key, record] of writes) {
      if (key.startsWith('ACC~')) this.#countWallet(key, record as { readonly balance: string });
      else if (key.startsWith('POST~')) this.#countPosting(key, record as Posting);
      else if (key.startsWith('VCH~')) this.#countVoucher(key, record as OpenAmount & { status: string });
      else if (key.startsWith('MTR~')) this.#countMeter(key, record as { open: readonly OpenAmount[] });
    }
    this.#check();
  }

  #of(sum: string): bigint {
    return this.#sums.get(sum) ?? 0n;
  }

  #count(sum: string, key: string, amount: bigint): void {
    this.#sums.set(sum, this.#of(sum) + amount - (this.#counted.get(key) ?? 0n));
    this.#counted.set(key, amount);
  }

  #countWallet(key: string, { balance }: { readonly balance: string }): void {
    const amount = BigInt(balance);
    if (amount < 0n) this.#world.violated('I1', `${key} stands at ${balance}`);
    this.#count('wallets', key, -amount);
  }

  #countPosting(key: string, { account, entries }: Posting): void {
    const sum = entries.reduce((total, { debit, credit }) => total + BigInt(debit) - BigInt(credit), 0n);
    this.#count(account.startsWith('receivable.') ? 'receivable' : account, key, sum);
  }

  #countVoucher(key: string, { status, amount }: OpenAmount & { readonly status: string }): void {
    this.#count('open', key, OPEN.has(status) ? BigInt(amount) : 0n);
  }

  #countMeter(key: string, { open }: { readonly open: readonly OpenAmount[] }): void {
    this.#count(
      'listed',
      key,
      open.reduce((total, { amount }) => total + BigInt(amount), 0n),
    );
  }

  #check(): void {
    const [bank, receivable, suspense] = [this.#of('bank'), this.#of('receivable'), this.#of('suspense')];
    const owed = -(this.#of('wallets') + this.#of('hold') + this.#of('meter-credit') + this.#of('clearing'));
    this.#same(['bank, receivables, suspense', bank + receivable + suspense], ['what is owed', owed]);
    this.#same(['commission', this.#of('commission-expense')], ['payable', -this.#of('commission-payable')]);
    this.#same(['on hold', -this.#of('hold')], ['in open vouchers', this.#of('open')]);
    this.#same(['in open vouchers', this.#of('open')], ['listed by meters', this.#of('listed')]);
  }

  #same([what, sum]: readonly [string, bigint], [other, otherSum]: readonly [string, bigint]): void {
    if (sum !== otherSum) this.#world.violated('I1', `${what}: ${sum}; ${other}: ${otherSum}`);
  }
}
