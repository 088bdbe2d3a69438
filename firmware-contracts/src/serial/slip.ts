const END = 0xc0;
const ESC = 0xdb;
const ESC_END = 0xdc;
const ESC_ESC = 0xdd;

/** A packet as SLIP sends it (RFC 1055), with an END before it as well, so that noise on the line ends there. */
export const slipEncode = (packet: Uint8Array): Uint8Array => {
  const sent: number[] = [END];
  for (const byte of packet) {
    if (byte === END) sent.push(ESC, ESC_END);
    else if (byte === ESC) sent.push(ESC, ESC_ESC);
    else sent.push(byte);
  }
  sent.push(END);
  return Uint8Array.from(sent);
};

/** A receiver between two bytes. What does not fit, or breaks RFC 1055, is lost as far as the next END. */
export interface SlipState {
  readonly partial: readonly number[];
  readonly isEscaped: boolean;
  readonly isLost: boolean;
}

export interface SlipHeard {
  readonly state: SlipState;
  readonly packets: readonly Uint8Array[];
  /** Packets that were too long or broke RFC 1055. */
  readonly lost: number;
}

export const SLIP_START: SlipState = { partial: [], isEscaped: false, isLost: false };

/** Takes bytes as they arrive, in any portions. Empty packets say nothing and are left out; none is longer than `maxLength`. */
export const slipDecode = (state: SlipState, bytes: Uint8Array, maxLength: number): SlipHeard => {
  const packets: Uint8Array[] = [];
  let partial = [...state.partial];
  let { isEscaped, isLost } = state;
  let lost = 0;
  const end = (): void => {
    if (isLost || isEscaped) lost += 1;
    else if (partial.length > 0) packets.push(Uint8Array.from(partial));
    partial = [];
    isEscaped = false;
    isLost = false;
  };
  for (const byte of bytes) {
    if (byte === END) end();
    else if (isLost) continue;
    else if (byte === ESC && !isEscaped) isEscaped = true;
    else {
      const plain = isEscaped ? ESCAPED.get(byte) : byte;
      isLost = plain === undefined || partial.length >= maxLength;
      if (plain !== undefined && !isLost) partial.push(plain);
      isEscaped = false;
    }
  }
  return { state: { partial: isLost ? [] : partial, isEscaped, isLost }, packets, lost };
};

const ESCAPED: ReadonlyMap<number, number> = new Map([
  [ESC_END, END],
  [ESC_ESC, ESC],
]);
