import { FRAME_LENGTH } from '../frames/frame.ts';
import { decodeNdef, encodeNdef } from './ndef.ts';

/** External type of a record that carries a sealed voucher (WIRE.md "NFC and serial"). */
export const VOUCHER_RECORD_TYPE = 'tapwatt.example:v';
const EXTERNAL = 4;

/** The NDEF message by which a handset or a card shows these sealed vouchers, 72 bytes each. */
export const encodeVoucherMessage = (vouchers: readonly Uint8Array[]): Uint8Array =>
  encodeNdef(vouchers.map((payload) => ({ tnf: EXTERNAL, type: VOUCHER_RECORD_TYPE, payload })));

/** The vouchers of a message, among whatever else is in it; `undefined` for what is no NDEF message. */
export const vouchersOfMessage = (message: Uint8Array): readonly Uint8Array[] | undefined =>
  decodeNdef(message)
    ?.filter(
      ({ tnf, type, payload }) =>
        tnf === EXTERNAL &&
        type.toLowerCase() === VOUCHER_RECORD_TYPE &&
        payload.length === FRAME_LENGTH.voucher,
    )
    .map(({ payload }) => payload);
