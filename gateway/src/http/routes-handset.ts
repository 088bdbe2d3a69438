import { JWS_LENGTH_MAX } from '@tapwatt/firmware-contracts';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { refusal } from './error-reply.ts';
import { checked } from './query-params.ts';
import type { GatewayServices } from './services.ts';
import { whileConnected } from './while-connected.ts';

const MAX_WAIT_MS = 20_000;
const WAIT_MS = 5_000;

const requestBody = z.strictObject({
  jws: z.string().min(1).max(JWS_LENGTH_MAX),
  waitMs: z.int().min(0).max(MAX_WAIT_MS).default(WAIT_MS),
});

/**
 * `POST /api/v1/requests`: a handset's signed request (WIRE.md "Handset requests and results"), with the same results as over
 * MQTT. Its signature is all that it needs, so that a courier may hand in at any gateway that it reaches.
 */
export function handsetRoutes(app: FastifyInstance, services: GatewayServices): void {
  app.post('/api/v1/requests', { config: { access: 'open' } }, async (request, reply) => {
    const { jws, waitMs } = checked(requestBody, request.body);
    const results = await services.handIn(jws, { waitMs, signal: whileConnected(reply) });
    const last = results.at(-1);
    if (last?.status !== 'refused') return { results };
    const { status, body } = refusal(last.code ?? 'INTERNAL', last.message);
    return reply.code(status).send({ ...body, results });
  });
}
