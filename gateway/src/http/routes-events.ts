import type { ServerResponse } from 'node:http';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { FastifyInstance } from 'fastify';
import { createDeltaBuffer } from './delta-buffer.ts';
import type { GatewayServices } from './services.ts';

/** Pace and bounds of the live events. */
export interface EventLimits {
  readonly maxClients: number;
  /** Deltas are sent at most this often. */
  readonly flushMs: number;
  /** An overview is sent this often; it is the heartbeat too. */
  readonly overviewMs: number;
  /** A client that has not read for so long is dropped. */
  readonly stalledMs: number;
  /** Nothing more is written to a client that has so many bytes unread. */
  readonly maxUnreadBytes: number;
}

export const EVENT_LIMITS: EventLimits = {
  maxClients: 64,
  flushMs: 250,
  overviewMs: 1_000,
  stalledMs: 30_000,
  maxUnreadBytes: 262_144,
};

/** `GET /api/v1/events`: one `snapshot`, then a `delta` when something changed and an `overview` every second (server-sent events). */
export function eventRoutes(app: FastifyInstance, services: GatewayServices, limits: EventLimits): void {
  const open = new Set<() => void>();
  app.addHook('preClose', async () => {
    for (const close of open) close();
  });
  app.get(
    '/api/v1/events',
    { config: { access: 'read' }, exposeHeadRoute: false },
    async (_request, reply) => {
      if (open.size >= limits.maxClients) throw new TapwattError('BUSY', 'Too many pages follow the events.');
      reply.hijack();
      const response = reply.raw;
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      const close = follow(response, services, limits);
      open.add(close);
      response.once('close', () => {
        open.delete(close);
        close();
      });
    },
  );
}

/** Sends what happens until the returned function is called. */
function follow(response: ServerResponse, services: GatewayServices, limits: EventLimits): () => void {
  const buffer = createDeltaBuffer();
  const leave = services.live.subscribe(buffer.add);
  let stalledSinceMs: number | undefined;
  const send = (event: string, data: unknown): void => {
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const hasRoom = (): boolean => response.writableLength <= limits.maxUnreadBytes;
  const flush = (): void => {
    if (!hasRoom()) return;
    const delta = buffer.take();
    if (delta !== undefined) send('delta', delta);
  };
  const overview = (): void => {
    if (hasRoom()) {
      stalledSinceMs = undefined;
      send('overview', services.live.overview());
      return;
    }
    stalledSinceMs = (stalledSinceMs ?? 0) + limits.overviewMs;
    if (stalledSinceMs >= limits.stalledMs) response.destroy();
  };
  send('snapshot', { gateway: services.identity, ...services.live.snapshot() });
  const timers = [setInterval(flush, limits.flushMs), setInterval(overview, limits.overviewMs)];
  return () => {
    leave();
    for (const timer of timers) clearInterval(timer);
    response.end();
  };
}
