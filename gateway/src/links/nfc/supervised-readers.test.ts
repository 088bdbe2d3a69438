import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../edges/manual-clock.ts';
import type { ToReaders } from './process/protocol.ts';
import type { ReaderLine } from './reader-line.ts';
import type { CardAtReader, ReadersView } from './readers.ts';
import { createSupervisedReaders } from './supervised-readers.ts';

const READER = 'Virtual PCD 00 00';
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The far end of a line, which does what a test tells it to. */
function farEnd() {
  const said: ToReaders[] = [];
  let hear: (message: unknown) => void = () => undefined;
  let end: (how: string) => void = () => undefined;
  const far = { said, killed: 0, hear: (message: unknown) => hear(message), end: (how: string) => end(how) };
  const line: ReaderLine = {
    send: (message) => void said.push(message),
    onMessage: (listener) => {
      hear = listener;
    },
    onEnd: (listener) => {
      end = listener;
    },
    kill: () => {
      far.killed += 1;
    },
  };
  return { far, line };
}

function readersUnder(options: { daemon?: string } = {}) {
  const clock = createManualClock();
  const lives: ReturnType<typeof farEnd>[] = [];
  const cards: CardAtReader[] = [];
  const views: ReadersView[] = [];
  const trouble = { is: options.daemon };
  const readers = createSupervisedReaders({
    start: () => {
      const life = farEnd();
      lives.push(life);
      return life.line;
    },
    daemonTrouble: async () => trouble.is,
    clock,
    random: { bytes: (length) => new Uint8Array(length).fill(255) },
  });
  readers.open({
    card: (card) => cards.push(card),
    mute: () => undefined,
    changed: (view) => views.push(view),
  });
  const life = (index: number) => {
    const found = lives[index];
    if (found === undefined) throw new Error(`There is no life ${index} yet.`);
    return found.far;
  };
  return { clock, readers, cards, views, trouble, life, lives };
}

async function withCard() {
  const town = readersUnder();
  await turn();
  const far = town.life(0);
  far.hear({ type: 'ready' });
  far.hear({ type: 'reader', reader: READER });
  far.hear({ type: 'card', reader: READER, tap: 1, atr: '3b80800101' });
  const [card] = town.cards;
  if (card === undefined) throw new Error('No card came.');
  return { ...town, far, card };
}

const COMMAND = Uint8Array.of(0, 0xa4, 4, 0);
const patient = () => ({ signal: new AbortController().signal });

describe('readers under supervision', () => {
  it('are there when the library says so, and a card’s commands are answered', async () => {
    const { readers, far, card } = await withCard();
    expect(readers.view()).toMatchObject({ state: 'ready', readers: [READER], starts: 1 });
    const answer = card.transmit(COMMAND, patient());
    expect(far.said).toEqual([{ type: 'transmit', tap: 1, seq: 1, command: '00a40400' }]);
    far.hear({ type: 'response', tap: 1, seq: 1, response: '9000' });
    expect(await answer).toEqual(Uint8Array.of(0x90, 0));
    await readers.close();
    expect(far.killed).toBe(1);
  });

  it('start no library while there is no daemon, and say so', async () => {
    const { readers, clock, lives, trouble } = readersUnder({ daemon: 'No daemon.' });
    await turn();
    expect(readers.view()).toMatchObject({ state: 'away', reason: 'daemon', message: 'No daemon.' });
    await clock.advance(60_000);
    expect(lives).toHaveLength(0);
    trouble.is = undefined;
    await clock.advance(20_000);
    expect(lives).toHaveLength(1);
    await readers.close();
  });

  it('are away where the library cannot be loaded, and are tried again less and less often', async () => {
    const { readers, clock, lives, life } = readersUnder();
    for (let start = 0; start < 4; start += 1) {
      await turn();
      life(start).hear({ type: 'failed', reason: 'library', message: 'Not compiled.' });
      await turn();
      expect(readers.view()).toMatchObject({ state: 'away', reason: 'library', message: 'Not compiled.' });
      await clock.advance(200 * 2 ** start);
    }
    expect(lives).toHaveLength(5);
    await readers.close();
  });

  it('kill a library that is silent at its start, or later', async () => {
    const { readers, clock, life } = readersUnder();
    await turn();
    await clock.advance(12_001);
    expect(life(0).killed).toBe(1);
    await clock.advance(200);
    life(1).hear({ type: 'ready' });
    await clock.advance(4_000);
    expect(life(1).said.map(({ type }) => type)).toEqual(['ping', 'ping']);
    life(1).hear({ type: 'pong', seq: 1 });
    await clock.advance(6_000);
    expect(life(1).killed).toBe(0);
    await clock.advance(2_001);
    expect(life(1).killed).toBe(1);
    expect(readers.view()).toMatchObject({ kills: 2 });
    await readers.close();
  });

  it('kill a library that says what nobody understands', async () => {
    const { readers, far } = await withCard();
    far.hear({ type: 'response', tap: 1, seq: 1, response: 'zz' });
    await turn();
    expect(far.killed).toBe(1);
    await readers.close();
  });

  it('kill it when a card leaves a command unanswered, and leave that card alone until it is taken away', async () => {
    const { readers, clock, far, card, cards, life } = await withCard();
    const patience = new AbortController();
    const answer = card.transmit(COMMAND, { signal: patience.signal });
    patience.abort(new Error('too late'));
    await expect(answer).rejects.toThrow('too late');
    await clock.advance(501);
    expect([far.killed, card.gone.aborted]).toEqual([1, true]);
    await clock.advance(1_000);
    const next = life(1);
    next.hear({ type: 'ready' });
    next.hear({ type: 'card', reader: READER, tap: 1, atr: '' });
    expect(cards).toHaveLength(1);
    next.hear({ type: 'empty', reader: READER });
    next.hear({ type: 'card', reader: READER, tap: 2, atr: '' });
    expect(cards).toHaveLength(2);
    await readers.close();
  });

  it('do not kill it for an answer that is a little late', async () => {
    const { readers, clock, far, card } = await withCard();
    const patience = new AbortController();
    card.transmit(COMMAND, { signal: patience.signal }).catch(() => undefined);
    patience.abort();
    await clock.advance(400);
    far.hear({ type: 'response', tap: 1, seq: 1, response: '9000' });
    await clock.advance(1_000);
    expect(far.killed).toBe(0);
    await readers.close();
  });

  it('reject a command whose card is torn away, that comes too early, or whose library ends', async () => {
    const { readers, far, card } = await withCard();
    const answer = card.transmit(COMMAND, patient());
    await expect(card.transmit(COMMAND, patient())).rejects.toMatchObject({ code: 'BUSY' });
    far.hear({ type: 'response', tap: 1, seq: 1 });
    await expect(answer).rejects.toMatchObject({ code: 'CARD_GONE' });
    const second = card.transmit(COMMAND, patient());
    far.end('SIGSEGV');
    await expect(second).rejects.toMatchObject({ code: 'CARD_GONE' });
    await expect(card.transmit(COMMAND, patient())).rejects.toMatchObject({ code: 'CARD_GONE' });
    expect(readers.view()).toMatchObject({ state: 'away', reason: 'ended' });
    await readers.close();
  });
});
