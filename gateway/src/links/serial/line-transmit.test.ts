import { encodeCommand, encodeResponse, type InsName, meterCommand, SW } from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { createSureTransmit, NoAnswer } from './line-transmit.ts';

const NOTHING = new Uint8Array(0);
const command = (name: InsName): Uint8Array =>
  encodeCommand(meterCommand(name, name === 'PUT_VOUCHER' ? new Uint8Array(72) : NOTHING));
const [select, status, put, commit] = (['SELECT', 'GET_STATUS', 'PUT_VOUCHER', 'COMMIT'] as const).map(
  command,
);
const ok = encodeResponse({ data: NOTHING, sw: SW.OK });
const receipt = encodeResponse({ data: new Uint8Array(128), sw: SW.OK });
const nothingStaged = encodeResponse({ data: NOTHING, sw: SW.NOTHING_STAGED });

/** Answers one after another, `undefined` for one that is lost; tells what was said. */
const meter = (...answers: readonly (Uint8Array | undefined)[]) => {
  const said: (Uint8Array | undefined)[] = [];
  const left = [...answers];
  const sure = createSureTransmit(async (one) => {
    said.push(one);
    return left.shift();
  }, 1);
  return { said, say: (one: Uint8Array | undefined) => sure.transmit(one ?? NOTHING) };
};

describe('a command whose answer was lost', () => {
  it('is said again, and not for ever', async () => {
    const { said, say } = meter(undefined, undefined, ok, undefined, undefined, undefined);
    expect(await say(status)).toBe(ok);
    await expect(say(status)).rejects.toThrow(NoAnswer);
    expect(said).toHaveLength(6);
  });

  it('is staged again before it is committed again', async () => {
    const { said, say } = meter(ok, undefined, ok, receipt);
    await say(put);
    expect(await say(commit)).toBe(receipt);
    expect(said).toEqual([put, commit, put, commit]);
  });

  it('is staged again also where the meter has lost its power meanwhile', async () => {
    const { said, say } = meter(ok, nothingStaged, ok, receipt);
    await say(put);
    expect(await say(commit)).toBe(receipt);
    expect(said).toEqual([put, commit, put, commit]);
  });

  it('is not committed for ever', async () => {
    const { say } = meter(ok, undefined, ok, undefined, ok, undefined);
    await say(put);
    await expect(say(commit)).rejects.toThrow(NoAnswer);
  });

  it('is not staged by anything but a PUT of this session', async () => {
    const { said, say } = meter(ok, ok, nothingStaged);
    await say(put);
    await say(select);
    expect(await say(commit)).toBe(nothingStaged);
    expect(said).toEqual([put, select, commit]);
  });

  it('is said once to an address that may be nobody’s', async () => {
    const { said, say } = meter(undefined);
    await expect(say(select)).rejects.toThrow(NoAnswer);
    expect(said).toHaveLength(1);
  });
});
