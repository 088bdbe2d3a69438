import {
  bytesToHex,
  decodeReceipt,
  decodeResponse,
  decodeSelected,
  decodeStatus,
  encodeCommand,
  type InsName,
  meterCommand,
  meterId,
  meterRootKey,
  RESULT,
  type ResponseApdu,
  SW,
  topics,
} from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { MASTER, SITE } from '../../test/fleet-of.ts';
import { issuerFor } from '../../test/vouchers.ts';
import { type WireLink, wireLink } from '../../test/wire-link.ts';
import { MemoryNvm } from '../nvm/memory-nvm.ts';
import { METER_NVM_WORDS } from '../nvm/meter-memory.ts';
import { CuttableNvm } from '../nvm/power-cut.ts';
import { ManualTime } from '../time/manual-time.ts';
import { constantLoad } from './load.ts';
import { Meter } from './meter.ts';
import { type MeterCard, meterCard } from './meter-card.ts';
import { provisionMemory } from './power-on.ts';

const METER = '1000000001';
const NOW_S = 1_700_000_000;
const identity = { meterId: meterId(METER), root: meterRootKey(MASTER, meterId(METER)) };
const issuer = issuerFor(METER);
const own = topics(SITE).meter(METER);
const AMOUNT = 700n;

interface Bench {
  readonly meter: Meter;
  readonly nvm: CuttableNvm;
  readonly link: WireLink;
  readonly card: MeterCard;
  /** Sends one command; throws where no answer comes. */
  readonly say: (name: InsName, data?: Uint8Array) => ResponseApdu;
  readonly credited: () => bigint | undefined;
}

const sayTo =
  (card: MeterCard) =>
  (name: InsName, data?: Uint8Array): ResponseApdu => {
    const answer = card.transmit(encodeCommand(meterCommand(name, data)));
    const response = answer === undefined ? undefined : decodeResponse(answer);
    if (response === undefined) throw new Error('no answer');
    return response;
  };

const onTheWall = ({ blank = false } = {}): Bench => {
  const board = new MemoryNvm(METER_NVM_WORDS);
  if (!blank) provisionMemory(board, { ...identity, keyEpoch: 1, balanceLimit: 1_000_000n });
  const nvm = new CuttableNvm(board);
  const link = wireLink();
  const meter = new Meter({
    ...{ ...identity, site: SITE, password: 'secret', storage: nvm, links: link.factory },
    time: new ManualTime(NOW_S * 1_000),
    load: constantLoad(0),
  });
  meter.powerOn();
  const card = meterCard(meter, 'reader');
  const credited = () => meter.state?.meter.record?.cumulativeCredited;
  return { meter, nvm, link, card, credited, say: sayTo(card) };
};

const raw = ({ card }: Bench, hex: string): string => {
  const answer = card.transmit(Uint8Array.from(Buffer.from(hex, 'hex')));
  return answer === undefined ? 'silence' : bytesToHex(answer);
};

const resultIn = ({ data }: ResponseApdu): number => {
  const decoded = decodeReceipt(data);
  return decoded.ok ? decoded.fields.result : -1;
};

const changed = (frame: Uint8Array, index: number): Uint8Array =>
  frame.with(index, (frame[index] ?? 0) ^ 0xff);

const receiptNo = (number: number): Uint8Array => Uint8Array.of(0, 0, 0, number);

const redeem = ({ say }: Bench, seq: number): ResponseApdu => {
  expect(say('PUT_VOUCHER', issuer.voucher(seq, AMOUNT)).sw).toBe(SW.OK);
  return say('COMMIT');
};

describe('a meter as a card', () => {
  it('says who it is when it is selected, and its status when it is asked', () => {
    const { say } = onTheWall();
    expect(decodeSelected(say('SELECT').data)).toEqual({
      version: 1,
      meterId: identity.meterId,
      capabilities: 0,
    });
    expect(decodeStatus(say('GET_STATUS').data)).toMatchObject({
      ok: true,
      fields: { meterId: identity.meterId, keyEpoch: 1, receiptNo: 0 },
    });
  });

  it('credits a voucher that was put and committed, and gives one receipt for the commit', () => {
    const bench = onTheWall();
    const answer = redeem(bench, 1);
    expect([answer.sw, resultIn(answer)]).toEqual([SW.OK, RESULT.APPLIED]);
    expect(bench.credited()).toBe(AMOUNT);
    expect(bench.say('COMMIT')).toEqual({ sw: SW.NOTHING_STAGED, data: new Uint8Array(0) });
    expect(bench.credited()).toBe(AMOUNT);
  });

  it('says a receipt on its own connection too where it has one', () => {
    const bench = onTheWall();
    const { data } = redeem(bench, 1);
    expect(bench.link.said.filter(({ topic }) => topic === own.up('rcpt'))).toEqual([
      { topic: own.up('rcpt'), payload: data },
    ]);
    bench.link.said.length = 0;
    redeem(bench, 1);
    expect(bench.link.said).toEqual([]);
  });

  it('answers a refusal with a receipt as well', () => {
    const bench = onTheWall();
    bench.say('PUT_VOUCHER', changed(issuer.voucher(1), 60));
    const answer = bench.say('COMMIT');
    expect([answer.sw, resultIn(answer)]).toEqual([SW.OK, RESULT.BAD_MAC]);
    expect(bench.credited()).toBe(0n);
  });

  it('gives the receipts of its ring by number', () => {
    const bench = onTheWall();
    const { data } = redeem(bench, 1);
    expect(bench.say('GET_RECEIPT', receiptNo(1))).toEqual({ sw: SW.OK, data });
    expect(bench.say('GET_RECEIPT', receiptNo(2)).sw).toBe(SW.NO_SUCH_RECEIPT);
  });

  it('takes an acknowledgement, and one that changes nothing as well', () => {
    const bench = onTheWall();
    redeem(bench, 1);
    expect(bench.say('ACK', issuer.ack(1, 2)).sw).toBe(SW.OK);
    expect(bench.say('ACK', issuer.ack(1, 2)).sw).toBe(SW.OK);
    expect(bench.meter.state?.meter.record).toMatchObject({ ackedReceiptNo: 1 });
  });

  it('trusts a time that a courier brought less than its own connection’s, and takes a stale one calmly', () => {
    const bench = onTheWall();
    expect(bench.say('SET_TIME', issuer.time(5, NOW_S + 60)).sw).toBe(SW.OK);
    expect(bench.meter.state?.clock).toEqual({ offsetS: 60, trust: 1 });
    expect(bench.say('SET_TIME', issuer.time(5, NOW_S + 90)).sw).toBe(SW.OK);
    expect(bench.meter.state?.clock).toEqual({ offsetS: 60, trust: 1 });
  });

  it('without a whole record says that it is LOCKED, in receipt and status', () => {
    const bench = onTheWall({ blank: true });
    expect(resultIn(redeem(bench, 1))).toBe(RESULT.LOCKED);
    expect(decodeStatus(bench.say('GET_STATUS').data)).toMatchObject({ ok: true, fields: { keyEpoch: 0 } });
    expect(bench.say('ACK', issuer.ack(1)).sw).toBe(SW.BAD_MAC);
  });
});

describe('a command that a meter cannot take', () => {
  it.each([
    ['that is no command', '8010', '6700'],
    ['whose length byte lies', '8020000005aa', '6700'],
    ['that puts 71 bytes for a voucher', `8020000047${'00'.repeat(71)}`, '6700'],
    ['that brings data to GET STATUS', '8010000001aa', '6700'],
    ['that brings data to COMMIT', '8022000001aa', '6700'],
    ['that asks for a receipt by a short number', '802400000101', '6700'],
    ['that acknowledges with 27 bytes', `802800001b${'00'.repeat(27)}`, '6700'],
    ['that sets the time with 27 bytes', `802a00001b${'00'.repeat(27)}`, '6700'],
    ['that acknowledges with a bad frame', `802800001c${'00'.repeat(28)}`, '6a80'],
    ['that sets the time with a bad frame', `802a00001c${'00'.repeat(28)}`, '6a80'],
    ['with other P1 P2', '8010010000', '6a80'],
    ['SELECT with other P1 P2', '00a4000007f054415057540100', '6a80'],
    ['that selects another application', '00a4040007d276000085010100', '6a82'],
    ['that selects a part of ours', '00a4040005f05441505700', '6a82'],
    ['of another instruction', '8012000000', '6d00'],
    ['of another class', '0010000000', '6d00'],
    ['SELECT of another class', '80a4040007f054415057540100', '6d00'],
  ])('%s is answered with its status word and changes nothing', (_what, command, sw) => {
    const bench = onTheWall();
    const before = bench.meter.state;
    expect(raw(bench, command)).toBe(sw);
    expect(bench.meter.state?.meter).toEqual(before?.meter);
  });

  it('an acknowledgement or a time order with a wrong MAC is 6982', () => {
    const { say } = onTheWall();
    expect(say('ACK', changed(issuer.ack(1), 27)).sw).toBe(SW.BAD_MAC);
    expect(say('SET_TIME', changed(issuer.time(1, NOW_S), 27)).sw).toBe(SW.BAD_MAC);
    expect(say('ACK', issuerFor(METER, 2).ack(1)).sw).toBe(SW.BAD_MAC);
    expect(say('ACK', issuerFor('1000000002').ack(1)).sw).toBe(SW.BAD_MAC);
  });
});

describe('what a reader has put', () => {
  const drops: readonly (readonly [string, (bench: Bench) => void])[] = [
    ['SELECT', ({ say }) => say('SELECT')],
    ['SELECT of another application', (bench) => raw(bench, '00a4040007d276000085010100')],
    ['loss of field', ({ card }) => card.release()],
    [
      'loss of power',
      ({ meter }) => {
        meter.powerOff();
        meter.powerOn();
      },
    ],
  ];

  it.each(drops)('is dropped by %s', (_what, happens) => {
    const bench = onTheWall();
    bench.say('PUT_VOUCHER', issuer.voucher(1));
    happens(bench);
    expect(bench.say('COMMIT').sw).toBe(SW.NOTHING_STAGED);
    expect(bench.credited()).toBe(0n);
  });

  it('stays when other commands come between, and is replaced by the next one', () => {
    const bench = onTheWall();
    bench.say('PUT_VOUCHER', issuer.voucher(1, 100n));
    bench.say('GET_STATUS');
    raw(bench, '8012000000');
    bench.say('PUT_VOUCHER', issuer.voucher(2, 200n));
    expect(resultIn(bench.say('COMMIT'))).toBe(RESULT.APPLIED);
    expect(bench.credited()).toBe(200n);
  });

  it('is its own link’s alone', () => {
    const bench = onTheWall();
    const other = meterCard(bench.meter, 'serial');
    bench.say('PUT_VOUCHER', issuer.voucher(1, 100n));
    sayTo(other)('PUT_VOUCHER', issuer.voucher(2, 200n));
    other.release();
    expect(sayTo(other)('COMMIT').sw).toBe(SW.NOTHING_STAGED);
    expect(resultIn(bench.say('COMMIT'))).toBe(RESULT.APPLIED);
    expect(bench.credited()).toBe(100n);
  });

  it('of too many links at one time gives way, the oldest first', () => {
    const bench = onTheWall();
    bench.say('PUT_VOUCHER', issuer.voucher(1));
    for (let n = 0; n < 8; n++) sayTo(meterCard(bench.meter, `line-${n}`))('PUT_VOUCHER', issuer.voucher(2));
    expect(bench.say('COMMIT').sw).toBe(SW.NOTHING_STAGED);
    expect(resultIn(sayTo(meterCard(bench.meter, 'line-0'))('COMMIT'))).toBe(RESULT.APPLIED);
  });
});

describe('a tap that ends early', () => {
  const TAP: readonly (readonly [InsName, Uint8Array?])[] = [
    ['SELECT'],
    ['GET_STATUS'],
    ['PUT_VOUCHER', issuer.voucher(1, AMOUNT)],
    ['COMMIT'],
    ['GET_RECEIPT', receiptNo(1)],
    ['ACK', issuer.ack(1, 2)],
  ];
  const COMMIT_AT = 3;
  const removals = TAP.flatMap((_command, at) => [
    { at, heard: false },
    { at, heard: true },
  ]);

  it.each(removals)(
    'at APDU $at, the command heard: $heard, credits only when it heard COMMIT, and the next tap gives one credit',
    ({ at, heard }) => {
      const bench = onTheWall();
      for (const [name, data] of TAP.slice(0, heard ? at + 1 : at)) bench.say(name, data);
      bench.card.release();
      const isCredited = heard ? at >= COMMIT_AT : at > COMMIT_AT;
      expect(bench.credited()).toBe(isCredited ? AMOUNT : 0n);
      const answer = redeem(bench, 1);
      expect(resultIn(answer)).toBe(isCredited ? RESULT.ALREADY_APPLIED : RESULT.APPLIED);
      expect(bench.credited()).toBe(AMOUNT);
      expect(resultIn(bench.say('GET_RECEIPT', receiptNo(1)))).toBe(RESULT.APPLIED);
    },
  );

  it('by the power going at any word of the COMMIT says nothing, and the next tap gives one credit', () => {
    let cuts = 0;
    for (let word = 0; ; word++) {
      const bench = onTheWall();
      bench.say('PUT_VOUCHER', issuer.voucher(1, AMOUNT));
      bench.nvm.cutAfter({ writes: word });
      const answer = raw(bench, '8022000000');
      if (!bench.nvm.isOff) break;
      cuts += 1;
      expect(answer).toBe('silence');
      expect(raw(bench, '8010000000')).toBe('silence');
      bench.nvm.restore();
      bench.meter.powerOn();
      redeem(bench, 1);
      expect(bench.credited()).toBe(AMOUNT);
      expect(bench.meter.state?.meter.record?.receiptNo).toBe(1);
    }
    expect(cuts).toBeGreaterThan(8);
  });
});
