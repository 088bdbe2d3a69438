import { GatewayError } from '@hyperledger/fabric-gateway';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../edges/manual-clock.ts';
import { type Peer, Peers } from './peers.ts';
import { isForAnotherPeer } from './stage-errors.ts';

const unreached = () => new GatewayError({ code: 14, details: [], cause: null as never });
const peerAt = (address: string): Peer => ({ address, gateway: null as never, close: () => undefined });

function threePeers() {
  const clock = createManualClock();
  const down = new Set<string>();
  const told: string[] = [];
  const peers = new Peers(['a', 'b', 'c'].map(peerAt), {
    clock,
    restMs: 1_000,
    onReached: (address) => told.push(`${address} is back`),
    onUnreached: (address) => told.push(`${address} is away`),
  });
  const ask = () =>
    peers.reach(async ({ address }) => {
      if (down.has(address)) throw unreached();
      return address;
    });
  return { clock, down, told, peers, ask };
}

describe('the peers of a gateway', () => {
  it('stay with the first one while it is reached', async () => {
    const { ask } = threePeers();
    expect([await ask(), await ask()]).toEqual(['a', 'a']);
  });

  it('go on to the next when one is not reached, and stay there', async () => {
    const { ask, down, told } = threePeers();
    down.add('a');
    expect(await ask()).toBe('b');
    down.clear();
    expect(await ask()).toBe('b');
    expect(told).toEqual(['a is away']);
  });

  it('leave one that was not reached alone for a while, unless there is no other', async () => {
    const { ask, down, told, clock } = threePeers();
    for (const address of ['a', 'b', 'c']) down.add(address);
    await expect(ask()).rejects.toMatchObject({ code: 14 });
    down.delete('c');
    expect(await ask()).toBe('c');
    await clock.advance(1_001);
    down.delete('a');
    down.add('c');
    expect(await ask()).toBe('a');
    expect(told).toContain('c is back');
  });

  it('tell once that one is away, however often it is tried', async () => {
    const { ask, down, told, clock } = threePeers();
    for (const address of ['a', 'b', 'c']) down.add(address);
    for (let n = 0; n < 3; n += 1) {
      await expect(ask()).rejects.toMatchObject({ code: 14 });
      await clock.advance(1_001);
    }
    expect(told).toEqual(['a is away', 'b is away', 'c is away']);
  });

  it('are asked in turn where the first one hangs, or finds nobody to carry something out', async () => {
    const { peers } = threePeers();
    const failed = (code: number, message: string) =>
      new GatewayError({ code, details: [{ address: 'x', message, mspId: 'X' }], cause: null as never });
    const answers = { a: failed(4, ''), b: failed(10, 'failed to endorse'), c: undefined };
    const ask = (said: Readonly<Record<string, Error | undefined>>) =>
      peers.reach(async ({ address }) => {
        if (said[address] !== undefined) throw said[address];
        return address;
      }, isForAnotherPeer);
    expect(await ask(answers)).toBe('c');
    const refusal = failed(10, 'chaincode response 500, METER_UNKNOWN: {"details":{},"message":"none"}');
    await expect(ask({ c: refusal })).rejects.toBe(refusal);
    const uneven = failed(10, 'ProposalResponsePayloads do not match');
    await expect(ask({ c: uneven })).rejects.toBe(uneven);
  });

  it('do not repeat elsewhere what failed for another reason', async () => {
    const { peers } = threePeers();
    let asked = 0;
    const failing = peers.reach(async () => {
      asked += 1;
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(asked).toBe(1);
  });

  it('are all asked where all must be, and only those that answer count', async () => {
    const { peers } = threePeers();
    const answers = await peers.all(async ({ address }) => {
      if (address === 'b') throw unreached();
      return address;
    }, 1_000);
    expect(answers).toEqual(['a', 'c']);
  });

  it('do not wait for one that hangs', async () => {
    const { peers, clock } = threePeers();
    const hangs = new Promise<string>(() => undefined);
    const answers = peers.all(({ address }) => (address === 'a' ? hangs : Promise.resolve(address)), 1_000);
    await clock.advance(1_000);
    expect(await answers).toEqual(['b', 'c']);
  });
});
