import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { topics } from '@tapwatt/firmware-contracts';
import { Aedes } from 'aedes';
import { SITE } from './fleet-of.ts';

export interface Heard {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly from: string;
}

/** A plain broker with a gateway played by hand: it hears everything that devices publish, and says what a test makes it say. */
export interface HandGateway {
  readonly port: number;
  readonly heard: readonly Heard[];
  /** The first message (already heard or to come, after the previous one that this took) that matches. */
  next(matches: (message: Heard) => boolean): Promise<Uint8Array>;
  onMessage(handler: (message: Heard) => void): void;
  send(topic: string, payload: Uint8Array): Promise<void>;
  /** Cuts every connection without a word. */
  cutAll(): void;
  refuse(identity: string | undefined): void;
  close(): Promise<void>;
}

export const own = topics(SITE);

/** What was heard: kept, given to who waits for it, and told to who listens. */
const inbox = () => {
  const heard: Heard[] = [];
  const untaken: Heard[] = [];
  const waiting: { matches: (message: Heard) => boolean; resolve: (payload: Uint8Array) => void }[] = [];
  const handlers: ((message: Heard) => void)[] = [];
  return {
    heard,
    add: (message: Heard): void => {
      heard.push(message);
      const index = waiting.findIndex(({ matches }) => matches(message));
      if (index >= 0) waiting.splice(index, 1)[0]?.resolve(message.payload);
      else untaken.push(message);
      for (const handler of handlers) handler(message);
    },
    next: (matches: (message: Heard) => boolean): Promise<Uint8Array> => {
      const index = untaken.findIndex(matches);
      const [found] = index >= 0 ? untaken.splice(index, 1) : [];
      if (found !== undefined) return Promise.resolve(found.payload);
      return new Promise((resolve) => waiting.push({ matches, resolve }));
    },
    onMessage: (handler: (message: Heard) => void): void => void handlers.push(handler),
  };
};

export const startHandGateway = async (): Promise<HandGateway> => {
  const broker = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const { heard, add, next, onMessage } = inbox();
  let refused: string | undefined;
  broker.authenticate = (client, _user, _password, done) => done(null, client.id !== refused);
  broker.on('publish', (packet, client) => {
    if (client === null || client === undefined) return;
    add({ topic: packet.topic, payload: new Uint8Array(packet.payload as Buffer), from: client.id });
  });

  return {
    port: (server.address() as AddressInfo).port,
    heard,
    next,
    onMessage,
    send: (topic, payload) =>
      new Promise((resolve, reject) => {
        const packet = {
          cmd: 'publish',
          topic,
          payload: Buffer.from(payload),
          qos: 1,
          retain: false,
          dup: false,
        } as const;
        broker.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    cutAll: () => {
      for (const socket of sockets) socket.destroy();
    },
    refuse: (identity) => {
      refused = identity;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      server.close();
    },
  };
};
