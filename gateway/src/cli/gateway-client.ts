import { ERRORS, isErrorCode, TapwattError } from '@tapwatt/firmware-contracts';
import { errorCodeOf } from '../data/atomic-file.ts';
import { request } from './http-request.ts';

/** How to reach a running gateway: its Unix socket, or its TCP listener with the administration token. */
export type GatewayAddress =
  | { readonly socketPath: string }
  | { readonly url: URL; readonly token: string | undefined };

export interface GatewayClient {
  /** Throws the gateway's own code, GATEWAY_UNREACHABLE or DEADLINE. */
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
}

const TIMEOUT_MS = 30_000;
/** A check of all invariants may take a while; everything else is quick. */
const LONG_TIMEOUT_MS = 150_000;
const MAX_ANSWER_BYTES = 16 * 1_048_576;

export function createGatewayClient(address: GatewayAddress): GatewayClient {
  return {
    get: (path) => exchange(address, { method: 'GET', path }),
    post: (path, body) => exchange(address, { method: 'POST', path, body: JSON.stringify(body) }),
  };
}

interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

async function exchange<T>(address: GatewayAddress, call: Exchange): Promise<T> {
  const { status, text } = await send(address, call);
  const body = parseBody(text);
  if (status < 400) return body as T;
  throw refusalOf(status, body);
}

function send(address: GatewayAddress, call: Exchange): Promise<{ status: number; text: string }> {
  const timeoutMs = call.path.includes('/invariants') ? LONG_TIMEOUT_MS : TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    const lost = (error: Error): void => reject(connectionError(error, address));
    const outgoing = request(
      {
        ...target(address),
        method: call.method,
        path: call.path,
        headers: headersOf(address, call),
        timeout: timeoutMs,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        incoming.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES)
            incoming.destroy(new TapwattError('GATEWAY_UNREACHABLE', 'The answer is too long.'));
          else chunks.push(chunk);
        });
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
        incoming.on('error', lost);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new TapwattError('DEADLINE')));
    outgoing.on('error', lost);
    outgoing.end(call.body);
  });
}

function target(address: GatewayAddress): { socketPath: string } | { host: string; port: number } {
  if ('socketPath' in address) return { socketPath: address.socketPath };
  return { host: address.url.hostname.replaceAll(/[[\]]/g, ''), port: Number(address.url.port || 80) };
}

function headersOf(address: GatewayAddress, call: Exchange): Record<string, string> {
  const content = call.body === undefined ? undefined : { 'content-type': 'application/json' };
  const host = 'socketPath' in address ? 'localhost' : address.url.host;
  const token = 'token' in address ? address.token : undefined;
  return { host, ...content, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
}

function connectionError(error: Error, address: GatewayAddress): Error {
  if (error instanceof TapwattError) return error;
  const where = 'socketPath' in address ? address.socketPath : address.url.href;
  switch (errorCodeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return new TapwattError('UNAUTHORIZED', `${where} may not be opened by this user.`, { cause: error });
    default:
      return new TapwattError('GATEWAY_UNREACHABLE', `No gateway answers at ${where}.`, { cause: error });
  }
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TapwattError('GATEWAY_UNREACHABLE', 'What answers there is no Tapwatt gateway.', { cause });
  }
}

function refusalOf(status: number, body: unknown): TapwattError {
  const { code, message, remedy } = { code: '', message: '', remedy: '', ...(body as object | null) };
  if (typeof code === 'string' && isErrorCode(code))
    return new TapwattError(code, message || ERRORS[code].meaning, {
      remedy: typeof remedy === 'string' && remedy !== '' ? remedy : undefined,
    });
  return new TapwattError(
    'GATEWAY_UNREACHABLE',
    `What answers there (HTTP ${status}) is no Tapwatt gateway.`,
  );
}
