import { describe, expect, it } from 'vitest';
import { createManualClock } from '../edges/manual-clock.ts';
import { createLastingJournal, type JournalStore } from './lasting-journal.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const entry = { payloadHash: '00', op: 'issue' } as const;

/** A disk that is full while the test says so; what it took outlives every journal on it. */
function disk() {
  const rows = new Map<string, string>();
  const synced: boolean[] = [];
  const state = { isFull: false };
  const open = async (): Promise<JournalStore> => {
    if (state.isFull) throw new Error('full');
    return {
      get: (key) => rows.get(key),
      async put(written, { sync }) {
        if (state.isFull) throw new Error('full');
        synced.push(sync);
        for (const [key, value] of written) rows.set(key, value);
      },
      close: async () => undefined,
    };
  };
  return { rows, synced, state, open };
}

async function journalOn({ open }: ReturnType<typeof disk>) {
  const clock = createManualClock();
  const failures: string[] = [];
  const edges = { clock, onError: (_error: unknown, doing: string) => failures.push(doing) };
  return { journal: createLastingJournal({ opened: await open(), open }, edges), clock, failures };
}

describe('the journal of requests', () => {
  it('has an entry on the disk before it says so', async () => {
    const on = disk();
    const { journal, clock } = await journalOn(on);
    const recorded = journal.record('h', 'r', entry);
    expect(on.rows.size).toBe(0);
    await clock.advance(4);
    await recorded;
    expect([...on.rows.keys()]).toEqual(['h~r']);
    expect((await journalOn(on)).journal.find('h', 'r')).toEqual(entry);
  });

  it('syncs what was refused for good, and nothing else', async () => {
    const on = disk();
    const { journal, clock } = await journalOn(on);
    for (const noted of [entry, { ...entry, refused: 'AMOUNT_OUT_OF_RANGE' } as const]) {
      const recorded = journal.record('h', 'r', noted);
      await clock.advance(4);
      await recorded;
    }
    expect(on.synced).toEqual([false, true]);
  });

  it('remembers in memory while its disk takes nothing, and writes that down when it does again', async () => {
    const on = disk();
    const { journal, clock, failures } = await journalOn(on);
    on.state.isFull = true;
    const recorded = [journal.record('h', 'r', entry), journal.record('h', 's', entry)];
    await clock.advance(4);
    await Promise.all(recorded);
    expect([journal.find('h', 'r'), on.rows.size]).toEqual([entry, 0]);
    expect(failures).toEqual(['write the journal of requests']);
    await clock.advance(1_000);
    on.state.isFull = false;
    await clock.advance(5_000);
    expect([...on.rows.keys()]).toEqual(['h~r', 'h~s']);
    expect(journal.find('h', 's')).toEqual(entry);
  });

  it('takes no refusal for good that is not on the disk, and says while it cannot tell', async () => {
    const on = disk();
    const { journal, clock } = await journalOn(on);
    expect(journal.canTell()).toBe(true);
    on.state.isFull = true;
    const refused = journal.record('h', 'r', { ...entry, refused: 'AMOUNT_OUT_OF_RANGE' });
    const passing = journal.record('h', 's', entry);
    refused.catch(() => undefined);
    await clock.advance(4);
    await expect(refused).rejects.toMatchObject({ code: 'DISK_FULL' });
    await passing;
    expect([journal.find('h', 'r'), journal.find('h', 's'), journal.canTell()]).toEqual([
      undefined,
      entry,
      false,
    ]);
    on.state.isFull = false;
    await clock.advance(5_000);
    expect([journal.canTell(), [...on.rows.keys()]]).toEqual([true, ['h~s']]);
  });

  it('knows nothing of what its disk cannot read, and goes on', async () => {
    const on = disk();
    const broken = { ...(await on.open()), get: () => expect.fail('no reads') };
    const { clock } = await journalOn(on);
    const place = { opened: broken, open: on.open };
    const journal = createLastingJournal(place, { clock, onError: () => undefined });
    on.rows.set('h~r', JSON.stringify(entry));
    expect(journal.find('h', 'r')).toBeUndefined();
    await turn();
    await clock.advance(5_000);
    expect(journal.find('h', 'r')).toEqual(entry);
  });
});
