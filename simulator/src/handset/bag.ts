import {
  type AcknowledgementFields,
  bytesToHex,
  decodeAcknowledgement,
  decodeVoucher,
  hexToBytes,
  RESULT,
  type ShownAtTap,
  type TapPlan,
  type TapState,
  type VoucherId,
} from '@tapwatt/firmware-contracts';

/** A sealed voucher that a courier holds for its meter. */
export interface HeldVoucher {
  readonly voucherId: VoucherId;
  /** 72 bytes, lower-case hex. */
  readonly frame: string;
}

/** What a courier carries to meters, by a meter's decimal number; everything in it can be lost without harm. */
export interface CourierBag {
  readonly vouchers: Readonly<Record<string, readonly HeldVoucher[]>>;
  /** The newest acknowledgement for each meter, lower-case hex. */
  readonly acknowledgements: Readonly<Record<string, string>>;
}

export const EMPTY_BAG: CourierBag = { vouchers: {}, acknowledgements: {} };

/** Beyond these some are left out: the gateway presents every open voucher, and acknowledges again. */
const MAX_METERS = 64;
const MAX_VOUCHERS_OF_METER = 8;

/** Refusals that pass: the voucher is shown again at a later tap. */
const NOT_NOW: ReadonlySet<number> = new Set([RESULT.OVER_LIMIT, RESULT.LOCKED]);

const withEntry = <T>(
  of: Readonly<Record<string, T>>,
  key: string,
  value: T,
): Readonly<Record<string, T>> => {
  const { [key]: _before, ...others } = of;
  return Object.fromEntries([...Object.entries(others).slice(1 - MAX_METERS), [key, value]]);
};

const withoutEntry = <T>(of: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> => {
  const { [key]: _gone, ...others } = of;
  return others;
};

/** The bag with one more sealed voucher; the same bag for what is none, or is there already. */
export const withVoucher = (bag: CourierBag, frame: string): CourierBag => {
  const decoded = decodeVoucher(hexToBytes(frame));
  if (!decoded.ok) return bag;
  const { voucherId } = decoded.fields;
  const meterId = decoded.fields.meterId.toString();
  const held = bag.vouchers[meterId] ?? [];
  if (held.some((other) => other.voucherId === voucherId)) return bag;
  const more = [...held, { voucherId, frame }].slice(-MAX_VOUCHERS_OF_METER);
  return { ...bag, vouchers: withEntry(bag.vouchers, meterId, more) };
};

const isNewer = (a: AcknowledgementFields, b: AcknowledgementFields): boolean =>
  a.keyEpoch > b.keyEpoch ||
  (a.keyEpoch === b.keyEpoch && (a.receiptNo > b.receiptNo || a.floorSeq > b.floorSeq));

/** The bag with an acknowledgement to carry back, where it is newer than the one for the same meter. */
export const withAcknowledgement = (bag: CourierBag, frame: string): CourierBag => {
  const decoded = decodeAcknowledgement(hexToBytes(frame));
  if (!decoded.ok) return bag;
  const meterId = decoded.fields.meterId.toString();
  const held = bag.acknowledgements[meterId];
  const known = held === undefined ? undefined : decodeAcknowledgement(hexToBytes(held));
  if (known?.ok === true && !isNewer(decoded.fields, known.fields)) return bag;
  return { ...bag, acknowledgements: withEntry(bag.acknowledgements, meterId, frame) };
};

/** What this bag has for the meter that was met. */
export const planFor = (bag: CourierBag, meterId: string): TapPlan => {
  const acknowledgement = bag.acknowledgements[meterId];
  return {
    vouchers: (bag.vouchers[meterId] ?? []).map(({ frame }) => hexToBytes(frame)),
    acknowledgements: acknowledgement === undefined ? [] : [hexToBytes(acknowledgement)],
  };
};

/** The bag after a tap, torn or not: without what the meter has answered for good. */
export const afterTap = (bag: CourierBag, { meter, shown, delivered }: TapState): CourierBag => {
  if (meter === undefined) return bag;
  const meterId = meter.status.meterId.toString();
  const ended = new Set(shown.filter(isAnswered).map(({ voucher }) => bytesToHex(voucher)));
  const left = (bag.vouchers[meterId] ?? []).filter(({ frame }) => !ended.has(frame));
  const isDelivered = delivered.some((frame) => bytesToHex(frame) === bag.acknowledgements[meterId]);
  return {
    vouchers: left.length === 0 ? withoutEntry(bag.vouchers, meterId) : { ...bag.vouchers, [meterId]: left },
    acknowledgements: isDelivered ? withoutEntry(bag.acknowledgements, meterId) : bag.acknowledgements,
  };
};

const isAnswered = ({ fields }: ShownAtTap): boolean => !NOT_NOW.has(fields.result);
