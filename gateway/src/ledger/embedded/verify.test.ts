import { describe, expect, it } from 'vitest';
import { blockHash, blockSigner } from './block.ts';
import { decodeBlock, encodeBlock } from './block-codec.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { counterRules } from './testing/counter-rules.ts';
import { counters, openTestLedger, orderOf, testKey, withDirectory } from './testing/test-ledger.ts';
import { verifyLedgerDirectory } from './verify-directory.ts';

const verifyDisk = (place: SimulatedDisk) =>
  verifyLedgerDirectory({ directory: 'nowhere', place, rules: counterRules, key: testKey() });

/** A closed ledger with history, an order and several transactions in a block. */
const ledgerOnDisk = async (): Promise<SimulatedDisk> => {
  const place = new SimulatedDisk();
  const ledger = await openTestLedger({ place });
  const party = counters(ledger);
  await party.add('a', 1);
  await Promise.all([party.add('a', 2), party.add('b', 3), party.add('a', 4)]);
  await ledger.submitOrder(orderOf('r1', { account: 'b', amount: 5 }));
  await party.add('c', 6);
  await ledger.close();
  return place;
};

/** Every byte would do, but takes its time. */
const STRIDE = 7;

const bytesOf = (value: string | Uint8Array): Uint8Array =>
  typeof value === 'string' ? new TextEncoder().encode(value) : value;

describe('verify', () => {
  it('finds an untouched ledger good', async () => {
    const place = await ledgerOnDisk();
    expect(await verifyDisk(place)).toMatchObject({ ok: true, checkedBlocks: 5 });
  });

  it('finds a changed byte anywhere in a block, state, history or index row', async () => {
    const place = await ledgerOnDisk();
    const rows = [...place.durable.keys()].filter((row) => !row.startsWith('m!'));
    for (const row of rows) {
      const original = place.durable.get(row) ?? '';
      const bytes = bytesOf(original);
      for (let index = row.length % STRIDE; index < bytes.length; index += STRIDE) {
        const changed = Uint8Array.from(bytes);
        changed[index] = (changed[index] ?? 0) ^ 1;
        place.tamper(row, typeof original === 'string' ? new TextDecoder().decode(changed) : changed);
        const { ok, finding } = await verifyDisk(place);
        expect({ row, index, ok }).toEqual({ row, index, ok: false });
        if (row.startsWith('b!')) expect(finding?.problem ?? '').toMatch(/\S/);
        else expect(finding?.row).toBe(row);
      }
      place.tamper(row, original);
    }
    expect((await verifyDisk(place)).ok).toBe(true);
  });

  it('names the row that is missing, and the one that no transaction wrote', async () => {
    const place = await ledgerOnDisk();
    const row = 's!ACC~b';
    const original = place.durable.get(row);
    place.tamper(row, undefined);
    expect((await verifyDisk(place)).finding).toEqual({ row, block: 3, problem: 'The row is missing.' });
    place.tamper(row, original);
    place.tamper('s!ACC~bb', '1.0 999');
    expect((await verifyDisk(place)).finding).toMatchObject({
      row: 's!ACC~bb',
      problem: expect.stringMatching(/No/),
    });
  });

  it('finds a block that was signed anew over another outcome', async () => {
    const place = await ledgerOnDisk();
    const row = 'b!000000000001';
    const block = decodeBlock(bytesOf(place.durable.get(row) ?? ''), 1);
    const header = { ...block.header, writesHash: '11'.repeat(32) };
    const signature = blockSigner(testKey()).sign(blockHash(header));
    place.tamper(row, encodeBlock({ ...block, header, signature }));
    expect((await verifyDisk(place)).finding).toMatchObject({
      block: 1,
      problem: expect.stringMatching(/rules write/),
    });
  });

  it('finds blocks that another key signed', async () => {
    const place = await ledgerOnDisk();
    const row = 'b!000000000002';
    const block = decodeBlock(bytesOf(place.durable.get(row) ?? ''), 2);
    const signature = blockSigner(testKey(9)).sign(blockHash(block.header));
    place.tamper(row, encodeBlock({ ...block, signature }));
    expect((await verifyDisk(place)).finding).toMatchObject({
      block: 2,
      problem: expect.stringMatching(/signature/),
    });
  });

  it('finds a block that is missing, and one beyond the head', async () => {
    const place = await ledgerOnDisk();
    const last = place.durable.get('b!000000000004');
    place.tamper('b!000000000009', last);
    expect((await verifyDisk(place)).finding).toMatchObject({ row: 'b!000000000009' });
    place.tamper('b!000000000002', undefined);
    expect((await verifyDisk(place)).finding).toMatchObject({ block: 2, problem: 'The block is missing.' });
  });

  it('tells what rules that changed their mind would do otherwise', async () => {
    const place = await ledgerOnDisk();
    const rules = { ...counterRules, runTransaction: async () => ({ result: 1 }) };
    const result = await verifyLedgerDirectory({ directory: 'nowhere', place, rules });
    expect(result.finding).toMatchObject({ block: 0, problem: expect.stringMatching(/another result/) });
  });

  it('checks only the chain from a block on when asked', async () => {
    const place = await ledgerOnDisk();
    place.tamper('s!ACC~a', '1.0 1');
    const ledger = await openTestLedger({ place });
    const { number } = ledger.headBlock();
    expect(await ledger.verify({ chainFrom: 2 })).toMatchObject({ ok: true, checkedBlocks: number - 1 });
    expect(await ledger.verify()).toMatchObject({ ok: false, finding: { row: 's!ACC~a' } });
    await ledger.close();
  });

  it('can be stopped, and says how far it is', async () => {
    const place = await ledgerOnDisk();
    const ledger = await openTestLedger({ place });
    const stop = new AbortController();
    const seen: number[] = [];
    const onProgress = ({ block }: { block: number }): void => {
      seen.push(block);
      if (block === 2) stop.abort(new Error('enough'));
    };
    await expect(ledger.verify({ signal: stop.signal, onProgress })).rejects.toThrow('enough');
    expect(seen).toEqual([1, 2]);
    await ledger.close();
  });
});

describe('a running verifier', () => {
  it('is not disturbed by another check of the same directory', () =>
    withDirectory(async (directory) => {
      const ledger = await openTestLedger({ directory });
      const verifier = await ledger.verifier();
      await counters(ledger).add('a', 1);
      expect((await ledger.verify()).ok).toBe(true);
      expect(await verifier.finish()).toBeUndefined();
      await verifier.close();
      await ledger.close();
    }));

  it('replays a ledger step by step while it goes on, and finds a row changed behind its back', async () => {
    const place = new SimulatedDisk();
    const ledger = await openTestLedger({ place });
    const verifier = await ledger.verifier();
    for (let round = 0; round < 5; round++) {
      await counters(ledger).add('a', round);
      expect(await verifier.advance()).toBeUndefined();
    }
    expect(await verifier.finish()).toBeUndefined();
    await counters(ledger).add('b', 1);
    await ledger.close();
    place.tamper('s!ACC~b', '6.0 2');
    const again = await openTestLedger({ place });
    const second = await again.verifier();
    expect(await second.advance()).toMatchObject({ row: 's!ACC~b', block: 6 });
    await Promise.all([verifier.close(), second.close(), again.close()]);
  });
});
