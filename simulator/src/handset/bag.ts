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
  TapwattError,
  type VoucherFields,
  type VoucherId,
  WINDOW_SIZE,
} from '@tapwatt/firmware-contracts';

/** A sealed voucher that a courier holds for its meter. */
export interface HeldVoucher {
  readonly voucherId: VoucherId;
  /** 72 bytes, lower-case hex. */
  readonly frame: string;
}

/**
 * What a courier carries to meters, by a meter's decimal number. No money is lost with it, but where there is no network a
 * voucher that it forgot reaches its meter late, so it forgets none by itself.
 */
export interface CourierBag {
  readonly vouchers: Readonly<Record<string, readonly HeldVoucher[]>>;
  /** The newest acknowledgement for each meter, lower-case hex. */
  readonly acknowledgements: Readonly<Record<string, string>>;
}

export const EMPTY_BAG: CourierBag = { vouchers: {}, acknowledgements: {} };

/** Meters that it carries vouchers for, and acknowledgements. */
export const BAG_METERS_MAX = 4_096;
/** Of one meter: no more can be unresolved on the ledger at once (WIRE.md "What the meter does with a voucher"). */
export const BAG_VOUCHERS_OF_METER_MAX = WINDOW_SIZE;

/** Refusals that pass: the voucher is shown again at a later tap. */
const NOT_NOW: ReadonlySet<number> = new Set([RESULT.OVER_LIMIT, RESULT.LOCKED]);

const withoutEntry = <T>(of: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> => {
  const { [key]: _gone, ...others } = of;
  return others;
};

/**
 * The bag with one more sealed voucher; the same bag for what is none, or is there already. Throws BUSY where it is full:
 * the handset then keeps its request, and is given the voucher again.
 */
export const withVoucher = (bag: CourierBag, frame: string): CourierBag => {
  const decoded = decodeVoucher(hexToBytes(frame));
  if (!decoded.ok) return bag;
  const { voucherId } = decoded.fields;
  const meterId = decoded.fields.meterId.toString();
  const held = bag.vouchers[meterId] ?? [];
  if (held.some((other) => other.voucherId === voucherId)) return bag;
  if (held.length === 0 && Object.keys(bag.vouchers).length >= BAG_METERS_MAX)
    throw new TapwattError('BUSY', `The bag holds vouchers of ${BAG_METERS_MAX} meters. Tap some of them.`);
  const others = held.length < BAG_VOUCHERS_OF_METER_MAX ? held : unresolved(held, decoded.fields);
  if (others.length >= BAG_VOUCHERS_OF_METER_MAX)
    throw new TapwattError('BUSY', `The bag holds ${others.length} vouchers of meter ${meterId}. Tap it.`);
  return { ...bag, vouchers: { ...bag.vouchers, [meterId]: [...others, { voucherId, frame }] } };
};

/** Without those that are resolved on the ledger, as the floor of a newer voucher tells. */
const unresolved = (
  held: readonly HeldVoucher[],
  { keyEpoch, floorSeq }: VoucherFields,
): readonly HeldVoucher[] =>
  held.filter(({ frame }) => {
    const older = decodeVoucher(hexToBytes(frame));
    return older.ok && !(older.fields.keyEpoch === keyEpoch && older.fields.seq < floorSeq);
  });

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
  const { [meterId]: _older, ...others } = bag.acknowledgements;
  // Beyond the limit one is left out: the gateway acknowledges again.
  const kept = Object.entries(others).slice(1 - BAG_METERS_MAX);
  return { ...bag, acknowledgements: Object.fromEntries([...kept, [meterId, frame]]) };
};

/** What this bag has for the meter that was met. */
export const planFor = (bag: CourierBag, meterId: string): TapPlan => {
  const acknowledgement = bag.acknowledgements[meterId];
  return {
    vouchers: (bag.vouchers[meterId] ?? []).map(({ frame }) => hexToBytes(frame)),
    acknowledgements: acknowledgement === undefined ? [] : [hexToBytes(acknowledgement)],
  };
};

/**
 * The bag after a tap, torn or not: without what the meter has answered for good. What it cannot take now goes behind the
 * others, since one tap shows some of them only.
 */
export const afterTap = (bag: CourierBag, { meter, shown, delivered }: TapState): CourierBag => {
  if (meter === undefined) return bag;
  const meterId = meter.status.meterId.toString();
  const ended = new Set(shown.filter(isAnswered).map(({ voucher }) => bytesToHex(voucher)));
  const refused = new Set(
    shown.map(({ voucher }) => bytesToHex(voucher)).filter((frame) => !ended.has(frame)),
  );
  const held = (bag.vouchers[meterId] ?? []).filter(({ frame }) => !ended.has(frame));
  const left = [
    ...held.filter(({ frame }) => !refused.has(frame)),
    ...held.filter(({ frame }) => refused.has(frame)),
  ];
  const isDelivered = delivered.some((frame) => bytesToHex(frame) === bag.acknowledgements[meterId]);
  return {
    vouchers: left.length === 0 ? withoutEntry(bag.vouchers, meterId) : { ...bag.vouchers, [meterId]: left },
    acknowledgements: isDelivered ? withoutEntry(bag.acknowledgements, meterId) : bag.acknowledgements,
  };
};

const isAnswered = ({ fields }: ShownAtTap): boolean => !NOT_NOW.has(fields.result);
