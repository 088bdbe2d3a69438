import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectFields, connect, puback, subscribe } from './packets.ts';

/** A packet from the broker. */
export interface Received {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

export interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: number;
}

const ANSWER_DEADLINE_MS = 20_000;

/** A device on a raw stream: it does exactly what the test says, and nothing by itself but to acknowledge. */
export class RawClient {
  readonly stream: Duplex;
  readonly messages: Message[] = [];
  readonly packets: Received[] = [];
  readonly closed: Promise<void>;
  isClosed = false;
  /** Whether messages are answered with a PUBACK. */
  acknowledges = true;
  #rest: Buffer = Buffer.alloc(0);
  #watchers = new Set<() => void>();

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('error', () => {});
    stream.on('end', () => stream.end());
    this.closed = new Promise((resolve) => {
      stream.once('close', () => {
        this.isClosed = true;
        this.#look();
        resolve();
      });
    });
  }

  static async tcp(port: number): Promise<RawClient> {
    const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return client;
  }

  /** Connected and let in; throws when refused. */
  static async device(
    port: number,
    fields: ConnectFields,
    filters: readonly string[] = [],
  ): Promise<RawClient> {
    const client = await RawClient.tcp(port);
    const code = await client.connect(fields);
    if (code !== 0) throw new Error(`refused with ${code}`);
    if (filters.length > 0) await client.subscribe(filters);
    return client;
  }

  send(bytes: Uint8Array): void {
    this.stream.write(bytes);
  }

  /** The return code of the CONNACK, or `closed` if the broker hung up without one. */
  async connect(fields: ConnectFields): Promise<number | 'closed'> {
    this.send(connect(fields));
    const answer = await this.packet(2);
    return answer?.body[1] ?? 'closed';
  }

  /** The granted QoS of each filter; 128 is a refusal. */
  async subscribe(
    filters: readonly string[],
    options: { id?: number; qos?: number } = {},
  ): Promise<number[]> {
    this.send(subscribe(filters, options));
    const answer = await this.packet(9);
    return [...(answer?.body.subarray(2) ?? [])];
  }

  /** The next packet of this type that was not taken yet; undefined once the broker has hung up. */
  async packet(type: number): Promise<Received | undefined> {
    await this.until(() => this.isClosed || this.packets.some((packet) => packet.type === type));
    const index = this.packets.findIndex((packet) => packet.type === type);
    return index < 0 ? undefined : this.packets.splice(index, 1)[0];
  }

  async received(count: number, deadlineMs = ANSWER_DEADLINE_MS): Promise<readonly Message[]> {
    await this.until(() => this.isClosed || this.messages.length >= count, deadlineMs);
    return this.messages;
  }

  /** Waits for `reached` to hold; throws after the deadline. */
  until(reached: () => boolean, deadlineMs = ANSWER_DEADLINE_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`nothing came for ${deadlineMs} ms`));
      }, deadlineMs);
      const look = () => {
        if (!reached()) return;
        clearTimeout(late);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let packet = this.#next(); packet !== undefined; packet = this.#next()) this.#sort(packet);
    this.#look();
  }

  #look(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #next(): Received | undefined {
    let length = 0;
    for (let i = 1; i < 5; i++) {
      const byte = this.#rest[i];
      if (byte === undefined) return undefined;
      length += (byte & 0x7f) * 128 ** (i - 1);
      if (byte >= 0x80) continue;
      const whole = this.#rest.subarray(0, 1 + i + length);
      if (whole.length < 1 + i + length) return undefined;
      this.#rest = this.#rest.subarray(whole.length);
      const first = whole[0] ?? 0;
      return { type: first >> 4, flags: first & 15, body: whole.subarray(1 + i) };
    }
    throw new Error('the broker sent a malformed length');
  }

  #sort(packet: Received): void {
    if (packet.type !== 3) {
      this.packets.push(packet);
      return;
    }
    const qos = (packet.flags >> 1) & 3;
    const topicEnd = 2 + packet.body.readUInt16BE(0);
    const payload = packet.body.subarray(topicEnd + (qos > 0 ? 2 : 0)).toString();
    const topic = packet.body.subarray(2, topicEnd).toString();
    this.messages.push({ topic, payload, retain: (packet.flags & 1) === 1, qos });
    if (qos > 0 && this.acknowledges) this.send(puback(packet.body.readUInt16BE(topicEnd)));
  }
}
