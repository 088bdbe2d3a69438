import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeCommand,
  decodeResponse,
  decodeSelected,
  encodeCommand,
  encodeResponse,
  encodeSelected,
  INS,
  meterCommand,
  SW,
} from './apdu.ts';
import { bytesToHex, hexToBytes } from './bytes.ts';

test('the commands of the meter link are these bytes', () => {
  expect(bytesToHex(encodeCommand(meterCommand('SELECT')))).toBe('00a4040007f0544150575401' + '00');
  expect(bytesToHex(encodeCommand(meterCommand('GET_STATUS')))).toBe('8010000000');
  expect(bytesToHex(encodeCommand(meterCommand('COMMIT')))).toBe('8022000000');
  expect(bytesToHex(encodeCommand(meterCommand('GET_RECEIPT', Uint8Array.of(0, 0, 0, 7))))).toBe(
    '8024000004' + '00000007' + '00',
  );
  const put = encodeCommand(meterCommand('PUT_VOUCHER', new Uint8Array(72)));
  expect(bytesToHex(put.subarray(0, 5))).toBe('8020000048');
  expect(put.length).toBe(5 + 72);
});

test('every short command is read as it was written', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(
      fc.record({
        cla: byte,
        ins: byte,
        p1: byte,
        p2: byte,
        data: fc.uint8Array({ maxLength: 255 }),
        le: fc.integer({ min: 0, max: 256 }),
      }),
      (command) => {
        expect(decodeCommand(encodeCommand(command))).toEqual(command);
      },
    ),
  );
});

test.each(['', '80', '802200', '8020000002aa', '8020000001aabbcc', '802000000000', '8020000000aa'])(
  'the command %s is refused',
  (hex) => {
    expect(decodeCommand(hexToBytes(hex))).toBeUndefined();
  },
);

test('a command that does not fit the short form is not written', () => {
  expect(() => encodeCommand({ ...meterCommand('ACK'), data: new Uint8Array(256) })).toThrow(/short APDU/);
  expect(() => encodeCommand({ ...meterCommand('ACK'), ins: 256 })).toThrow(/short APDU/);
});

test('a response is its data and a status word', () => {
  const data = Uint8Array.of(1, 2, 3);
  expect(bytesToHex(encodeResponse({ data, sw: SW.OK }))).toBe('0102039000');
  expect(decodeResponse(hexToBytes('0102036a88'))).toEqual({ data, sw: SW.NO_SUCH_RECEIPT });
  expect(decodeResponse(Uint8Array.of(0x90))).toBeUndefined();
  expect(decodeResponse(new Uint8Array(259))).toBeUndefined();
});

test('a selected meter says who it is in 11 bytes', () => {
  const selected = { version: 1, meterId: 2n ** 64n - 1n, capabilities: 0 };
  const bytes = encodeSelected(selected);
  expect(bytesToHex(bytes)).toBe('01ffffffffffffffff0000');
  expect(decodeSelected(bytes)).toEqual(selected);
  expect(decodeSelected(bytes.subarray(1))).toBeUndefined();
});

test('instruction bytes are all different', () => {
  expect(new Set(Object.values(INS)).size).toBe(Object.keys(INS).length);
});
