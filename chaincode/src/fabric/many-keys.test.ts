import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { beforeAll, expect, test } from 'vitest';
import { hearOffers, manyKeysOf } from './many-keys.ts';
import { MESSAGE } from './many-keys-wire.ts';
import type { Stub } from './stub.ts';
import { StubQueryState } from './stub-state.ts';

const require = createRequire(import.meta.url);
const REGISTERED = 2;
const RESPONSE = 13;
const text = (value: Uint8Array): string => Buffer.from(value).toString();
const hex = (value: string): Uint8Array => Buffer.from(value, 'hex');

/** As the generated code of fabric-protos 0.3.7 writes them: both at once up to 1,000, and up to 2; writes only; nothing. */
const OFFER = {
  many: '080110e807180120e807',
  two: '0801100218012002',
  writesOnly: '08011002',
  none: '',
} as const;
const GET = { ba: '0a01620a0161', c: '0a0163' } as const;
const VALUES = { nothingOne: '0a000a036f6e65', nothing: '0a00', none: '' } as const;
const PUT = { xy: '0a080a017812013128090a080a01791201322809', z: '0a080a017a1201332809' } as const;

interface Message {
  getType(): number;
  getPayload_asU8(): Uint8Array;
}

/** A peer's end of the stream under the shim's own handler, with its answers in order. */
class Peer extends EventEmitter {
  readonly heard: (readonly [type: number, payload: string])[] = [];
  readonly #answers: string[];

  constructor(answers: readonly string[]) {
    super();
    this.#answers = [...answers];
  }

  /** What the shim writes. */
  write(message: Message): void {
    if (message.getType() !== MESSAGE.WRITE_BATCH_STATE && message.getType() !== MESSAGE.GET_STATE_MULTIPLE)
      return;
    this.heard.push([message.getType(), Buffer.from(message.getPayload_asU8()).toString('hex')]);
    this.say(RESPONSE, hex(this.#answers.shift() ?? ''));
  }

  say(type: number, payload: Uint8Array): void {
    const said = { getType: () => type, getPayload_asU8: () => payload, getPayload: () => payload };
    const about = { getTxid: () => 't', getChannelId: () => 'c', getProposal: () => undefined };
    this.emit('data', { ...said, ...about, getChaincodeEvent: () => undefined });
  }
}

/** A transaction's stub on a connection of a peer that offers this. */
function connected(offer: string, answers: readonly string[] = []) {
  const { ChaincodeMessageHandler } = require('fabric-shim/lib/handler.js');
  const peer = new Peer(answers);
  const handler = new ChaincodeMessageHandler(peer, {});
  handler.chat({ getType: () => 1 });
  peer.say(REGISTERED, new Uint8Array());
  peer.say(MESSAGE.READY, hex(offer));
  const stub = { handler, getTxID: () => 't', getChannelID: () => 'c' };
  return { peer, many: manyKeysOf(stub), stub: stub as unknown as Stub };
}

beforeAll(() => {
  process.env.CORE_CHAINCODE_LOGGING_LEVEL = 'WARNING';
  hearOffers();
});

test('keys are read together, as many at a time as the peer takes', async () => {
  const { peer, many } = connected(OFFER.two, [VALUES.nothingOne, VALUES.nothing]);
  expect((await many?.get(['b', 'a', 'c']))?.map(text)).toEqual(['', 'one', '']);
  expect(peer.heard).toEqual([
    [MESSAGE.GET_STATE_MULTIPLE, GET.ba],
    [MESSAGE.GET_STATE_MULTIPLE, GET.c],
  ]);
});

test('keys are written together, as many at a time as the peer takes', async () => {
  const { peer, many } = connected(OFFER.two);
  await many?.put([
    ['x', '1'],
    ['y', '2'],
    ['z', '3'],
  ]);
  expect(peer.heard).toEqual([
    [MESSAGE.WRITE_BATCH_STATE, PUT.xy],
    [MESSAGE.WRITE_BATCH_STATE, PUT.z],
  ]);
});

test('a long value has its length in more than one byte', async () => {
  const { peer, many } = connected(OFFER.many);
  await many?.put([['k', 'v'.repeat(200)]]);
  expect(peer.heard[0]?.[1]).toMatch(/^0ad0010a016b12c80176767676/);
});

test('a peer that answers fewer values than keys could not read them', async () => {
  const { many } = connected(OFFER.many, [VALUES.none]);
  await expect(many?.get(['a'])).rejects.toMatchObject({ code: 'INTERNAL' });
});

test('a peer that offers nothing, or not both, is asked for one key at a time', () => {
  expect(connected(OFFER.none).many).toBeUndefined();
  expect(connected(OFFER.writesOnly).many).toBeUndefined();
  expect(manyKeysOf({})).toBeUndefined();
});

test('what queries ask for in one turn is read together', async () => {
  const { peer, stub } = connected(OFFER.two, [VALUES.nothingOne, VALUES.nothing]);
  const state = new StubQueryState(stub);
  const query = async (key: string) => state.get(key);
  expect(await Promise.all([query('b'), query('a')])).toEqual([undefined, 'one']);
  expect(await query('c')).toBeUndefined();
  expect(peer.heard).toEqual([
    [MESSAGE.GET_STATE_MULTIPLE, GET.ba],
    [MESSAGE.GET_STATE_MULTIPLE, GET.c],
  ]);
});

test('a peer that cannot read refuses every query that asked', async () => {
  const state = new StubQueryState(connected(OFFER.many, [VALUES.none]).stub);
  const refused = await Promise.allSettled([state.get('a'), state.get('b')]);
  for (const one of refused) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'INTERNAL' } });
});
