export * from './apdu.ts';
export {
  base64UrlToBytes,
  bytesToBase64Url,
  bytesToHex,
  concatBytes,
  equalConstantTime,
  hexToBytes,
  hmacSha256,
  sha256,
} from './bytes.ts';
export { canonicalJson } from './canonical-json.ts';
export * from './errors.ts';
export * from './frames/acknowledgement.ts';
export * from './frames/desired-state.ts';
export { type Decoded, FRAME_LENGTH, WIRE_VERSION } from './frames/frame.ts';
export * from './frames/frame-json.ts';
export { encodeQuestion } from './frames/question.ts';
export * from './frames/receipt.ts';
export * from './frames/status.ts';
export * from './frames/time-order.ts';
export {
  AMOUNT_MAX,
  decodeVoucher,
  encodeVoucher,
  isAuthenticVoucher,
  type VoucherFields,
} from './frames/voucher.ts';
export { isName, isVoucherId, type MeterId, meterId, type VoucherId, voucherIdOf } from './ids.ts';
export { type EpochKeys, epochKeys, meterRootKey, type OpeningKind } from './keys.ts';
export { type Presented, presentVoucher } from './meter/present-voucher.ts';
export { receiptFromRing, unacknowledgedReceipts } from './meter/ring.ts';
export * from './meter/state.ts';
export { statusOf } from './meter/status-of.ts';
export {
  type Ignored,
  type TakenAcknowledgement,
  takeAcknowledgement,
} from './meter/take-acknowledgement.ts';
export { type TakenDesiredState, takeDesiredState } from './meter/take-desired-state.ts';
export { type TakenTimeOrder, takeTimeOrder } from './meter/take-time-order.ts';
export { type MeterWindow, WINDOW_SIZE } from './meter/window.ts';
export { isMqttPassword, mqttPasswordOf } from './mqtt-password.ts';
export { encodeTagMemory, messageOfTag } from './ndef/memory-tag.ts';
export { encodeVoucherMessage, VOUCHER_RECORD_TYPE, vouchersOfMessage } from './ndef/voucher-records.ts';
export * from './requests/handset-request.ts';
export { isSignedBy, JWS_LENGTH_MAX, type JwsSigner, type ParsedJws, parseJws } from './requests/jws.ts';
export { type Order, type ParsedOrder, parseOrder, signOrder } from './requests/order.ts';
export { publicKeyFromRaw, rawPublicKey } from './requests/public-key.ts';
export * from './requests/request-result.ts';
export { type JsonObject, type JsonValue, parseStrictJson } from './requests/strict-json.ts';
export * from './results.ts';
export { crc16X25 } from './serial/crc16.ts';
export * from './serial/line-frame.ts';
export * from './serial/line-timing.ts';
export { answerTap, beginTap, planTap, TAP_VOUCHERS_MAX } from './tap/tap.ts';
export type * from './tap/tap-state.ts';
export { tellsLedger } from './tap/tells-ledger.ts';
export * from './topics.ts';
