import { createPrivateKey, randomBytes } from 'node:crypto';
import { type RequestResult, type RequestStatus, signRequest, topics } from '@tapwatt/firmware-contracts';
import type { Fleet } from '@tapwatt/gateway';
import {
  type FleetHandset,
  mqttLinks,
  seededRandom,
  systemTime,
  tcpConnector,
  type Wish,
} from '@tapwatt/simulator';
import { until } from './until.ts';

/** A request's own fields, `cancel` in both its forms. */
export type AnyWish =
  | Wish
  | { readonly op: 'cancel'; readonly voucherId: string | undefined }
  | { readonly op: 'cancel'; readonly of: string };

/** What a handset sent. */
export interface Sent {
  readonly requestId: string;
  readonly jws: string;
}

/** A handset without a mind of its own: it sends what it is told, right or wrong, once, and keeps what it hears. */
export interface RawHandset {
  readonly id: string;
  readonly walletId: string;
  readonly heard: readonly RequestResult[];
  readonly isUp: boolean;
  up(): Promise<void>;
  /** Signs a request without sending it; members given here replace those that it would make. */
  sign(wish: AnyWish | object, members?: { readonly requestId?: string; readonly kid?: string }): Sent;
  send(bytes: string | Uint8Array): void;
  ask(wish: AnyWish, members?: { readonly requestId?: string }): Sent;
  /** The first result of this request with that status, which may have been heard already. */
  hears(sent: Pick<Sent, 'requestId'>, status: RequestStatus): Promise<RequestResult>;
  /** Everything that was heard of a request. */
  resultsOf(sent: Pick<Sent, 'requestId'>): readonly RequestResult[];
  /** Asks, and resolves with the first result of that status. */
  askUntil(wish: AnyWish, status: RequestStatus): Promise<RequestResult>;
  /** Buys a voucher without delivery; resolves with its id and its 72 bytes as hex. */
  buy(
    meterId: string,
    amount?: string,
    more?: object,
  ): Promise<{ readonly voucherId: string; readonly voucher: string }>;
  close(): Promise<void>;
}

export function rawHandset(fleet: Fleet, entry: FleetHandset): RawHandset {
  const own = topics(fleet.site).handset(entry.id);
  const privateKey = createPrivateKey(entry.privateKey);
  const heard: RequestResult[] = [];
  const byRequest = new Map<string, RequestResult[]>();
  const decoder = new TextDecoder();
  const links = mqttLinks({
    connector: tcpConnector(fleet.broker),
    time: systemTime,
    random: seededRandom(1),
    backoff: { firstMs: 20, maxMs: 100 },
  });
  const link = links(
    { identity: entry.identity, password: entry.password, filters: [own.result] },
    {
      up: () => undefined,
      down: () => undefined,
      message: (_topic, payload) => {
        const result = JSON.parse(decoder.decode(payload)) as RequestResult;
        heard.push(result);
        byRequest.set(result.requestId, [...(byRequest.get(result.requestId) ?? []), result]);
      },
    },
  );

  const resultsOf = ({ requestId }: Pick<Sent, 'requestId'>): readonly RequestResult[] =>
    byRequest.get(requestId) ?? [];

  const handset: RawHandset = {
    id: entry.id,
    walletId: entry.walletId,
    heard,
    get isUp() {
      return link.isUp;
    },
    async up() {
      link.connect();
      await until(`${entry.id} to be connected`, () => link.isUp || undefined);
    },
    sign(wish, { requestId = randomBytes(9).toString('hex'), kid = entry.id } = {}) {
      const payload = { aud: fleet.ledgerId, requestId, at: Math.floor(Date.now() / 1_000), ...wish };
      return { requestId, jws: signRequest(payload, { kid, privateKey }) };
    },
    send(bytes) {
      const payload = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
      if (!link.publish(own.request, payload)) throw new Error(`${entry.id} could not send.`);
    },
    ask(wish, members) {
      const sent = handset.sign(wish, members);
      handset.send(sent.jws);
      return sent;
    },
    hears(sent, status) {
      const look = () => resultsOf(sent).find((result) => result.status === status);
      return until(`${status} of ${sent.requestId}`, look).catch((cause: unknown) => {
        throw new Error(`Heard instead: ${JSON.stringify(resultsOf(sent))}`, { cause });
      });
    },
    resultsOf,
    askUntil: (wish, status) => handset.hears(handset.ask(wish), status),
    async buy(meterId, amount = '500', more = {}) {
      const wish = {
        op: 'issue',
        walletId: entry.walletId,
        meterId,
        amount,
        deliver: false,
        ...more,
      } as const;
      const { voucherId = '', voucher = '' } = await handset.askUntil(wish, 'issued');
      return { voucherId, voucher };
    },
    close: () => link.close(),
  };
  return handset;
}
