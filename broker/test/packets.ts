import { publishPacket } from '../src/publish-packet.ts';

/** MQTT 3.1.1 packets as a client writes them, made by hand so that a test can also make wrong ones. */
export interface ConnectFields {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly clean?: boolean;
  readonly keepalive?: number;
  readonly level?: number;
  readonly will?: {
    readonly topic: string;
    readonly payload: string;
    readonly retain?: boolean;
    readonly qos?: number;
  };
}

export const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint16(bytes.length), bytes]);
};

export const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
};

export const frame = (firstByte: number, ...body: Uint8Array[]): Buffer => {
  const whole = Buffer.concat(body);
  return Buffer.concat([Buffer.from([firstByte]), varint(whole.length), whole]);
};

export const connect = (fields: ConnectFields): Buffer => {
  const {
    clientId,
    username = clientId,
    password = 'right',
    clean = true,
    keepalive = 60,
    level = 4,
    will,
  } = fields;
  const willFlags = will === undefined ? 0 : 4 | ((will.qos ?? 1) << 3) | (will.retain === true ? 0x20 : 0);
  const flags = 0xc0 | willFlags | (clean ? 2 : 0);
  const head = Buffer.concat([text('MQTT'), Buffer.from([level, flags]), uint16(keepalive), text(clientId)]);
  const willBytes = will === undefined ? [] : [text(will.topic), text(will.payload)];
  return frame(0x10, head, ...willBytes, text(username), text(password));
};

export const subscribe = (filters: readonly string[], { id = 1, qos = 1 } = {}): Buffer =>
  frame(0x82, uint16(id), ...filters.flatMap((filter) => [text(filter), Buffer.from([qos])]));

export const unsubscribe = (filters: readonly string[], id = 1): Buffer =>
  frame(0xa2, uint16(id), ...filters.map(text));

export const publish = (topic: string, payload: string | Uint8Array, id = 1): Buffer =>
  publishPacket(topic, id, typeof payload === 'string' ? Buffer.from(payload) : payload);

export const publishWith = (firstByte: number, topic: string, payload: string): Buffer =>
  frame(firstByte, text(topic), ...((firstByte & 6) === 0 ? [] : [uint16(7)]), Buffer.from(payload));

export const puback = (id: number): Buffer => frame(0x40, uint16(id));
export const PINGREQ = Buffer.from([0xc0, 0]);
export const DISCONNECT = Buffer.from([0xe0, 0]);
