import type { FastifyReply } from 'fastify';

/**
 * Aborts when the caller leaves before it was answered. Not Fastify's `request.signal`: that one aborts as soon as the body
 * of the request has been read.
 */
export function whileConnected(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) left.abort();
  });
  return left.signal;
}
