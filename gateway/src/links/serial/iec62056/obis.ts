import type { DataSet } from './data-sets.ts';

/** What a foreign meter's registers say; members are absent where it says nothing of them, or nothing that can be read. */
export interface Registers {
  /** 1.8.0, energy taken. */
  readonly energyWh?: number;
  /** 1.7.0 power taken, else 16.7.0 the sum of what is taken and given. */
  readonly powerW?: number;
  /** 32.7.0, of the first phase. */
  readonly voltageMv?: number;
  /** 31.7.0, of the first phase. */
  readonly currentMa?: number;
  /** 0.9.1 and 0.9.2, by the meter's own clock and in its own zone. */
  readonly localTime?: LocalTime;
}

export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Value groups C.D.E of `A-B:C.D.E*F`; history (an F that is not 255, or after &) is none. */
const OBIS = /^(?:\d{1,3}-\d{1,3}:)?([0-9A-FLP]{1,3}\.[0-9A-FLP]{1,3}(?:\.\d{1,3})?)(?:\*255)?$/;
/** How many of the smallest unit a unit has, as a power of ten. */
const POWERS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Wh: { Wh: 0, kWh: 3, MWh: 6 },
  W: { W: 0, kW: 3, MW: 6 },
  mV: { mV: 0, V: 3, kV: 6 },
  mA: { mA: 0, A: 3, kA: 6 },
};
const DECIMAL = /^([+-]?)(\d{1,20})(?:[.,](\d{1,12}))?$/;

/** The registers that a reading has, in its units (OBIS, IEC 62056-61). The first value of an address counts. */
export const registersOf = (sets: readonly DataSet[]): Registers => {
  const by = new Map<string, DataSet>();
  for (const set of sets) {
    const code = OBIS.exec(set.address.trim())?.[1];
    if (code !== undefined && !by.has(code)) by.set(code, set);
  }
  const first = (unit: string, ...codes: readonly string[]): number | undefined =>
    codes.map((code) => measured(by.get(code), unit)).find((value) => value !== undefined);
  return present({
    energyWh: nonNegative(first('Wh', '1.8.0', '1.8')),
    powerW: first('W', '1.7.0', '1.7', '16.7.0', '16.7'),
    voltageMv: nonNegative(first('mV', '32.7.0', '32.7')),
    currentMa: first('mA', '31.7.0', '31.7'),
    localTime: localTimeOf(by.get('0.9.1')?.value, by.get('0.9.2')?.value),
  });
};

const present = (values: { readonly [Name in keyof Registers]: Registers[Name] | undefined }): Registers =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

const nonNegative = (value: number | undefined): number | undefined =>
  value === undefined || value < 0 ? undefined : value;

/** A decimal as a whole number of the smallest unit, counted in digits and rounded half up; what no double holds is none. */
const measured = (set: DataSet | undefined, smallest: string): number | undefined => {
  const power = POWERS[smallest]?.[set?.unit.trim() ?? ''];
  const [, sign = '', whole = '', fraction = ''] = DECIMAL.exec(set?.value.trim() ?? '') ?? [];
  if (power === undefined || whole === '') return undefined;
  const digits = fraction.padEnd(power, '0');
  const rounding = Number(digits[power] ?? '0') >= 5 ? 1n : 0n;
  const amount = Number(BigInt(whole + digits.slice(0, power)) + rounding);
  if (!Number.isSafeInteger(amount)) return undefined;
  return sign === '-' && amount !== 0 ? -amount : amount;
};

/** `hh:mm:ss` or `hhmmss` and `YY-MM-DD`, `YYMMDD` or `YYYYMMDD`, either with the digit for the season before it. */
const localTimeOf = (time: string | undefined, date: string | undefined): LocalTime | undefined => {
  const [hour, minute, second] = pairs(digitsOf(time), 6) ?? [];
  const [year, month, day] = dateIn(digitsOf(date)) ?? [];
  if (hour === undefined || minute === undefined || second === undefined) return undefined;
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const isTime = hour < 24 && minute < 60 && second < 60;
  const isDate = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day && month >= 1 && month <= 12;
  return isTime && isDate && day > 0 ? { year, month, day, hour, minute, second } : undefined;
};

const digitsOf = (text = ''): string => text.replace(/[^0-9]/g, '');

const dateIn = (digits: string): readonly number[] | undefined => {
  const isFull = digits.length === 8;
  const [year, month, day] = pairs(isFull ? digits.slice(2) : digits, 6) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  return [(isFull ? Number(digits.slice(0, 2)) : 20) * 100 + year, month, day];
};

/** Pairs of digits, of a text of `length`, or of one more where the first is the season. */
const pairs = (digits: string, length: number): readonly number[] | undefined => {
  const own = digits.length === length + 1 ? digits.slice(1) : digits;
  return own.length === length ? own.match(/../g)?.map(Number) : undefined;
};
