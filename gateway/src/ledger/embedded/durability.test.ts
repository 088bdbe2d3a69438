import { describe, expect, it } from 'vitest';
import { SimulatedDisk, type SyncFault } from './simulated-disk.ts';
import { StorageError } from './storage-error.ts';
import { Gate } from './testing/gate.ts';
import { ManualScheduler, turns } from './testing/manual-scheduler.ts';
import { counters, openTestLedger, txIdNumber } from './testing/test-ledger.ts';

const LOST: SyncFault = { kind: 'fail', kept: false, code: 'LEDGER_UNAVAILABLE' };
const KEPT: SyncFault = { kind: 'fail', kept: true, code: 'LEDGER_UNAVAILABLE' };
const FULL: SyncFault = { kind: 'fail', kept: false, code: 'DISK_FULL' };

/** A ledger whose every sync waits to be let through. */
const gated = async (options: Parameters<typeof openTestLedger>[0] = {}) => {
  const place = new SimulatedDisk();
  const scheduler = new ManualScheduler();
  const ledger = await openTestLedger({ place, scheduler, ...options });
  const gate = new Gate();
  place.onSync = () => gate.pass();
  return { place, scheduler, ledger, gate, party: counters(ledger) };
};

/** What has come of a promise so far. */
const watch = <T>(promise: Promise<T>) => {
  const seen: { value?: T; error?: unknown; settled: boolean } = { settled: false };
  promise.then(
    (value) => Object.assign(seen, { value, settled: true }),
    (error: unknown) => Object.assign(seen, { error, settled: true }),
  );
  return seen;
};

describe('before a block is durable', () => {
  it('answers, reads, finds and emits nothing of it', async () => {
    const { ledger, gate, party } = await gated();
    const auditor = ledger.as({ partyId: 'x', role: 'auditor' });
    const stop = new AbortController();
    const events = auditor.events(0, stop.signal)[Symbol.asyncIterator]();
    const event = watch(events.next());
    const answer = watch(party.add('a', 5, { txId: txIdNumber(9) }));
    const release = await gate.arrival();
    const found = watch(auditor.lookup(txIdNumber(9)));
    await turns();
    expect([answer.settled, event.settled, found.settled]).toEqual([false, false, false]);
    expect(await party.read('a')).toBe(0);
    expect(ledger.headBlock().number).toBe(0);
    release();
    await turns();
    expect(answer.value).toMatchObject({ blockNumber: 1, result: { balance: 5 } });
    expect(found.value).toEqual(answer.value);
    expect(event.value?.value).toMatchObject({ blockNumber: 1, name: 'Added' });
    expect(await party.read('a')).toBe(5);
    stop.abort();
    await ledger.close();
  });

  it('holds back a refusal that rests on it', async () => {
    const { ledger, gate, party } = await gated();
    const spend = [watch(party.add('a', 5)), watch(party.add('a', -5)), watch(party.add('a', -5))];
    const first = await gate.arrival();
    await turns();
    expect(spend.map(({ settled }) => settled)).toEqual([false, false, false]);
    first();
    await turns();
    expect(spend.map(({ settled }) => settled)).toEqual([true, true, true]);
    expect(spend[2]?.error).toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    gate.open();
    await ledger.close();
  });

  it('turns such a refusal into "nothing happened" when the write fails', async () => {
    const { ledger, gate, party } = await gated();
    const paid = watch(party.add('a', -1).catch(() => party.add('a', 5)));
    const release = await gate.arrival();
    const refused = watch(party.add('a', -9));
    await turns();
    release(LOST);
    await turns();
    expect(paid.error).toMatchObject({ name: 'OutcomeUnknown' });
    expect(refused.error).toMatchObject({ name: 'LedgerUnavailable', code: 'LEDGER_UNAVAILABLE' });
    await ledger.close();
  });

  it('answers a repeated transaction id with the first one only when that is durable', async () => {
    const { ledger, gate, party } = await gated();
    const txId = txIdNumber(9);
    const first = watch(party.add('a', 5, { txId }));
    const release = await gate.arrival();
    const second = watch(party.add('a', 6, { txId }));
    await turns();
    expect(second.settled).toBe(false);
    release();
    await turns();
    expect(second.value).toEqual(first.value);
    await ledger.close();
  });

  it('executes the next group meanwhile, and writes it as one block', async () => {
    const { ledger, gate, party } = await gated();
    const first = party.add('a', 1);
    const release = await gate.arrival();
    const rest = Array.from({ length: 10 }, () => party.add('a', 1));
    await turns();
    release();
    await first;
    (await gate.arrival())();
    const blocks = (await Promise.all(rest)).map(({ blockNumber }) => blockNumber);
    expect(new Set(blocks)).toEqual(new Set([2]));
    gate.open();
    await ledger.close();
  });
});

describe('when a write fails', () => {
  const failing = async (fault: SyncFault) => {
    const all = await gated({ limits: { groupTransactions: 2 } });
    const { gate, party } = all;
    const written = watch(party.add('a', 1, { txId: txIdNumber(1) }));
    const release = await gate.arrival();
    const built = [2, 3, 4].map((id) => watch(party.add('a', 1, { txId: txIdNumber(id) })));
    await turns();
    release(fault);
    await turns();
    gate.open();
    return { ...all, written, built, auditor: all.ledger.as({ partyId: 'x', role: 'auditor' }) };
  };

  it.each([
    ['is found', KEPT, 1],
    ['never happened', LOST, 0],
  ] as const)('says so, opens again, and then a lookup tells that it %s', async (_, fault, balance) => {
    const { ledger, scheduler, written, built, auditor, party } = await failing(fault);
    expect(written.error).toMatchObject({ name: 'OutcomeUnknown', txId: txIdNumber(1) });
    for (const { error } of built) expect(error).toMatchObject({ name: 'LedgerUnavailable' });
    await expect(party.add('a', 1)).rejects.toMatchObject({ name: 'LedgerUnavailable' });
    await expect(party.read('a')).rejects.toMatchObject({ name: 'LedgerUnavailable' });
    expect(ledger.condition).toBe('failed');
    await scheduler.fire();
    expect(ledger.condition).toBe('open');
    expect((await auditor.lookup(txIdNumber(1)))?.result).toEqual(balance === 1 ? { balance } : undefined);
    for (const id of [2, 3, 4]) expect(await auditor.lookup(txIdNumber(id))).toBeUndefined();
    expect(await party.read('a')).toBe(balance);
    expect((await party.add('a', 1)).result.balance).toBe(balance + 1);
    expect((await ledger.verify()).finding).toBeUndefined();
    await ledger.close();
  });

  it('goes on by itself when a full disk has room again, trying at growing intervals', async () => {
    const full = await gated({ limits: { reopenFirstMs: 10, reopenMaxMs: 40 } });
    const { ledger, place, gate, scheduler, party } = full;
    const written = watch(party.add('a', 1));
    (await gate.arrival())(FULL);
    await turns();
    expect(written.error).toMatchObject({ name: 'OutcomeUnknown', cause: { code: 'DISK_FULL' } });
    await expect(party.add('a', 1)).rejects.toMatchObject({ name: 'LedgerUnavailable', code: 'DISK_FULL' });
    place.onOpen = async () => {
      throw Object.assign(new Error('still no room'));
    };
    for (let attempt = 0; attempt < 3; attempt++) await scheduler.fire();
    place.onOpen = async () => undefined;
    gate.open();
    await scheduler.fire();
    expect(scheduler.pauses).toEqual([10, 20, 40, 40]);
    expect((await party.add('a', 1)).result.balance).toBe(1);
    expect((await ledger.stats()).reopenings).toBe(1);
    await ledger.close();
  });

  it('stays closed when what had been durable is gone', async () => {
    const { ledger, place, gate, scheduler, party } = await gated();
    const before = place.durable;
    const kept = party.add('a', 1);
    (await gate.arrival())();
    await kept;
    const lost = watch(party.add('a', 1));
    (await gate.arrival())(LOST);
    await turns();
    expect(lost.settled).toBe(true);
    for (const key of [...place.durable.keys()]) place.tamper(key, before.get(key));
    await scheduler.fire();
    expect(ledger.condition).toBe('damaged');
    await expect(party.read('a')).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
    await ledger.close();
  });

  it('ends its attempts when it is closed', async () => {
    const { ledger, gate, party } = await gated();
    const lost = watch(party.add('a', 1));
    (await gate.arrival())(LOST);
    await turns();
    expect(lost.settled).toBe(true);
    await ledger.close();
    expect(ledger.condition).toBe('closed');
    await expect(party.add('a', 1)).rejects.toMatchObject({ name: 'LedgerUnavailable' });
  });
});

describe('when a read fails', () => {
  const unreadable = async () => {
    const all = await gated();
    all.gate.open();
    await all.party.add('a', 1);
    all.place.onRead = (key) => {
      if (key === 's!ACC~a') throw new StorageError('LEDGER_UNAVAILABLE', 'EIO');
    };
    return all;
  };

  it('takes no failure of the disk for a refusal, and opens again', async () => {
    const { ledger, place, scheduler, party } = await unreadable();
    await expect(party.submit('Careless', {})).rejects.toMatchObject({ name: 'LedgerUnavailable' });
    expect(ledger.condition).toBe('failed');
    place.onRead = () => undefined;
    await scheduler.fire();
    expect((await party.submit('Careless', {})).result).toBe(1);
    await ledger.close();
  });

  it('says of a query only that it could not be answered', async () => {
    const { ledger, party } = await unreadable();
    await expect(party.evaluate('Careless', { account: 'a' })).rejects.toMatchObject({
      name: 'LedgerUnavailable',
    });
    expect(await party.read('b')).toBe(0);
    await ledger.close();
  });
});

describe('the queue', () => {
  it('refuses with BUSY what is over its limit, and takes more when it has room', async () => {
    const { ledger, gate, party } = await gated({ limits: { queueTransactions: 3, groupTransactions: 1 } });
    const first = party.add('a', 1);
    const release = await gate.arrival();
    const next = party.add('a', 1);
    await turns();
    const waiting = [1, 2, 3].map(() => party.add('a', 1));
    const busy = { name: 'LedgerUnavailable', code: 'BUSY' };
    await expect(party.add('a', 1)).rejects.toMatchObject(busy);
    expect((await ledger.stats()).queuedTransactions).toBe(3);
    release();
    gate.open();
    await Promise.all([first, next, ...waiting]);
    expect((await party.add('a', 1)).result.balance).toBe(6);
    await ledger.close();
  });

  it('counts bytes too', async () => {
    const { ledger, gate, party } = await gated({ limits: { queueBytes: 60, groupTransactions: 1 } });
    const taken = [party.add('a', 1)];
    await gate.arrival();
    taken.push(party.add('a', 1));
    await turns();
    taken.push(party.add('a', 1), party.add('a', 1));
    await expect(party.add('a', 1)).rejects.toMatchObject({ code: 'BUSY' });
    gate.open();
    await Promise.all(taken);
    await ledger.close();
  });

  it('executes no more than may wait for one block, refusals included', async () => {
    const { ledger, gate, party } = await gated({
      limits: { queueTransactions: 2, unansweredTransactions: 3 },
    });
    const written = party.add('a', 1);
    await gate.arrival();
    const refused = [1, 2].map(() => watch(party.add('a', -9)));
    await turns();
    const waiting = [1, 2].map(() => watch(party.add('a', -9)));
    await expect(party.add('a', -9)).rejects.toMatchObject({ code: 'BUSY' });
    gate.open();
    await written;
    await turns();
    for (const { error } of [...refused, ...waiting])
      expect(error).toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    await ledger.close();
  });

  it('drops a transaction whose caller gave up before it began, and none after', async () => {
    const { ledger, gate, party } = await gated({ limits: { groupTransactions: 1 } });
    const [early, late] = [new AbortController(), new AbortController()];
    const begun = party.add('a', 1, { signal: late.signal });
    const release = await gate.arrival();
    const next = party.add('a', 1);
    await turns();
    const waiting = watch(party.add('a', 100, { signal: early.signal }));
    early.abort(new Error('deadline'));
    late.abort();
    await turns();
    expect(waiting.error).toMatchObject({ name: 'LedgerUnavailable', code: 'DEADLINE' });
    release();
    gate.open();
    expect((await begun).result.balance).toBe(1);
    expect((await next).result.balance).toBe(2);
    await expect(party.add('a', 1, { signal: early.signal })).rejects.toMatchObject({ code: 'DEADLINE' });
    await ledger.close();
  });

  it('is worked off when the ledger is closed', async () => {
    const { ledger, gate, party } = await gated();
    const adds = Array.from({ length: 5 }, () => party.add('a', 1));
    await gate.arrival();
    const closed = ledger.close();
    await expect(party.add('a', 1)).rejects.toMatchObject({ name: 'LedgerUnavailable' });
    gate.open();
    await closed;
    expect((await Promise.all(adds)).at(-1)?.result.balance).toBe(5);
  });
});
