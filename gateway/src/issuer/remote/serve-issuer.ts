import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { TapwattError } from '@tapwatt/firmware-contracts';
import Fastify, { type FastifyRequest } from 'fastify';
import { errorReply } from '../../http/error-reply.ts';
import type { Logger } from '../../observability/logger.ts';
import {
  type Answer,
  ISSUER_PATH,
  type IssuerCertificates,
  MAX_BODY_BYTES,
  MAX_QUESTIONS,
  type Question,
  requestSchema,
} from './protocol.ts';

const MAX_CONNECTIONS = 256;
const REQUEST_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 60_000;

/** PEM texts: who signed the gateways' certificates, and this process's own certificate and key. */
export interface TlsTexts {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface IssuerServerOptions {
  readonly tls: TlsTexts;
  readonly host: string;
  readonly port: number;
  readonly ledgerId: string;
  /** When the certificate that it reads the ledger with ends, Unix s; absent where it needs none. */
  readonly ledgerCertificateExpiresAt?: number | undefined;
  /** Throws for what is no gateway of the ledger. */
  readonly register: (gatewayId: string) => Promise<void>;
  readonly allowed: (gatewayId: string, questions: number) => boolean;
  readonly answer: (gatewayId: string, question: Question) => Promise<Answer>;
  readonly log: Pick<Logger, 'warn'>;
}

/** Listens for gateways, each of which shows a certificate (TLS 1.3). Throws what the socket throws. */
export async function serveIssuer(options: IssuerServerOptions) {
  const certificates = certificatesOf(options);
  const app = Fastify({
    logger: false,
    https: { ...options.tls, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setErrorHandler(async (error, request, reply) => {
    const { status, body } = errorReply(error);
    options.log.warn({ gatewayId: nameOf(request), code: body.code }, 'a request was refused');
    return reply.code(status).send({ code: body.code, message: body.message });
  });
  app.post(ISSUER_PATH, async (request) => {
    const gatewayId = nameOf(request);
    await options.register(gatewayId);
    const questions = questionsOf(request.body, options.ledgerId);
    if (!options.allowed(gatewayId, questions.length)) throw new TapwattError('BUSY', 'Too many questions.');
    const answers = await Promise.all(questions.map((question) => options.answer(gatewayId, question)));
    return { answers, certificates };
  });
  await app.listen({ host: options.host, port: options.port });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('The issuer has no port.');
  return { port: address.port, close: () => app.close() };
}

function certificatesOf({ tls, ledgerCertificateExpiresAt }: IssuerServerOptions): IssuerCertificates {
  const tlsExpiresAt = Math.floor(new X509Certificate(tls.cert).validToDate.getTime() / 1000);
  return ledgerCertificateExpiresAt === undefined
    ? { tlsExpiresAt }
    : { tlsExpiresAt, ledgerExpiresAt: ledgerCertificateExpiresAt };
}

/** The name that the certificate authority vouches for; TLS has verified the rest. */
function nameOf(request: FastifyRequest): string {
  const { CN } = (request.raw.socket as TLSSocket).getPeerCertificate().subject ?? {};
  return typeof CN === 'string' ? CN : '';
}

function questionsOf(body: unknown, ledgerId: string): readonly Question[] {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TapwattError(
      'BAD_REQUEST',
      `${issue?.path.join('.')}: ${issue?.message} (at most ${MAX_QUESTIONS} questions)`,
    );
  }
  if (parsed.data.ledgerId === ledgerId) return parsed.data.questions;
  throw new TapwattError('WRONG_AUDIENCE', `This issuer is that of the ledger ${ledgerId}.`);
}
