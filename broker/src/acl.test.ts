import { identityOf, parseTopic, topics } from '@tapwatt/firmware-contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantFor } from './acl.ts';

const SITE = 'test';
const root = `tw/v1/${SITE}`;
const names = topics(SITE);

const everyTopic = ['1', '2', '12', '21'].flatMap((id) => [
  ...(['status', 'rcpt', 'tele', 'evt'] as const).map((channel) => names.meter(id).up(channel)),
  ...(['vch', 'ack', 'time', 'cfg'] as const).map((channel) => names.meter(id).down(channel)),
  names.handset(id).request,
  names.handset(id).result,
  names.gateway(id).status,
]);
const nearMisses = everyTopic.flatMap((topic) => [
  `${topic}/x`,
  `/${topic}`,
  topic.replace('/v1/', '/v2/'),
  `${topic}x`,
]);
const topic = fc.constantFrom(
  ...everyTopic,
  ...nearMisses,
  '#',
  '+',
  '',
  '$SYS/x/heartbeat',
  `${root}/m/1/up/+`,
);
const identity = fc.record({
  who: fc.constantFrom('meter' as const, 'handset' as const, 'gateway' as const),
  id: fc.constantFrom('1', '2', '12'),
});

describe('the rules', () => {
  it('let an identity publish and receive exactly what the topic table gives it', () => {
    fc.assert(
      fc.property(identity, topic, fc.boolean(), fc.nat(2), (who, name, retain, qos) => {
        const grant = grantFor(SITE, identityOf(who));
        const parsed = parseTopic(SITE, name);
        const own = parsed?.who === who.who && parsed.id === who.id;
        const way = parsed?.channel.slice(0, 3);
        const isGateway = who.who === 'gateway';
        const publishes = isGateway ? way === 'dn/' || (own && way === 'sta') : own && way === 'up/';
        const receives = isGateway ? way === 'up/' || way === 'sta' : own && way === 'dn/';
        const retains = !retain || (isGateway && own && way === 'sta');
        expect(grant?.mayPublish({ topic: name, retain, qos })).toBe(publishes && retains && qos < 2);
        expect(grant?.mayReceive(name)).toBe(receives);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['m-1', [`${root}/m/1/dn/+`, `${root}/m/1/dn/#`, names.meter('1').down('vch')]],
    ['h-a', [`${root}/h/a/dn/+`, `${root}/h/a/dn/#`, names.handset('a').result]],
    ['g-a', [names.filters.metersUp, names.filters.handsetsUp, `${root}/m/+/up/#`, `${root}/g/+/status`]],
  ])('let %s subscribe to its own filters', (name, filters) => {
    const grant = grantFor(SITE, name);
    expect(filters.filter((filter) => !grant?.maySubscribe(filter))).toEqual([]);
  });

  it.each([
    [
      'm-1',
      [
        '#',
        '+/#',
        `${root}/#`,
        `${root}/m/+/dn/vch`,
        `${root}/m/1/#`,
        names.meter('1').up('rcpt'),
        `${root}/m/2/dn/vch`,
      ],
    ],
    [
      'h-a',
      [
        '#',
        `${root}/h/+/dn/res`,
        names.handset('b').result,
        names.handset('a').request,
        `${root}/g/+/status`,
      ],
    ],
    ['g-a', ['#', `${root}/#`, `${root}/m/#`, `${root}/m/+/dn/vch`, `${root}/h/+/dn/res`, '$SYS/#']],
  ])('let %s subscribe to nothing else', (name, filters) => {
    const grant = grantFor(SITE, name);
    expect(filters.filter((filter) => grant?.maySubscribe(filter))).toEqual([]);
  });

  it.each(['', 'm-', 'm-0', 'm-01', 'm-x', 'x-1', 'h-a/b', 'g-#', 'm-18446744073709551616'])(
    'know no %j',
    (name) => {
      expect(grantFor(SITE, name)).toBeUndefined();
    },
  );
});
