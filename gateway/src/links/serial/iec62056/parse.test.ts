import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataSetsOf } from './data-sets.ts';
import { registersOf } from './obis.ts';
import { withoutParity, withParity } from './seven-bits.ts';
import { acceptReadOut, identificationIn, readOutIn, signOn } from './telegram.ts';

const ascii = fc.string({ unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)) });

/** A data block as it goes over the line, with the check character that belongs to it. */
const sent = (block: string): string => {
  const checked = `${block}\u0003`;
  const check = [...checked].reduce((sum, character) => sum ^ character.charCodeAt(0), 0);
  return `\u0002${checked}${String.fromCharCode(check)}`;
};

const registersIn = (...lines: readonly string[]) =>
  registersOf(dataSetsOf(`${lines.map((line) => `${line}\r\n`).join('')}!\r\n`));

describe('characters of seven bits', () => {
  it('carry even parity in their eighth', () => {
    expect([...withParity('/?!\r\n')]).toEqual([0xaf, 0x3f, 0x21, 0x8d, 0x0a]);
  });

  it('are read as they were written, and where one bit is wrong it is seen', () => {
    fc.assert(
      fc.property(ascii, (text) => {
        expect(withoutParity(withParity(text))).toEqual({ text, damaged: 0 });
      }),
    );
    const bytes = withParity('/EMH5');
    expect(withoutParity(bytes.with(2, (bytes[2] ?? 0) ^ 0x04))).toEqual({ text: '/E\ufffdH5', damaged: 1 });
  });

  it('are read too where the port took their parity away', () => {
    expect(withoutParity(new TextEncoder().encode('/EMH5')).text).toBe('/EMH5');
  });
});

describe('an identification', () => {
  it('says who the meter is and which baud rate it offers', () => {
    expect(identificationIn('/ISk5MT174-0001\r\n')).toEqual({
      ...{ manufacturer: 'ISk', device: 'MT174-0001', baudRate: 9_600, baudCharacter: '5' },
    });
    expect(identificationIn('/LGZ4\\2ZMF120AC.M32\r\n')).toMatchObject({
      device: 'ZMF120AC.M32',
      baudRate: 4_800,
    });
  });

  it('is found behind the echo of the sign-on, and not before its end', () => {
    expect(identificationIn(`${signOn('')}/EMH5`)).toBeUndefined();
    expect(identificationIn(`${signOn('')}/EMH0X\r\n`)).toMatchObject({ manufacturer: 'EMH', baudRate: 300 });
  });

  it.each(['/EM5X\r\n', '/EMHAmodeB\r\n', '/EMH7X\r\n', 'EMH5X\r\n', '/EM\ufffd5X\r\n', '/EMH5X!\r\n'])(
    '%j is none of mode C',
    (text) => {
      expect(identificationIn(text)).toBeUndefined();
    },
  );

  it('is accepted with the baud rate that it offered', () => {
    const identification = identificationIn('/EMH5X\r\n');
    expect(identification && acceptReadOut(identification)).toBe('\u0006050\r\n');
  });
});

describe('a data block', () => {
  it('is whole with its check character, and not before it', () => {
    const block = '1.8.0(000123.456*kWh)\r\n!\r\n';
    const whole = sent(block);
    expect(readOutIn(whole)).toEqual({ status: 'whole', block });
    for (let length = 0; length < whole.length; length += 1)
      expect(readOutIn(whole.slice(0, length)).status).toBe('incomplete');
  });

  it('is damaged with any one character changed', () => {
    const whole = sent('1.8.0(000123.456*kWh)\r\n!\r\n');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: whole.length - 3 }),
        fc.integer({ min: 32, max: 126 }),
        (at, code) => {
          fc.pre(whole.charCodeAt(at) !== code);
          const changed = whole.slice(0, at) + String.fromCharCode(code) + whole.slice(at + 1);
          expect(readOutIn(changed)).toEqual({ status: 'damaged' });
        },
      ),
    );
  });

  it('is taken apart into what stands in it, further values of a line under the address of the first', () => {
    expect(
      dataSetsOf('F.F(00)\r\n1-0:1.6.1*255(01.5*kW)(2305011200)\r\nrubbish\r\n()\r\n!\r\n9.9(1)'),
    ).toEqual([
      { address: 'F.F', value: '00', unit: '' },
      { address: '1-0:1.6.1*255', value: '01.5', unit: 'kW' },
      { address: '1-0:1.6.1*255', value: '2305011200', unit: '' },
      { address: '', value: '', unit: '' },
    ]);
  });

  it('of anything at all is read without a throw, in a time and a size that are bounded', () => {
    const piece = fc.constantFrom(
      '(',
      ')',
      '*',
      '!',
      '\r\n',
      '1.8.0',
      '0.9.1',
      '-',
      ':',
      'kWh',
      '99',
      '.',
      '\u0003',
      '/',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          ascii,
          fc.array(piece, { maxLength: 200 }).map((all) => all.join('')),
        ),
        (text) => {
          const sets = dataSetsOf(text);
          expect(sets.length).toBeLessThanOrEqual(2_000);
          for (const value of Object.values(registersOf(sets)))
            expect(typeof value === 'object' || Number.isSafeInteger(value)).toBe(true);
        },
      ),
    );
    expect(dataSetsOf('(1)'.repeat(100_000))).toHaveLength(2_000);
  });
});

describe('registers', () => {
  it('are told in the units of a reading, counted in digits', () => {
    expect(
      registersIn(
        ...['1-0:1.8.0*255(004567.891*kWh)', '1.7.0(00.4205*kW)', '32.7.0(230.1*V)', '31.7.0(1,83*A)'],
        ...['0.9.1(142530)', '0.9.2(231105)'],
      ),
    ).toEqual({
      ...{ energyWh: 4_567_891, powerW: 421, voltageMv: 230_100, currentMa: 1_830 },
      localTime: { year: 2023, month: 11, day: 5, hour: 14, minute: 25, second: 30 },
    });
  });

  it('are the present ones, not those of a month that is over', () => {
    expect(registersIn('1-0:1.8.0*01(1*kWh)', '1.8.0&02(2*kWh)', '1-0:1.8.0(3*kWh)', '1.8.0(4*kWh)')).toEqual(
      {
        energyWh: 3_000,
      },
    );
  });

  it('take the sum of both directions where power taken is not told, also below nought', () => {
    expect(registersIn('16.7.0(-000512*W)')).toEqual({ powerW: -512 });
  });

  it.each([
    ['no unit', '1.8.0(1)'],
    ['another unit', '1.8.0(1*kvarh)'],
    ['no number', '1.8.0(1.2.3*kWh)'],
    ['a number that no double holds', '1.8.0(99999999999999999*kWh)'],
    ['energy below nought', '1.8.0(-1*kWh)'],
    ['no such day', '0.9.2(230231)'],
    ['a time of 25 hours', '0.9.1(250000)'],
  ])('with %s are not told', (_, line) => {
    expect(registersIn(line, line.startsWith('0.9.1') ? '0.9.2(230101)' : '0.9.1(120000)')).toEqual({});
  });

  it.each([
    ['12:34:56', '23-01-02'],
    ['0123456', '1230102'],
    ['123456', '20230102'],
    ['12:34:56', '2023-01-02'],
  ])('tell the time from %s and %s', (time, date) => {
    expect(registersIn(`0.9.1(${time})`, `0.9.2(${date})`)).toEqual({
      localTime: { year: 2023, month: 1, day: 2, hour: 12, minute: 34, second: 56 },
    });
  });
});
