import { type MqttIdentity, parseIdentity, parseTopic } from '@tapwatt/firmware-contracts';

/** What one identity may do (WIRE.md "MQTT 3.1.1"); whatever is not named here is refused. */
export interface Grant {
  readonly identity: string;
  readonly who: MqttIdentity['who'];
  mayPublish(packet: { readonly topic: string; readonly retain: boolean; readonly qos: number }): boolean;
  /** Filters by their exact text: wildcards only where they are listed. */
  maySubscribe(filter: string): boolean;
  /** Whether a message of this topic may reach the identity, however it came to be subscribed. */
  mayReceive(topic: string): boolean;
}

/** QoS 2 is not part of the contract, and its handshake is state that a client could leave behind. */
const MAX_QOS = 1;

/** The grant of an MQTT user name at one site; undefined for names that are none of ours. */
export const grantFor = (site: string, name: string): Grant | undefined => {
  const identity = parseIdentity(name);
  if (identity === undefined) return undefined;
  const rules = RULES[identity.who](`tw/v1/${site}`, identity.id, site);
  return {
    identity: name,
    who: identity.who,
    mayPublish: ({ topic, retain, qos }) =>
      qos <= MAX_QOS && rules.publish.has(topic, retain) && (!retain || rules.retained === topic),
    maySubscribe: (filter) => rules.filters.has(filter),
    mayReceive: rules.receive,
  };
};

interface Rules {
  readonly publish: { has(topic: string, retain: boolean): boolean };
  readonly retained?: string;
  readonly filters: { has(filter: string): boolean };
  receive(topic: string): boolean;
}

const METER_UP = new Set(['status', 'rcpt', 'tele', 'evt']);
const METER_DOWN = new Set(['vch', 'ack', 'time', 'cfg']);

const below = (prefix: string, names: ReadonlySet<string>) => (topic: string) =>
  topic.startsWith(prefix) && names.has(topic.slice(prefix.length));

const meterRules = (root: string, id: string): Rules => {
  const own = `${root}/m/${id}/`;
  const receive = below(`${own}dn/`, METER_DOWN);
  return {
    publish: { has: below(`${own}up/`, METER_UP) },
    filters: { has: (filter) => receive(filter) || filter === `${own}dn/+` || filter === `${own}dn/#` },
    receive,
  };
};

const handsetRules = (root: string, id: string): Rules => {
  const own = `${root}/h/${id}/`;
  const receive = (topic: string) => topic === `${own}dn/res`;
  return {
    publish: { has: (topic) => topic === `${own}up/req` },
    filters: { has: (filter) => receive(filter) || filter === `${own}dn/+` || filter === `${own}dn/#` },
    receive,
  };
};

const gatewayRules = (root: string, id: string, site: string): Rules => {
  const status = `${root}/g/${id}/status`;
  const receives = (topic: string) => {
    const channel = parseTopic(site, topic)?.channel;
    return channel !== undefined && (channel.startsWith('up/') || channel === 'status');
  };
  return {
    publish: {
      has: (topic) => topic === status || parseTopic(site, topic)?.channel.startsWith('dn/') === true,
    },
    retained: status,
    filters: gatewayFilters(root),
    receive: receives,
  };
};

const gatewayFilters = (root: string): ReadonlySet<string> =>
  new Set(
    [
      ...['m/+/up/#', 'm/+/up/+', ...[...METER_UP].map((channel) => `m/+/up/${channel}`)],
      ...['h/+/up/#', 'h/+/up/+', 'h/+/up/req', 'g/+/status'],
    ].map((filter) => `${root}/${filter}`),
  );

const RULES: Record<MqttIdentity['who'], (root: string, id: string, site: string) => Rules> = {
  meter: meterRules,
  handset: handsetRules,
  gateway: gatewayRules,
};
