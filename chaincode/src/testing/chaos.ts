import { bytesToHex, decodeReceipt, hexToBytes, RESULT } from '@tapwatt/firmware-contracts';
import type { IssueItem, VoucherRecord } from '../index.ts';
import { Town } from './town.ts';

/** One step of a random life; `pick` chooses among whatever there is at that moment. */
export type Step =
  | { readonly do: 'buy'; readonly meterId: string; readonly amount: number }
  | {
      readonly do: 'buy-again' | 'credit' | 'void' | 'cancel' | 'release' | 'settle' | 'settle-many';
      readonly pick: number;
    }
  | { readonly do: 'lie'; readonly pick: number; readonly opening: number }
  | {
      readonly do: 'order' | 'show-order' | 'withdraw' | 'restored-issuer' | 'read';
      readonly meterId: string;
    }
  | { readonly do: 'resume'; readonly quarantine: boolean }
  | { readonly do: 'restore' };

/** Random lives of a town: couriers that repeat, reorder, lie and forget, an issuer from another ledger, two people who release. */
export class Chaos {
  readonly town: Town;
  /** What the meters really did. */
  readonly credited = new Set<string>();
  readonly voided = new Set<string>();
  readonly #items: IssueItem[] = [];
  /** Those that were carried out, or refused for ever. */
  readonly #decided = new Set<IssueItem>();
  readonly #vouchers: string[] = [];
  readonly #frames = new Map<string, Uint8Array>();
  readonly #receipts: string[] = [];
  readonly #orders = new Map<string, string>();
  #count = 0;

  private constructor(town: Town) {
    this.town = town;
  }

  static async begin(): Promise<Chaos> {
    return new Chaos(await Town.open());
  }

  async take(step: Step): Promise<void> {
    this.#count += 1;
    switch (step.do) {
      case 'buy':
        return this.#buy(step.meterId, `${step.amount}`);
      case 'buy-again':
        return this.#buyAgain(step.pick);
      case 'credit':
        return this.#withVoucher(step.pick, async (id) => this.#show(id, this.#frames.get(id)));
      case 'void':
        return this.#withVoucher(step.pick, async (id) => this.#show(id, await this.town.sealVoid(id)));
      case 'cancel':
        return this.#withVoucher(step.pick, async (id) => void (await this.town.cancel(id)));
      case 'release':
        return this.#withVoucher(step.pick, (id) => this.town.release(id).catch(ignoreRefusal));
      case 'settle':
        return this.#settle([choose(this.#receipts, step.pick)]);
      case 'settle-many':
        return this.#settle(shuffled(this.#receipts, step.pick));
      case 'lie':
        return this.#lie(step.pick, step.opening);
      case 'resume':
        return this.town.resume(step.quarantine).catch(ignoreRefusal);
      case 'restore':
        return this.town.recordRestore();
      case 'read':
        return void (await this.town.read(step.meterId));
      default:
        return this.#aboutEpochs(step);
    }
  }

  /** Every receipt that any courier still has reaches the ledger. */
  async settleEverything(): Promise<void> {
    await this.#settle(this.#receipts);
  }

  vouchers(): Promise<readonly VoucherRecord[]> {
    return Promise.all(this.#vouchers.map((id) => this.town.voucher(id)));
  }

  async #buy(meterId: string, amount: string): Promise<void> {
    const item = await this.town.proposal({ requestId: `r${this.#count}`, meterId, amount });
    this.#items.push(item);
    await this.#issue(item);
  }

  /** A refusal that is not final, as while the ledger is halted, leaves the request as it was. */
  async #issue(item: IssueItem): Promise<void> {
    const result = await this.town.issueItem(item);
    if (result.ok || result.final) this.#decided.add(item);
    if (!result.ok || this.#vouchers.includes(result.voucherId)) return;
    this.#vouchers.push(result.voucherId);
    this.#frames.set(result.voucherId, await this.town.seal(result.voucherId));
  }

  async #buyAgain(pick: number): Promise<void> {
    const item = choose(this.#items, pick);
    if (item === undefined) return;
    const [isDecided, before] = [this.#decided.has(item), await this.town.balance()];
    await this.#issue(item);
    if (isDecided && (await this.town.balance()) !== before)
      throw new Error('a repeated request spent money');
  }

  async #withVoucher(pick: number, act: (voucherId: string) => Promise<void>): Promise<void> {
    const voucherId = choose(this.#vouchers, pick);
    if (voucherId !== undefined) await act(voucherId);
  }

  async #show(voucherId: string, frame: Uint8Array | undefined): Promise<void> {
    if (frame === undefined) return;
    const { meterId } = await this.town.voucher(voucherId);
    this.#keep(this.town.show(meterId, frame));
  }

  #keep(receipt: string): void {
    const decoded = decodeReceipt(hexToBytes(receipt));
    if (!decoded.ok) throw new Error('a meter answered nonsense');
    const { result, kind, voucherId } = decoded.fields;
    if (kind <= 2 && result === RESULT.APPLIED) this.credited.add(voucherId);
    if (kind <= 2 && result === RESULT.VOIDED) this.voided.add(voucherId);
    this.#receipts.push(receipt);
  }

  async #settle(receipts: readonly (string | undefined)[]): Promise<void> {
    const items = receipts.flatMap((receipt) => (receipt === undefined ? [] : [{ receipt }]));
    if (items.length > 0) await this.town.submit('SettleReceipts', { items }, 'gateway');
  }

  /** A courier changes the opening, keeping everything else. */
  async #lie(pick: number, opening: number): Promise<void> {
    const receipt = choose(this.#receipts, pick);
    if (receipt === undefined) return;
    const bytes = hexToBytes(receipt);
    const isKnown = this.#vouchers.includes(bytesToHex(bytes.subarray(24, 40)));
    if (isKnown) await this.#settle([bytesToHex(bytes.fill(opening, 80, 112))]);
  }

  async #aboutEpochs(step: Extract<Step, { meterId: string }>): Promise<void> {
    const { meterId } = step;
    const orderId = this.#orders.get(meterId);
    if (step.do === 'restored-issuer') return this.#issueElsewhere(meterId);
    if (step.do === 'order') return this.#order(meterId);
    if (orderId === undefined) return;
    const receipt = this.town.show(meterId, await this.town.sealOrder(orderId));
    this.#receipts.push(receipt);
    if (step.do !== 'withdraw') return;
    await this.town.submit('WithdrawOrder', { meterId, receipt }, 'gateway').catch(ignoreRefusal);
  }

  async #order(meterId: string): Promise<void> {
    try {
      this.#orders.set(meterId, await this.town.endEpoch('RotateMeterKey', meterId, `o${this.#count}`));
    } catch (error) {
      ignoreRefusal(error);
    }
  }

  /** Another copy of this ledger sells the same seq, and its voucher comes first. */
  async #issueElsewhere(meterId: string): Promise<void> {
    const meter = await this.town.query('GetMeter', { meterId });
    if (meter === null) return;
    const item = await this.town.proposal({ requestId: `elsewhere-${this.#count}`, meterId, amount: '77' });
    const { keyEpoch, seq, voucherId, floorSeq } = item;
    this.#keep(
      this.town.show(
        meterId,
        this.town.encodeCredit({ meterId, keyEpoch, seq, voucherId, floorSeq, amount: 77n }),
      ),
    );
  }
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'Rejected') throw error;
}

const choose = <T>(from: readonly T[], pick: number): T | undefined => from[pick % Math.max(1, from.length)];

/** Some of them, in another order, some twice. */
const shuffled = <T>(from: readonly T[], pick: number): (T | undefined)[] =>
  from.map((_, index) => choose(from, index * (pick + 1) + pick)).slice(0, 8);
