import { canonicalJson } from '@tapwatt/firmware-contracts';
import { beforeEach, expect, test } from 'vitest';
import { Town } from '../testing/town.ts';

/** A town with a voucher in each state, an orphan, and both meters used. */
let town: Town;
beforeEach(async () => {
  town = await Town.open();
  await town.settle(await town.credit(await town.buy('redeemed')));
  const voided = await town.buy('voided', { meterId: '2' });
  await town.cancel(voided);
  await town.settle(await town.voidAt(voided));
  const released = await town.buy('released');
  await town.cancel(released);
  await town.release(released);
  await town.buy('open', { meterId: '2' });
  const item = await town.proposal({ requestId: 'elsewhere' });
  await town.settle(town.show('1', town.encodeCredit({ ...item, meterId: '1', amount: 33n })));
});

/** Changes a record behind the rules' back. */
function tamper(prefix: string, change: (record: Record<string, unknown>) => object | undefined): void {
  for (const [key, value] of town.state.entries()) {
    const changed = key.startsWith(prefix) ? change(JSON.parse(value)) : undefined;
    if (changed !== undefined) town.state.during('tamper', 999).put(key, canonicalJson(changed));
  }
}

const broken = async () => [...new Set((await town.violations()).map(({ invariant }) => invariant))].sort();
const whose = (status: string, change: object) => (record: Record<string, unknown>) =>
  record.status === status ? { ...record, ...change } : undefined;

test('an honest ledger breaks nothing, in pages of any size', async () => {
  for (const limit of [1, 2, 7, 1000]) expect(await town.violations(limit)).toEqual([]);
});

test('the carry stays small however many pages there are', async () => {
  const { carry } = await town.query('CheckInvariants', { limit: 1000 });
  expect(Object.keys(carry.sums).length).toBeLessThan(30);
});

test('money out of nowhere breaks I1', async () => {
  tamper('ACC~wallet', (wallet) => ({ ...wallet, balance: '999999' }));
  expect(await broken()).toEqual(['I1']);
});

test('a changed posting breaks I1', async () => {
  tamper('POST~hold~', (posting) => ({ ...posting, entries: [] }));
  expect(await broken()).toEqual(['I1']);
});

test('a voucher redeemed without its F breaks I3', async () => {
  tamper('VCH~', whose('ISSUED', { status: 'REDEEMED', receipt: '00'.repeat(128) }));
  expect(await broken()).toContain('I3');
});

test('a redeemed voucher made to look voided breaks I3', async () => {
  tamper('VCH~', whose('REDEEMED', { status: 'VOIDED' }));
  expect(await broken()).toContain('I3');
});

test('an open voucher that its meter does not list breaks I1', async () => {
  tamper('MTR~2', (meter) => ({ ...meter, open: [] }));
  expect(await broken()).toEqual(['I1']);
});

test('a meter that settled more than its register says breaks I2', async () => {
  tamper('MTR~1', (meter) => ({ ...meter, seen: { keyEpoch: 1, receiptNo: 9, cumulativeCredited: '1' } }));
  expect(await broken()).toEqual(['I2']);
});

test('a meter whose register says more than the ledger ever sold it breaks I2', async () => {
  tamper('MTR~1', (meter) => ({
    ...meter,
    seen: { keyEpoch: 1, receiptNo: 9, cumulativeCredited: '9999999' },
  }));
  expect(await broken()).toEqual(['I2']);
});

test('a limit out of range and a foreign cursor are refused', async () => {
  await expect(town.query('CheckInvariants', { limit: 0 })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await expect(town.query('CheckInvariants', { limit: 5, after: 'x' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  });
});
