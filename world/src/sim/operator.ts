import type { OrphanRecord, VoucherRecord } from '@tapwatt/chaincode';
import { signOrder } from '@tapwatt/firmware-contracts';
import type { Books } from './checks/books.ts';
import { codeOf } from './nodes/gateway-process.ts';
import type { MeterNode } from './nodes/meter-node.ts';
import { LEDGER_ID } from './nodes/settings.ts';
import type { Site } from './nodes/site.ts';
import type { Town } from './nodes/town.ts';
import type { World } from './world.ts';

const MOST_BETWEEN_LOOKS_MS = 20_000;
const MILLIS = 1_000;
const LOOKS_BEFORE_A_VISIT = 24;
/** Of the looks at a ledger that may forget, and of those at two machines that go on from one disk. */
const RENEWS = 0.2;
const RENEWS_AT_BOTH = 0.2;
/** Of those who proposed, so many try to do the rest alone; the other does it at a later look. */
const ALONE = 0.4;

interface OperatorOf {
  readonly town: Town;
  readonly site: Site;
  readonly books: Books;
  readonly meters: readonly MeterNode[];
}

type Party = 'discom' | 'bank' | 'agency';

/**
 * The people of the utility, its bank and its agency: when a ledger has halted and its other copy is off they resume it;
 * two of them book each orphan that it had forgotten, and release what no meter can prove any more. Where orders may be
 * forgotten too, they renew keys, and never ask what came of it.
 */
export class Operator {
  readonly #world: World;
  readonly #town: Town;
  readonly #site: Site;
  readonly #books: Books;
  readonly #chance;
  readonly #meters: readonly MeterNode[];
  readonly #unread = new Map<MeterNode, number>();
  #orders = 0;

  constructor(world: World, of: OperatorOf) {
    this.#world = world;
    this.#town = of.town;
    this.#site = of.site;
    this.#books = of.books;
    this.#meters = of.meters;
    this.#chance = world.chance('operator');
  }

  start(): void {
    this.#world.inLight(this.#chance.below(MOST_BETWEEN_LOOKS_MS), () => {
      if (this.#site.books !== undefined) this.#look();
      this.start();
    });
  }

  #look(): void {
    if (this.#books.isHalted && !this.#site.isCopied) {
      this.#order('discom', 'ResumeIssuing', { reason: 'the other copy is off', quarantine: true });
      return;
    }
    for (const orphan of this.#books.orphans) if (orphan.status === 'RECORDED') this.#book(orphan);
    for (const voucher of this.#books.vouchers) if (this.#isPastProof(voucher)) this.#release(voucher);
    for (const meter of this.#meters) this.#visit(meter);
    const share = this.#site.isCopied ? RENEWS_AT_BOTH : this.#mayForget ? RENEWS : 0;
    if (this.#chance.happens(share)) this.#renewKeys();
  }

  /** Ends with the troubles: every order that is made before comes to its end. */
  get #mayForget(): boolean {
    return this.#world.strength('ledger-restored') > 0 || this.#world.strength('ledger-cloned') > 0;
  }

  /**
   * Whose status was lost on its way, and who has had nothing to say since, is read by nobody: somebody is sent there to
   * switch it off and on.
   */
  #visit(meter: MeterNode): void {
    const looks = this.#books.isUncleared(meter.meterId) ? (this.#unread.get(meter) ?? 0) + 1 : 0;
    this.#unread.set(meter, looks % LOOKS_BEFORE_A_VISIT);
    if (looks < LOOKS_BEFORE_A_VISIT) return;
    this.#world.trace.note(meter.name, 'is switched off and on by a visitor');
    meter.stop();
    meter.start();
  }

  /** Two restores in a row can leave a voucher whose epoch its meter has left behind for good: it answers BAD_EPOCH for ever. */
  #isPastProof({ status, meterId, keyEpoch }: VoucherRecord): boolean {
    const now = this.#books.meter(meterId)?.keyEpoch ?? 0;
    return status === 'CANCELLING' && keyEpoch < now - 1;
  }

  #release({ voucherId, release }: VoucherRecord): void {
    const by: Party = release?.by === 'agency' ? 'discom' : 'agency';
    this.#order(by, 'ReleaseUnproven', { voucherId, reason: 'its meter has left that epoch behind' });
  }

  #book({ meterId, voucherId, amount, proposal }: OrphanRecord): void {
    const isProposed = proposal?.amount === amount;
    const isTheSecond = isProposed && proposal.by === 'discom' && !this.#chance.happens(ALONE);
    const by: Party = isTheSecond ? 'bank' : 'discom';
    this.#order(by, 'RecoverOrphan', { meterId, voucherId, amount });
  }

  /** Of one meter; of all where there are two machines, each told in its own order: a meter takes one, and refuses the other. */
  #renewKeys(): void {
    const { meters } = this.#town;
    for (const { meterId } of this.#site.isCopied ? meters : [this.#chance.pick(meters)]) {
      for (const gateway of this.#site.gateways) {
        const jws = this.#signed('discom', 'RotateMeterKey', { meterId, reason: 'due' });
        gateway.administer?.(jws).catch((error) => this.#notDone('discom', 'RotateMeterKey', error));
      }
    }
  }

  /** What fails is seen at the next look, and ordered again. */
  #order(kid: Party, op: string, request: object): void {
    this.#site.submitOrder(this.#signed(kid, op, request)).catch((error) => this.#notDone(kid, op, error));
  }

  #signed(kid: Party, op: string, request: object): string {
    const requestId = `${kid}-${++this.#orders}`;
    const at = Math.floor(this.#world.time.now() / MILLIS);
    this.#world.trace.note(kid, `orders ${op}`);
    const payload = { aud: LEDGER_ID, requestId, op, at, request };
    return signOrder(payload, { kid, privateKey: this.#town.roleKeys[kid] });
  }

  #notDone(kid: Party, op: string, error: unknown): void {
    this.#world.trace.note(kid, `${op} was not done: ${codeOf(error)}`);
  }
}
