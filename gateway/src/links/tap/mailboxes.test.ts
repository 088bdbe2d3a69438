import { TAP_VOUCHERS_MAX } from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { createMailboxes } from './mailboxes.ts';

const frame = (n: number): Uint8Array => Uint8Array.of(n);

describe('a mailbox', () => {
  it('takes what is posted while its meter is at hand, and nothing before and after', async () => {
    const { link, open } = createMailboxes();
    expect(await link.present('1', frame(1))).toBe('away');
    const mailbox = open('1');
    expect(await link.present('1', frame(2))).toBe('handed-over');
    expect(await link.present('2', frame(3))).toBe('away');
    expect(mailbox.take().vouchers).toEqual([frame(2)]);
    expect(mailbox.isEmpty).toBe(true);
    expect(mailbox.close()).toBe(true);
    expect(await link.acknowledge('1', frame(4))).toBe('away');
  });

  it('shows each voucher once in a tap, and no more at a time than one plan shows', async () => {
    const { link, open } = createMailboxes();
    const mailbox = open('1');
    for (let n = 0; n < 2 * TAP_VOUCHERS_MAX; n += 1) await link.present('1', frame(n % 10));
    expect(mailbox.take().vouchers).toHaveLength(TAP_VOUCHERS_MAX);
    expect(mailbox.take().vouchers).toHaveLength(10 - TAP_VOUCHERS_MAX);
    await link.present('1', frame(1));
    expect(mailbox.isEmpty).toBe(true);
  });

  it('has a meter that comes by itself asked soon, also for what came too late for a tap', async () => {
    const asked: string[] = [];
    const { link, open } = createMailboxes((meterId) => asked.push(meterId) > 0);
    expect(await link.present('1', frame(1))).toBe('handed-over');
    expect(asked).toEqual(['1']);
    const mailbox = open('1');
    await link.acknowledge('1', frame(2));
    expect(asked).toEqual(['1']);
    mailbox.close();
    expect(asked).toEqual(['1', '1']);
    open('1').close();
    expect(asked).toEqual(['1', '1']);
  });

  it('keeps the newest acknowledgement and time order only, and wakes who waits', async () => {
    const { link, open } = createMailboxes();
    const mailbox = open('1');
    let posts = 0;
    mailbox.onPost(() => {
      posts += 1;
    });
    await link.acknowledge('1', frame(1));
    await link.acknowledge('1', frame(2));
    await link.setTime('1', frame(3));
    expect(posts).toBe(3);
    expect(mailbox.take()).toEqual({ vouchers: [], acknowledgements: [frame(2)], timeOrder: frame(3) });
  });

  it('of each of two taps of one meter gets what comes, and the last one says so', async () => {
    const { link, open } = createMailboxes();
    const [left, right] = [open('1'), open('1')];
    await link.present('1', frame(1));
    expect([left.take().vouchers, right.take().vouchers]).toEqual([[frame(1)], [frame(1)]]);
    expect([left.close(), right.close()]).toEqual([false, true]);
  });

  it('of a meter that will be tapped by itself soon counts as taken though nothing is kept', async () => {
    const { link, open } = createMailboxes((meterId) => meterId === '1');
    expect([await link.present('1', frame(1)), await link.present('2', frame(1))]).toEqual([
      'handed-over',
      'away',
    ]);
    expect(open('1').isEmpty).toBe(true);
  });
});
