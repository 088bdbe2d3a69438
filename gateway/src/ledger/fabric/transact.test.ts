import { GatewayError } from '@hyperledger/fabric-gateway';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../edges/edges.ts';
import type { Attempt } from './channel.ts';
import { FABRIC_LIMITS } from './limits.ts';
import { transact } from './transact.ts';
import { Turns } from './turns.ts';

const committed: Attempt = { fabricTxId: 'f'.repeat(64), blockNumber: 7, result: '{}' };
const refusal = (text = 'BAD_REQUEST: {"message":"no"}') =>
  new GatewayError({
    code: 10,
    details: [{ address: 'peer', mspId: 'M', message: text }],
    cause: null as never,
  });

/** Time that passes as soon as somebody waits for it. */
const instantly: Clock = {
  nowMs: () => 0,
  monotonicMs: () => 0,
  after(_, run) {
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  },
};

/** A channel whose attempts come to these, one after another; the last one again and again. */
function scripted(script: readonly (Attempt | Error)[], canCatchUp = true) {
  const seen = { attempts: 0, caughtUp: 0, overtaken: 0, atOnce: 0, mostAtOnce: 0 };
  const channel = {
    async attempt(): Promise<Attempt> {
      seen.attempts += 1;
      const outcome = script[Math.min(seen.attempts, script.length) - 1] ?? committed;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    async catchUp() {
      seen.caughtUp += 1;
      return canCatchUp;
    },
  };
  const ports = {
    ...{ channel, clock: instantly, limits: FABRIC_LIMITS, lane: new Turns(1, 8) },
    random: { bytes: (length: number) => new Uint8Array(length) },
    onOvertaken: () => {
      seen.overtaken += 1;
    },
  };
  const run = (signal = new AbortController().signal) => transact(ports, { name: 'X', args: [] }, signal);
  return { seen, run };
}

describe('committing a transaction on Fabric', () => {
  it('endorses it again when others overtook it', async () => {
    const { seen, run } = scripted(['overtaken', 'overtaken', 'overtaken', committed]);
    expect(await run()).toBe(committed);
    expect(seen).toMatchObject({ attempts: 4, overtaken: 3 });
  });

  it('gives up as BUSY when it is overtaken again and again', async () => {
    const { seen, run } = scripted(['overtaken']);
    await expect(run()).rejects.toMatchObject({ name: 'LedgerUnavailable', code: 'BUSY' });
    expect(seen.attempts).toBe(FABRIC_LIMITS.conflicts);
  });

  it('takes a refusal back that a peer spoke which was behind', async () => {
    const { seen, run } = scripted([refusal(), committed]);
    expect(await run()).toBe(committed);
    expect(seen).toMatchObject({ attempts: 2, caughtUp: 1 });
  });

  it('believes a refusal that is said twice, or by the only peer there is', async () => {
    const twice = scripted([refusal()]);
    await expect(twice.run()).rejects.toBeInstanceOf(GatewayError);
    expect(twice.seen.attempts).toBe(2);
    const once = scripted([refusal()], false);
    await expect(once.run()).rejects.toBeInstanceOf(GatewayError);
    expect(once.seen.attempts).toBe(1);
  });

  it('does not ask twice for what is no refusal: a transaction known already, or a network that fails', async () => {
    for (const text of ['TX_KNOWN: {"txId":"ab"}', 'no peers available']) {
      const { seen, run } = scripted([refusal(text), committed]);
      await expect(run()).rejects.toBeInstanceOf(GatewayError);
      expect(seen).toMatchObject({ attempts: 1, caughtUp: 0 });
    }
  });
});
