import { expect, test } from 'vitest';
import { identityOf, parseIdentity, parseTopic, topics } from './topics.ts';

const site = 'depot-7';
const own = topics(site);

test('topics are those of the wire contract', () => {
  expect(own.meter('42').up('status')).toBe('tw/v1/depot-7/m/42/up/status');
  expect(own.meter('42').down('vch')).toBe('tw/v1/depot-7/m/42/dn/vch');
  expect(own.handset('h1').request).toBe('tw/v1/depot-7/h/h1/up/req');
  expect(own.handset('h1').result).toBe('tw/v1/depot-7/h/h1/dn/res');
  expect(own.gateway('g1').status).toBe('tw/v1/depot-7/g/g1/status');
});

test('every topic is taken apart again', () => {
  expect(parseTopic(site, own.meter('42').up('rcpt'))).toEqual({
    who: 'meter',
    id: '42',
    channel: 'up/rcpt',
  });
  expect(parseTopic(site, own.meter('42').down('cfg'))).toEqual({
    who: 'meter',
    id: '42',
    channel: 'dn/cfg',
  });
  expect(parseTopic(site, own.handset('a-b').request)).toEqual({
    who: 'handset',
    id: 'a-b',
    channel: 'up/req',
  });
  expect(parseTopic(site, own.gateway('g').status)).toEqual({ who: 'gateway', id: 'g', channel: 'status' });
});

test.each([
  'tw/v1/other/m/42/up/status',
  'tw/v1/depot-7/m/042/up/status',
  'tw/v1/depot-7/m/0/up/status',
  'tw/v1/depot-7/m/18446744073709551616/up/status',
  'tw/v1/depot-7/m/+/up/status',
  'tw/v1/depot-7/m/42/up/vch',
  'tw/v1/depot-7/m/42/up/status/',
  'tw/v1/depot-7/m/42',
  'tw/v1/depot-7/h/h1/up/res',
  'tw/v1/depot-7/h//up/req',
  'tw/v1/depot-7/x/h1/up/req',
  'tw/v1/depot-7/mm/42/up/status',
])('%s is no topic of this site', (topic) => {
  expect(parseTopic(site, topic)).toBeUndefined();
});

test('a site or an id that would change the topic is refused', () => {
  expect(() => topics('a/b')).toThrow(/site/);
  expect(() => own.handset('+')).toThrow(/handset/);
  expect(() => own.meter('07')).toThrow(/meterId/);
});

test('identities are told apart by their letter', () => {
  expect(identityOf({ who: 'meter', id: '42' })).toBe('m-42');
  expect(parseIdentity('m-42')).toEqual({ who: 'meter', id: '42' });
  expect(parseIdentity('h-m-42')).toEqual({ who: 'handset', id: 'm-42' });
  expect(parseIdentity('g-gw')).toEqual({ who: 'gateway', id: 'gw' });
  for (const name of ['', 'm', 'm-', 'm-0x1', 'x-1', 'm42', 'h-a b', '-1'])
    expect(parseIdentity(name)).toBeUndefined();
  expect(() => identityOf({ who: 'meter', id: 'x' })).toThrow(/meter id/);
});
