/** Half the order of P-256, and the order: of the two signatures that verify, Fabric takes the one whose s is not above the half. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF = ORDER >> 1n;
const SCALAR_BYTES = 32;
const DER_SEQUENCE = 0x30;
const DER_INTEGER = 0x02;
const SIGN_BIT = 0x80;

/** An ECDSA signature over P-256 (r and s, 32 bytes each) as Fabric wants it: DER, with the lower s. */
export function lowSDer(compact: Uint8Array): Uint8Array {
  const r = compact.subarray(0, SCALAR_BYTES);
  const s = derInteger(lowered(compact.subarray(SCALAR_BYTES)));
  const body = Buffer.concat([derInteger(r), s]);
  return Buffer.concat([Buffer.from([DER_SEQUENCE, body.length]), body]);
}

function lowered(bytes: Uint8Array): Uint8Array {
  const s = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  if (s <= HALF) return bytes;
  return Buffer.from((ORDER - s).toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex');
}

function derInteger(scalar: Uint8Array): Uint8Array {
  const first = scalar.findIndex((byte) => byte !== 0);
  const digits = scalar.subarray(first === -1 ? SCALAR_BYTES - 1 : first);
  const padding = (digits[0] ?? 0) >= SIGN_BIT ? [0] : [];
  return Buffer.concat([Buffer.from([DER_INTEGER, padding.length + digits.length, ...padding]), digits]);
}
