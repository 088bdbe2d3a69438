/** A meter's answer to the sign-on (IEC 62056-21, 6.3.2). */
export interface Identification {
  /** Three letters of the FLAG association. */
  readonly manufacturer: string;
  /** What follows them, as it is. */
  readonly device: string;
  /** The baud rate that it offers for the read-out, and the character that says so. */
  readonly baudRate: number;
  readonly baudCharacter: string;
}

/** Baud rates of mode C by their character; other modes offer theirs with letters. */
const BAUD_RATES: ReadonlyMap<string, number> = new Map([
  ['0', 300],
  ['1', 600],
  ['2', 1_200],
  ['3', 2_400],
  ['4', 4_800],
  ['5', 9_600],
  ['6', 19_200],
]);

const IDENTIFICATION = /\/([A-Z]{2}[A-Za-z])([0-6])((?:\\[ -~])*)([^\r\n/!\ufffd]{0,16})\r\n/;
/** A longer line is none. */
const IDENTIFICATION_MAX = 128;

const STX = '\u0002';
const ETX = '\u0003';
const ACK = '\u0006';
const NAK = '\u0015';
const SOH = '\u0001';

/** Asks whoever is on the line, or the meter with this device address, who it is. */
export const signOn = (address: string): string => `/?${address}!\r\n`;

/** Asks for the read-out at the baud rate that the meter offered. */
export const acceptReadOut = ({ baudCharacter }: Identification): string => `${ACK}0${baudCharacter}0\r\n`;

/** Asks for the last block again. */
export const REPEAT = NAK;

/** Ends a session that was given up: SOH B0 ETX BCC. */
export const BREAK = `${SOH}B0${ETX}q`;

/** The identification in what was heard, the echo of an optical head before it or not; `undefined` while there is none. */
export const identificationIn = (heard: string): Identification | undefined => {
  const found = IDENTIFICATION.exec(heard.slice(-IDENTIFICATION_MAX));
  const [, manufacturer = '', baudCharacter = '', , device = ''] = found ?? [];
  const baudRate = BAUD_RATES.get(baudCharacter);
  return baudRate === undefined ? undefined : { manufacturer, device, baudRate, baudCharacter };
};

export type ReadOut =
  | { readonly status: 'incomplete' }
  /** The block check character does not agree with what was heard, or a character's parity. */
  | { readonly status: 'damaged' }
  | { readonly status: 'whole'; readonly block: string };

/** The data block in what was heard: between STX and ETX, checked by the character after it. */
export const readOutIn = (heard: string): ReadOut => {
  const from = heard.indexOf(STX);
  const to = heard.indexOf(ETX, from);
  if (from < 0 || to < 0 || heard.length <= to + 1) return { status: 'incomplete' };
  const checked = heard.slice(from + 1, to + 1);
  const isWhole = !checked.includes('\ufffd') && heard.charCodeAt(to + 1) === blockCheck(checked);
  return isWhole ? { status: 'whole', block: checked.slice(0, -1) } : { status: 'damaged' };
};

/** Exclusive-or of all characters (ISO/IEC 1155). */
const blockCheck = (checked: string): number => {
  let check = 0;
  for (const character of checked) check ^= character.charCodeAt(0) & 0x7f;
  return check;
};
