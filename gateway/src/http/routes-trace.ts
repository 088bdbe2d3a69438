import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { checked, meterIdParam } from './query-params.ts';
import type { GatewayServices } from './services.ts';

/** So that a reader knows that the gateway lives. */
const HEARTBEAT_MS = 10_000;
/** Frames are left out, and counted, for a reader that has so many bytes unread. */
const MAX_UNREAD_BYTES = 262_144;
/** A reader that has read nothing for so many heartbeats is dropped. */
const MAX_STALLED = 6;

/** `GET /api/v1/meters/:id/trace`: the meter's frames of every link as they go, one JSON object a line, an empty line now and then; `unknown` says that no meter of this number is known. */
export function traceRoutes(app: FastifyInstance, services: GatewayServices): void {
  const open = new Set<() => void>();
  app.addHook('preClose', async () => {
    for (const close of open) close();
  });
  app.get(
    '/api/v1/meters/:id/trace',
    { config: { access: 'administer' }, exposeHeadRoute: false },
    async ({ params }, reply) => {
      const { id } = checked(meterIdParam, params);
      const lines = linesTo(reply.raw);
      const leave = services.watchFrames(id, lines.say);
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
      const timer = setInterval(lines.beat, HEARTBEAT_MS);
      lines.beat();
      const close = (): void => {
        leave();
        clearInterval(timer);
        open.delete(close);
        reply.raw.end();
      };
      open.add(close);
      reply.raw.once('close', close);
      if ((await isUnknown(services, id)) && open.has(close)) lines.say({ unknown: true });
    },
  );
}

/** A number that nobody knows may be a mistake, or a meter's that is yet to be registered: its frames are waited for all the same. */
const isUnknown = (services: GatewayServices, id: string): Promise<boolean> =>
  services.isUnknown(id).catch(() => false);

function linesTo(response: ServerResponse) {
  let leftOut = 0;
  let stalled = 0;
  const hasRoom = (): boolean => response.writableLength <= MAX_UNREAD_BYTES;
  const write = (value: unknown): void => void response.write(`${JSON.stringify(value)}\n`);
  return {
    say(frame: unknown): void {
      if (!hasRoom()) {
        leftOut += 1;
        return;
      }
      if (leftOut > 0) write({ leftOut });
      leftOut = 0;
      write(frame);
    },
    beat(): void {
      stalled = hasRoom() ? 0 : stalled + 1;
      if (stalled >= MAX_STALLED) response.destroy();
      else if (stalled === 0) response.write('\n');
    },
  };
}
