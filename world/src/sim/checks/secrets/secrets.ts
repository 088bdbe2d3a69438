import type { KeyObject } from 'node:crypto';
import type { OrderRecord, VoucherRecord } from '@tapwatt/chaincode';
import { meterId as asMeterId, epochKeys, type VoucherId } from '@tapwatt/firmware-contracts';
import type { Town } from '../../nodes/town.ts';
import type { World } from '../../world.ts';
import type { CreditLog } from '../credit-log.ts';
import { Needles } from './needles.ts';
import { writtenForms } from './written-forms.ts';

/** Where something can be read: the ledger's disk, a log line, the live page, a gateway's journal, or a topic. */
export type Place = 'ledger' | 'log' | 'live page' | 'journal' | `topic ${string}`;

interface Secret {
  readonly what: string;
  mayBeIn(place: Place): boolean;
}

const nowhere = (): boolean => false;
/** Bytes 56 … 71 of a sealed voucher, its MAC: what nobody can guess of it. */
const MAC_AT = [56, 72] as const;
/** Who may carry a sealed voucher: to its meter, to the handset that bought it, and from there when it redeems. */
const CARRIES_VOUCHERS: ReadonlySet<string> = new Set(['topic dn/vch', 'topic dn/res', 'topic up/req']);

const seedOf = (key: KeyObject): Uint8Array =>
  Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');

/**
 * I6: knows every secret of the town and looks for each of them in all that a process writes, says or shows. A key is
 * nowhere, an opening nowhere before its meter has done what it proves, a sealed voucher only where couriers carry it.
 */
export class Secrets {
  readonly #world: World;
  readonly #town: Town;
  readonly #credits: CreditLog;
  readonly #needles = new Needles<Secret>();
  readonly #known = new Set<string>();

  constructor(world: World, of: { readonly town: Town; readonly credits: CreditLog }) {
    this.#world = world;
    this.#town = of.town;
    this.#credits = of.credits;
    const { master, mqttKey, ledgerKey, roleKeys, handsets, meters } = of.town;
    this.#hide('the master key', master);
    this.#hide('the key of the passwords', mqttKey);
    this.#hide('the ledger’s key', seedOf(ledgerKey));
    for (const [role, key] of Object.entries(roleKeys)) this.#hide(`the key of ${role}`, seedOf(key));
    for (const { id, privateKey, password } of handsets) {
      this.#hide(`the key of ${id}`, seedOf(privateKey));
      this.#hide(`the password of ${id}`, Buffer.from(password));
    }
    for (const { meterId, password, provisioning } of meters) {
      this.#hide(`Kroot of meter ${meterId}`, provisioning.root);
      this.#hide(`the password of meter ${meterId}`, Buffer.from(password));
      this.knowEpoch(meterId, provisioning.keyEpoch);
    }
  }

  knowEpoch(meterId: string, keyEpoch: number): void {
    if (!this.#isNew(`${meterId}~${keyEpoch}`)) return;
    const { voucher, receipt, status, ack, cfg, time } = this.#epoch(meterId, keyEpoch);
    for (const key of [voucher, receipt, status, ack, cfg, time]) {
      this.#hide(`a key of meter ${meterId} in epoch ${keyEpoch}`, key);
    }
  }

  knowVoucher({ voucherId, meterId, keyEpoch, seq }: VoucherRecord): void {
    if (!this.#isNew(voucherId)) return;
    const credits = this.#credits;
    const epoch = this.#epoch(meterId, keyEpoch);
    this.#hide(`F of ${voucherId}`, epoch.opening('fulfil', voucherId as VoucherId), () =>
      credits.isCredited(voucherId),
    );
    this.#hide(`V of ${voucherId}`, epoch.opening('void', voucherId as VoucherId), () =>
      credits.canNeverBeApplied({ voucherId, meterId, keyEpoch, seq }),
    );
  }

  knowOrder({ voucherId, meterId, keyEpoch }: OrderRecord): void {
    if (!this.#isNew(voucherId)) return;
    const close = this.#epoch(meterId, keyEpoch).opening('close', voucherId as VoucherId);
    this.#hide(`C of ${voucherId}`, close, () => this.#credits.hasEnded(meterId, keyEpoch));
  }

  knowSealed(frame: Uint8Array): void {
    const mac = frame.subarray(...MAC_AT);
    if (!this.#isNew(Buffer.from(mac).toString('hex'))) return;
    this.#hide('a sealed voucher', mac, (place) => CARRIES_VOUCHERS.has(place));
  }

  look(place: Place, written: string | Uint8Array): void {
    const bytes = typeof written === 'string' ? Buffer.from(written, 'latin1') : written;
    for (const { what, mayBeIn } of this.#needles.in(bytes)) {
      if (!mayBeIn(place)) this.#world.violated('I6', `${what} is in: ${place}`);
    }
  }

  #epoch(meterId: string, keyEpoch: number) {
    const meter = this.#town.meters.find((one) => one.meterId === meterId);
    if (meter === undefined) throw new Error(`there is no meter ${asMeterId(meterId)}`);
    return epochKeys(meter.provisioning.root, keyEpoch);
  }

  #isNew(name: string): boolean {
    if (this.#known.has(name)) return false;
    this.#known.add(name);
    return true;
  }

  #hide(what: string, secret: Uint8Array, mayBeIn: Secret['mayBeIn'] = nowhere): void {
    for (const form of writtenForms(secret)) this.#needles.add(form, { what, mayBeIn });
  }
}
