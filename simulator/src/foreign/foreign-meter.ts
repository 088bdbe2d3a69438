/** What a simulated meter of another maker shows, in the units of its display. */
export interface ForeignRegisters {
  readonly energyWh: number;
  readonly powerW: number;
  readonly voltageMv: number;
  readonly currentMa: number;
  /** Its own clock, Unix seconds, shown as UTC. */
  readonly timeS: number;
}

export interface ForeignMeterIdentity {
  /** Three letters. */
  readonly manufacturer: string;
  readonly device: string;
  /** Its device address: a sign-on with another one is not for it. */
  readonly address: string;
  /** The character of the baud rate that it offers, `0` … `6`. */
  readonly baudCharacter: string;
}

/** Where it is in a session (IEC 62056-21 mode C). */
export interface ForeignState {
  readonly phase: 'idle' | 'offered' | 'reading';
  readonly heard: string;
}

export interface ForeignAnswer {
  readonly text: string;
  /** `agreed` once both have changed to the rate that was offered. */
  readonly at: 'sign-on' | 'agreed';
}

export interface ForeignStep {
  readonly state: ForeignState;
  readonly answer?: ForeignAnswer;
}

export const FOREIGN_START: ForeignState = { phase: 'idle', heard: '' };

const HEARD_MAX = 64;
const SIGN_ON = /\/\?([0-9A-Za-z]{0,32})!\r\n$/;
const BREAK = '\u0001B0\u0003q';
const NAK = '\u0015';

/** Takes characters as they arrive. What is not understood says nothing, and the session ends where it was broken off. */
export function hearForeign(
  meter: ForeignMeterIdentity,
  state: ForeignState,
  { text, registers }: { readonly text: string; readonly registers: ForeignRegisters },
): ForeignStep {
  const heard = (state.heard + text).slice(-HEARD_MAX);
  const asked = SIGN_ON.exec(heard)?.[1];
  if (asked !== undefined)
    return asked === '' || asked === meter.address ? offer(meter) : { state: FOREIGN_START };
  if (heard.endsWith(BREAK)) return { state: FOREIGN_START };
  if (state.phase === 'offered' && heard.endsWith('\r\n')) {
    const isAccepted = heard.endsWith(`\u00060${meter.baudCharacter}0\r\n`);
    return isAccepted ? show(registers) : { state: FOREIGN_START };
  }
  if (state.phase === 'reading' && heard.endsWith(NAK)) return show(registers);
  return { state: { ...state, heard } };
}

const offer = ({ manufacturer, baudCharacter, device }: ForeignMeterIdentity): ForeignStep => ({
  state: { phase: 'offered', heard: '' },
  answer: { text: `/${manufacturer}${baudCharacter}${device}\r\n`, at: 'sign-on' },
});

const show = (registers: ForeignRegisters): ForeignStep => {
  const checked = `${blockOf(registers)}!\r\n\u0003`;
  const check = [...checked].reduce((sum, character) => sum ^ character.charCodeAt(0), 0);
  const text = `\u0002${checked}${String.fromCharCode(check)}`;
  return { state: { phase: 'reading', heard: '' }, answer: { text, at: 'agreed' } };
};

const thousandths = (value: number, digits: number): string => {
  const text = String(Math.abs(Math.round(value))).padStart(3 + digits, '0');
  return `${value < 0 ? '-' : ''}${text.slice(0, -3)}.${text.slice(-3)}`;
};

const two = (value: number): string => String(value).padStart(2, '0');

const blockOf = ({ energyWh, powerW, voltageMv, currentMa, timeS }: ForeignRegisters): string => {
  const clock = new Date(timeS * 1_000);
  const date = [clock.getUTCFullYear() % 100, clock.getUTCMonth() + 1, clock.getUTCDate()].map(two);
  const time = [clock.getUTCHours(), clock.getUTCMinutes(), clock.getUTCSeconds()].map(two);
  const lines = [
    'F.F(00000000)',
    `0.9.1(${time.join('')})`,
    `0.9.2(${date.join('')})`,
    `1-0:1.8.0*255(${thousandths(energyWh, 6)}*kWh)`,
    `1-0:1.8.0*01(${thousandths(energyWh / 2, 6)}*kWh)(2401010000)`,
    `1-0:1.7.0*255(${thousandths(powerW, 2)}*kW)`,
    `1-0:32.7.0*255(${thousandths(voltageMv, 3)}*V)`,
    `1-0:31.7.0*255(${thousandths(currentMa, 3)}*A)`,
  ];
  return lines.map((line) => `${line}\r\n`).join('');
};
