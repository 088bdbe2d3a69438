import { TapwattError } from './errors.ts';
import { isName, type MeterId, meterId } from './ids.ts';

export type MeterUpChannel = 'status' | 'rcpt' | 'tele' | 'evt';
export type MeterDownChannel = 'vch' | 'ack' | 'time' | 'cfg';

/** Who owns a topic or an MQTT name; `id` is a meter's decimal number, else a name. */
export interface MqttIdentity {
  readonly who: 'meter' | 'handset' | 'gateway';
  readonly id: string;
}

/** A topic taken apart; `channel` is what follows the id, as in `tw/v1/{site}/m/{id}/{channel}`. */
export type ParsedTopic =
  | {
      readonly who: 'meter';
      readonly id: string;
      readonly channel: `up/${MeterUpChannel}` | `dn/${MeterDownChannel}`;
    }
  | { readonly who: 'handset'; readonly id: string; readonly channel: 'up/req' | 'dn/res' }
  | { readonly who: 'gateway'; readonly id: string; readonly channel: 'status' };

const LETTER = { meter: 'm', handset: 'h', gateway: 'g' } as const;
const CHANNELS: Readonly<Record<MqttIdentity['who'], ReadonlySet<string>>> = {
  meter: new Set(['up/status', 'up/rcpt', 'up/tele', 'up/evt', 'dn/vch', 'dn/ack', 'dn/time', 'dn/cfg']),
  handset: new Set(['up/req', 'dn/res']),
  gateway: new Set(['status']),
};

/** The topics of one site (WIRE.md "MQTT 3.1.1"); throws BAD_REQUEST on a site or an id that is no name. */
export const topics = (site: string) => {
  const root = `tw/v1/${checkedName('site', site)}`;
  return {
    meter: (id: MeterId | string) => {
      const own = `${root}/m/${meterId(id)}`;
      return {
        up: (channel: MeterUpChannel): string => `${own}/up/${channel}`,
        down: (channel: MeterDownChannel): string => `${own}/dn/${channel}`,
        /** What the meter subscribes to. */
        downFilter: `${own}/dn/+`,
      };
    },
    handset: (id: string) => {
      const own = `${root}/h/${checkedName('handset id', id)}`;
      return { request: `${own}/up/req`, result: `${own}/dn/res` };
    },
    gateway: (id: string) => ({ status: `${root}/g/${checkedName('gateway id', id)}/status` }),
    /** What a gateway subscribes to. */
    filters: { metersUp: `${root}/m/+/up/+`, handsetsUp: `${root}/h/+/up/req` },
  };
};

/** A topic of this site taken apart; undefined for every other topic, filters included. */
export const parseTopic = (site: string, topic: string): ParsedTopic | undefined => {
  const root = `tw/v1/${site}/`;
  if (!topic.startsWith(root)) return undefined;
  const [letter = '', id = '', ...rest] = topic.slice(root.length).split('/');
  const who = whoOf(letter);
  const channel = rest.join('/');
  if (who === undefined || !isIdOf(who, id) || !CHANNELS[who].has(channel)) return undefined;
  return { who, id, channel } as ParsedTopic;
};

/** The MQTT user name and client id of a device: `m-<meterId>`, `h-<handsetId>`, `g-<gatewayId>`. */
export const identityOf = ({ who, id }: MqttIdentity): string => {
  if (!isIdOf(who, id)) throw new TapwattError('BAD_REQUEST', `${who} id: not a well-formed id.`);
  return `${LETTER[who]}-${id}`;
};

/** The device behind an MQTT user name; undefined when the name is none of ours. */
export const parseIdentity = (name: string): MqttIdentity | undefined => {
  const who = name[1] === '-' ? whoOf(name.slice(0, 1)) : undefined;
  const id = name.slice(2);
  return who !== undefined && isIdOf(who, id) ? { who, id } : undefined;
};

const whoOf = (letter: string): MqttIdentity['who'] | undefined =>
  letter === 'm' ? 'meter' : letter === 'h' ? 'handset' : letter === 'g' ? 'gateway' : undefined;

const isIdOf = (who: MqttIdentity['who'], id: string): boolean =>
  who === 'meter' ? isMeterNumber(id) : isName(id);

/** Only a number of 20 digits can be too large; every message's topic is read. */
const isMeterNumber = (id: string): boolean =>
  /^[1-9][0-9]{0,19}$/.test(id) && (id.length < 20 || BigInt(id) < 2n ** 64n);

const checkedName = (what: string, name: string): string => {
  if (!isName(name)) throw new TapwattError('BAD_REQUEST', `${what}: letters, digits, _ and -, at most 64.`);
  return name;
};
