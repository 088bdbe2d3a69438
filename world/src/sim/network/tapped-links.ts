import type { Link, LinkFactory } from '@tapwatt/simulator';

/** What stands between a device and its link, and may say more than passes; `link` is the one below, of one device. */
export interface Between {
  /** Something comes in: it is taken on by `pass`, as often as that is called. */
  readonly incoming: (topic: string, payload: Uint8Array, pass: Pass) => void;
  /** Something goes out over the link below; answers whether it was sent. */
  readonly outgoing: (topic: string, payload: Uint8Array, link: Link) => boolean;
}

type Pass = (topic: string, payload: Uint8Array) => void;

/** Links with somebody in between. */
export const tappedLinks =
  (links: LinkFactory, { incoming, outgoing }: Between): LinkFactory =>
  (identity, handlers) => {
    const pass: Pass = (topic, payload) => handlers.message(topic, payload);
    const link = links(identity, {
      ...handlers,
      message: (topic, payload) => incoming(topic, payload, pass),
    });
    return {
      get isUp() {
        return link.isUp;
      },
      publish: (topic, payload) => outgoing(topic, payload, link),
      drop: () => link.drop(),
      connect: () => link.connect(),
      close: () => link.close(),
    };
  };
