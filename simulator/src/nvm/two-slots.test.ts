import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryNvm } from './memory-nvm.ts';
import { CuttableNvm, PowerCut } from './power-cut.ts';
import { TwoSlots } from './two-slots.ts';

const bytesOf = (seed: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7) & 0xff);

const writeUntilCut = (nvm: CuttableNvm, payload: Uint8Array): boolean => {
  try {
    const slots = new TwoSlots(nvm);
    slots.recover();
    slots.commit(payload);
    return false;
  } catch (error) {
    if (error instanceof PowerCut) return true;
    throw error;
  }
};

describe('a record in two slots', () => {
  const words = TwoSlots.wordsFor(64);

  it('is blank before its first commit', () => {
    expect(new TwoSlots(new MemoryNvm(words)).recover()).toBeUndefined();
  });

  it('gives the newest content back', () => {
    const nvm = new MemoryNvm(words);
    const slots = new TwoSlots(nvm);
    slots.recover();
    for (const seed of [1, 2, 3]) slots.commit(bytesOf(seed, 40 + seed));
    expect(new TwoSlots(nvm).recover()).toEqual(bytesOf(3, 43));
  });

  it('is the old content or the new one after a cut at any word of any commit, and goes on from there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 64 }), { minLength: 1, maxLength: 5 }),
        fc.uint8Array({ maxLength: 64 }),
        fc.uint8Array({ maxLength: 64 }),
        fc.nat({ max: 40 }),
        fc.nat({ max: 40 }),
        (history, next, last, cutAt, readsBeforeCut) => {
          const memory = new MemoryNvm(words);
          const nvm = new CuttableNvm(memory);
          for (const payload of history) writeUntilCut(nvm, payload);
          nvm.cutAfter({ writes: cutAt });
          const wasCut = writeUntilCut(nvm, next);
          nvm.restore();
          nvm.cutAfter({ reads: readsBeforeCut });
          try {
            new TwoSlots(nvm).recover();
          } catch (error) {
            expect(error).toBeInstanceOf(PowerCut);
          }
          nvm.restore();
          const found = new TwoSlots(nvm).recover();
          const old = history.at(-1);
          if (wasCut) expect([old, next]).toContainEqual(found);
          else expect(found).toEqual(next);
          writeUntilCut(nvm, last);
          expect(new TwoSlots(nvm).recover()).toEqual(last);
        },
      ),
    );
  });

  it('keeps the old content as long as the last word is not written', () => {
    const memory = new MemoryNvm(words);
    writeUntilCut(new CuttableNvm(memory), bytesOf(1, 64));
    for (let cutAt = 0; ; cutAt++) {
      const nvm = new CuttableNvm(memory.clone());
      nvm.cutAfter({ writes: cutAt });
      const wasCut = writeUntilCut(nvm, bytesOf(2, 64));
      nvm.restore();
      expect(new TwoSlots(nvm).recover()).toEqual(bytesOf(wasCut ? 1 : 2, 64));
      if (!wasCut) break;
    }
  });

  it('does not count a slot with a flipped bit, and falls back to the other', () => {
    fc.assert(
      fc.property(fc.nat({ max: words * 32 - 1 }), (bit) => {
        const nvm = new MemoryNvm(words);
        const slots = new TwoSlots(nvm);
        slots.recover();
        slots.commit(bytesOf(1, 64));
        slots.commit(bytesOf(2, 64));
        nvm.write(bit >> 5, (nvm.read(bit >> 5) ^ (1 << (bit & 31))) >>> 0);
        expect([bytesOf(1, 64), bytesOf(2, 64)]).toContainEqual(new TwoSlots(nvm).recover());
      }),
    );
  });

  it('is gone when neither slot is whole', () => {
    const nvm = new MemoryNvm(words);
    const slots = new TwoSlots(nvm);
    slots.recover();
    slots.commit(bytesOf(1, 64));
    slots.commit(bytesOf(2, 64));
    nvm.write(0, 0);
    nvm.write(words / 2, 0);
    expect(new TwoSlots(nvm).recover()).toBeUndefined();
  });
});
