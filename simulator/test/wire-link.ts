import type { Link, LinkFactory, LinkHandlers } from '../src/index.ts';

/** A connection without a network: what the device says is kept, and a test says what it hears. */
export interface WireLink {
  readonly factory: LinkFactory;
  readonly said: { readonly topic: string; readonly payload: Uint8Array }[];
  hear(topic: string, payload: Uint8Array): void;
}

export const wireLink = (): WireLink => {
  const said: { topic: string; payload: Uint8Array }[] = [];
  let handlers: LinkHandlers | undefined;
  let isUp = false;
  const link: Link = {
    get isUp() {
      return isUp;
    },
    publish: (topic, payload) => {
      if (isUp) said.push({ topic, payload });
      return isUp;
    },
    drop: () => {
      isUp = false;
      handlers?.down('dropped');
    },
    connect: () => {
      isUp = true;
      handlers?.up();
    },
    close: async () => {
      isUp = false;
    },
  };
  return {
    said,
    factory: (_identity, given) => {
      handlers = given;
      return link;
    },
    hear: (topic, payload) => handlers?.message(topic, payload),
  };
};
