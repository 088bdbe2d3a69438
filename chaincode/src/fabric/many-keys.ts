import { createRequire } from 'node:module';
import { Rejected } from '../rejected.ts';
import {
  decodeOffer,
  decodeValues,
  encodeKeys,
  encodeWrites,
  MESSAGE,
  type Offer,
} from './many-keys-wire.ts';

/** Many keys in one message to the peer, where each would be a round trip of its own. */
export interface ManyKeys {
  /** The values in the order of the keys; empty where there is none. */
  get(keys: readonly string[]): Promise<readonly Uint8Array[]>;
  put(pairs: readonly (readonly [key: string, value: string])[]): Promise<void>;
}

interface Message {
  getType(): number;
  getPayload_asU8(): Uint8Array;
  setType(type: number): void;
  setPayload(payload: Uint8Array): void;
  setTxid(txId: string): void;
  setChannelId(channelId: string): void;
}

/** The part of the shim's handler, one for each connection of a peer, that is used here. */
interface ShimHandler {
  readonly _stream: {
    on(event: 'data', hear: (message: Message) => void): void;
    off(event: 'data', hear: (message: Message) => void): void;
  };
  chat(firstMessage: unknown): void;
  _askPeerAndListen(message: Message, method: string): Promise<Uint8Array>;
}

interface ShimStub {
  readonly handler?: object;
  getTxID(): string;
  getChannelID(): string;
}

const require = createRequire(import.meta.url);
/** What a peer of Fabric 3.1 says that it takes when a chaincode is registered; an older one says nothing. */
const offers = new WeakMap<object, Offer>();
let ShimMessage: (new () => Message) | undefined;

/**
 * Hears what each peer offers, before the shim, which passes over it. To be called before a peer connects. With a shim that is
 * built otherwise nothing is offered, and every key goes alone.
 */
export function hearOffers(): void {
  const { ChaincodeMessageHandler } = require('fabric-shim/lib/handler.js') as {
    readonly ChaincodeMessageHandler: { readonly prototype: ShimHandler };
  };
  const { prototype } = ChaincodeMessageHandler;
  const { chat } = prototype;
  if (typeof chat !== 'function' || typeof prototype._askPeerAndListen !== 'function') return;
  prototype.chat = function (this: ShimHandler, firstMessage) {
    const hear = (message: Message): void => {
      if (message.getType() !== MESSAGE.READY) return;
      this._stream.off('data', hear);
      const offer = offerIn(message.getPayload_asU8());
      if (offer !== undefined) offers.set(this, offer);
    };
    this._stream.on('data', hear);
    chat.call(this, firstMessage);
  };
}

/** What cannot be read offers nothing. */
function offerIn(payload: Uint8Array): Offer | undefined {
  try {
    return decodeOffer(payload);
  } catch {
    return undefined;
  }
}

/** What the peer behind a transaction takes; `undefined` where it takes one key at a time. */
export function manyKeysOf(stub: object): ManyKeys | undefined {
  const { handler } = stub as ShimStub;
  const offer = handler === undefined ? undefined : offers.get(handler);
  if (offer === undefined || offer.getsAtOnce < 1 || offer.putsAtOnce < 1) return undefined;
  const ask = askingFor(stub as ShimStub, handler as ShimHandler);
  return {
    async get(keys) {
      const values: Uint8Array[] = [];
      for (const some of inParts(keys, offer.getsAtOnce)) {
        const found = decodeValues(await ask(MESSAGE.GET_STATE_MULTIPLE, encodeKeys(some)));
        // A peer whose database fails answers nothing at all.
        if (found.length !== some.length) throw new Rejected('INTERNAL', 'The peer could not read the keys.');
        values.push(...found);
      }
      return values;
    },
    async put(pairs) {
      for (const some of inParts(pairs, offer.putsAtOnce)) {
        await ask(MESSAGE.WRITE_BATCH_STATE, encodeWrites(some));
      }
    },
  };
}

/** The shim serializes messages of its own copy of the protocol only. */
function newMessage(): Message {
  ShimMessage ??= createRequire(require.resolve('fabric-shim'))('@hyperledger/fabric-protos').peer
    .ChaincodeMessage as new () => Message;
  return new ShimMessage();
}

function askingFor(stub: ShimStub, handler: ShimHandler) {
  return (type: number, payload: Uint8Array): Promise<Uint8Array> => {
    const message = newMessage();
    message.setType(type);
    message.setPayload(payload);
    message.setTxid(stub.getTxID());
    message.setChannelId(stub.getChannelID());
    // Only the names of methods with an answer of a form of their own mean something to the shim.
    return handler._askPeerAndListen(message, 'ManyKeys');
  };
}

function* inParts<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
