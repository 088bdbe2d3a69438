import { Readable } from 'node:stream';
import { hexToBytes, identityOf, JWS_LENGTH_MAX, TapwattError } from '@tapwatt/firmware-contracts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { refusal } from './error-reply.ts';
import { checked, meterIdParam, nameParam } from './query-params.ts';
import type { GatewayServices, RedemptionStep } from './services.ts';
import { whileConnected } from './while-connected.ts';

const BACKUP_IDLE_MS = 60_000;
const ORDER_DEADLINE_MS = 20_000;
const REDEMPTION_DEADLINE_MS = 15_000;

const orderBody = z.strictObject({ jws: z.string().min(1).max(JWS_LENGTH_MAX) });
const redemptionBody = z.strictObject({
  voucher: z.string().regex(/^[0-9a-fA-F]{144}$/, 'must be the 72 bytes of a voucher, 144 hex digits'),
});

/** Orders, redemptions and what a factory needs: for administrators only. */
export function administerRoutes(app: FastifyInstance, services: GatewayServices): void {
  const administer = { config: { access: 'administer' } } as const;
  app.post('/api/v1/orders', administer, async (request, reply) => {
    const { jws } = checked(orderBody, request.body);
    return services.submitOrder(jws, { signal: deadline(reply, ORDER_DEADLINE_MS) });
  });
  app.post('/api/v1/redemptions', administer, async (request, reply) => {
    const voucher = hexToBytes(checked(redemptionBody, request.body).voucher);
    const steps = services.redeem(voucher, { signal: deadline(reply, REDEMPTION_DEADLINE_MS) });
    return answerRedemption(reply, await collect(steps));
  });
  app.get('/api/v1/backup', administer, async (_request, reply) => {
    const bytes = Readable.from(services.backup(), { objectMode: false });
    // Whoever stops reading gives the snapshot of the ledger back.
    reply.raw.setTimeout(BACKUP_IDLE_MS, () => bytes.destroy(new TapwattError('DEADLINE')));
    return reply.type('application/octet-stream').send(bytes);
  });
  app.get('/api/v1/meters/:id/provisioning', administer, async ({ params }) =>
    services.meterProvisioning(checked(meterIdParam, params).id),
  );
  app.get('/api/v1/handsets/:id', administer, async ({ params }) => {
    const { id } = checked(nameParam, params);
    const party = await services.evaluate('GetParty', { id });
    if (party?.role !== 'handset') throw new TapwattError('PARTY_UNKNOWN', `No handset ${id} is registered.`);
    const identity = identityOf({ who: 'handset', id });
    return { ...party, identity, password: services.passwordOf(identity) };
  });
}

/** Ends at the caller's leaving, or at the deadline. */
function deadline(reply: FastifyReply, timeoutMs: number): AbortSignal {
  return AbortSignal.any([whileConnected(reply), AbortSignal.timeout(timeoutMs)]);
}

/** The steps up to the last one, or up to the deadline: what was reached by then stays true. */
async function collect(steps: AsyncIterable<RedemptionStep>): Promise<readonly RedemptionStep[]> {
  const seen: RedemptionStep[] = [];
  try {
    for await (const step of steps) seen.push(step);
  } catch (error) {
    if (seen.length === 0) throw error;
  }
  return seen;
}

/** 200 when the voucher is settled, 202 when it is on its way and goes on by itself, the code's status when refused. */
function answerRedemption(reply: FastifyReply, steps: readonly RedemptionStep[]): FastifyReply {
  const last = steps.at(-1);
  if (last === undefined) throw new TapwattError('DEADLINE');
  if (last.status === 'refused') {
    const { status, body } = refusal(last.code ?? 'INTERNAL', last.message);
    return reply.code(status).send(body);
  }
  const final = last.status === 'settled' || last.status === 'voided';
  return reply.code(final ? 200 : 202).send({ status: last.status, steps });
}
