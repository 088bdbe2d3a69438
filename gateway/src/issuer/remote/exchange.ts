import { Agent, request } from 'node:https';
import { messageOf, TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from '../../edges/edges.ts';
import {
  type Answer,
  ISSUER_PATH,
  type IssuerCertificates,
  type Question,
  responseSchema,
} from './protocol.ts';
import type { TlsTexts } from './serve-issuer.ts';

/** How long the answers of one request may take, ms. */
const EXCHANGE_DEADLINE_MS = 2_000;
/** Requests at a time, each on a connection that is kept. */
export const MAX_EXCHANGES = 4;
const MAX_RESPONSE_BYTES = 262_144;

export interface ExchangeOptions {
  /** `https://host:port` */
  readonly url: string;
  readonly tls: TlsTexts;
  readonly ledgerId: string;
  readonly clock: Clock;
  readonly deadlineMs?: number;
}

/** Carries questions to an issuer's process and its answers back. Rejects with ISSUER_UNAVAILABLE, or the issuer's refusal of the whole. */
export interface Exchange {
  ask(questions: readonly Question[]): Promise<readonly Answer[]>;
  /** As the issuer last said. */
  readonly certificates: IssuerCertificates | undefined;
  close(): void;
}

export function createExchange(options: ExchangeOptions): Exchange {
  const url = new URL(ISSUER_PATH, options.url);
  const { deadlineMs = EXCHANGE_DEADLINE_MS } = options;
  let certificates: IssuerCertificates | undefined;
  const agent = new Agent({
    ...{ ...options.tls, minVersion: 'TLSv1.3', keepAlive: true, maxSockets: MAX_EXCHANGES },
    timeout: 2 * deadlineMs,
  });

  function post(body: string): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const sent = request(url, { method: 'POST', agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_RESPONSE_BYTES) sent.destroy(new Error('The answer is too long.'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        });
      });
      const cancel = options.clock.after(deadlineMs, () => {
        sent.destroy(new Error(`No answer came within ${deadlineMs} ms.`));
      });
      sent.on('error', reject);
      sent.on('close', cancel);
      sent.end(body);
    });
  }

  /** A kept connection may have been closed by the other side just now; every question may be asked twice. */
  async function postAgain(body: string) {
    try {
      return await post(body);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw unavailable(options.url, error);
      return await post(body).catch((again: unknown) => {
        throw unavailable(options.url, again);
      });
    }
  }

  return {
    async ask(questions) {
      const { status, text } = await postAgain(JSON.stringify({ ledgerId: options.ledgerId, questions }));
      const body = jsonOf(text);
      if (status !== 200) throw refused(options.url, body);
      const parsed = responseSchema.safeParse(body);
      if (!parsed.success || parsed.data.answers.length !== questions.length) {
        throw unavailable(options.url, new Error('Its answer cannot be read.'));
      }
      certificates = parsed.data.certificates;
      return parsed.data.answers;
    },
    get certificates() {
      return certificates;
    },
    close: () => agent.destroy(),
  };
}

function unavailable(url: string, cause: unknown): TapwattError {
  const why = messageOf(cause);
  return new TapwattError('ISSUER_UNAVAILABLE', `The issuer at ${url} cannot be reached: ${why}`, { cause });
}

/** The issuer is there but serves nobody like this gateway: to whoever waits, it is away. */
function refused(url: string, body: unknown): TapwattError {
  const { code, message } = (body ?? {}) as { code?: unknown; message?: unknown };
  if (code === 'BUSY')
    return new TapwattError('BUSY', 'The issuer answers no more questions of this gateway now.');
  return new TapwattError('ISSUER_UNAVAILABLE', `The issuer at ${url} refuses: ${code} ${message}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
