import type { Server } from 'node:http';
import { TapwattError } from '@tapwatt/firmware-contracts';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from '../observability/logger.ts';
import type { Access, Guard } from './access.ts';
import { errorReply } from './error-reply.ts';
import { administerRoutes } from './routes-administer.ts';
import { consoleRoutes } from './routes-console.ts';
import { EVENT_LIMITS, type EventLimits, eventRoutes } from './routes-events.ts';
import { handsetRoutes } from './routes-handset.ts';
import { healthRoutes } from './routes-health.ts';
import { readRoutes } from './routes-read.ts';
import { traceRoutes } from './routes-trace.ts';
import type { GatewayServices } from './services.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: Access;
  }
}

const MAX_BODY_BYTES = 32_768;
const MAX_CONNECTIONS = 1_024;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 10_000;

export interface HttpAppOptions {
  readonly services: GatewayServices;
  readonly guard: Guard;
  readonly log: Logger;
  readonly eventLimits?: EventLimits;
}

/** The HTTP interface for one listener, not yet listening. */
export function createHttpApp(options: HttpAppOptions): FastifyInstance {
  const { services, guard, log } = options;
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 128 },
    frameworkErrors: (error, _request, reply) => {
      const { status, body } = errorReply(error);
      void (reply as FastifyReply).code(status).send(body);
    },
  });
  bound(app.server);
  app.addHook('onRequest', async (request) => {
    const { host, authorization } = request.headers;
    await guard({ host, authorization }, request.routeOptions.config.access ?? 'open');
  });
  app.setErrorHandler(async (error, request, reply) => {
    const { status, body } = errorReply(error);
    if (status >= 500)
      log.error({ error, code: body.code, route: request.routeOptions.url }, 'A request failed.');
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const { status, body } = errorReply(
      new TapwattError('NOT_FOUND', `There is no ${request.method} ${pathOf(request.url)}.`),
    );
    return reply.code(status).send(body);
  });
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  healthRoutes(app, services);
  readRoutes(app, services);
  administerRoutes(app, services);
  handsetRoutes(app, services);
  eventRoutes(app, services, options.eventLimits ?? EVENT_LIMITS);
  traceRoutes(app, services);
  consoleRoutes(app);
  return app;
}

function bound(server: Server): void {
  server.maxConnections = MAX_CONNECTIONS;
}

function pathOf(url: string): string {
  return url.split('?', 1)[0]?.slice(0, 128) ?? '';
}
