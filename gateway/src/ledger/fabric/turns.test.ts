import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

describe('turns', () => {
  it('are taken so many at once, the others in their order, and no more than may wait', async () => {
    const turns = new Turns(2, 2);
    const begun: number[] = [];
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const all = gates.map(({ promise }, n) =>
      turns.take(async () => {
        begun.push(n);
        await promise;
      }),
    );
    await expect(turns.take(async () => undefined)).rejects.toMatchObject({ code: 'BUSY' });
    expect(begun).toEqual([0, 1]);
    expect(turns).toMatchObject({ underWay: 2, waiting: 2 });
    gates[1]?.resolve();
    await all[1];
    expect(begun).toEqual([0, 1, 2]);
    for (const { resolve } of gates) resolve();
    await Promise.all(all);
    expect(turns).toMatchObject({ underWay: 0, waiting: 0 });
  });

  it('go on when one fails', async () => {
    const turns = new Turns(1, 1);
    const failing = turns.take(() => Promise.reject(new Error('x')));
    const next = turns.take(async () => 'done');
    await expect(failing).rejects.toThrow('x');
    expect(await next).toBe('done');
  });
});
