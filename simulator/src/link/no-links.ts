import type { LinkFactory } from './link.ts';

/** Links of devices that have no network at all: never up. */
export const noLinks: LinkFactory = () => ({
  isUp: false,
  publish: () => false,
  drop: () => undefined,
  connect: () => undefined,
  close: async () => undefined,
});
