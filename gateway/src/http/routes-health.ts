import type { FastifyInstance } from 'fastify';
import type { GatewayServices } from './services.ts';

/** Live: the process answers. Ready: a redemption can be taken; `degraded` still can, so it answers 200 as well. */
export function healthRoutes(app: FastifyInstance, services: GatewayServices): void {
  const open = { config: { access: 'open' } } as const;
  app.get('/health/live', open, async () => ({ state: 'live' }));
  app.get('/health/ready', open, async (_request, reply) => {
    const report = services.readiness();
    return reply.code(report.state === 'not-ready' ? 503 : 200).send(report);
  });
}
