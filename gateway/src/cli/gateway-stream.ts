import type { IncomingMessage } from 'node:http';
import { ERRORS, isErrorCode, TapwattError } from '@tapwatt/firmware-contracts';
import { request } from './http-request.ts';

/** Without a byte for so long the gateway is taken for dead. */
const IDLE_MS = 60_000;
const MAX_REFUSAL_BYTES = 65_536;

/**
 * A long answer of the gateway, as it comes. Throws the gateway's own code, or GATEWAY_UNREACHABLE when it breaks off or
 * `signal` aborts.
 */
export async function* streamFromGateway(
  socketPath: string,
  path: string,
  signal?: AbortSignal,
): AsyncIterable<Uint8Array> {
  const answer = await open(socketPath, path, signal);
  if (answer.statusCode !== 200) throw await refusalOf(answer);
  try {
    yield* answer as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new TapwattError('GATEWAY_UNREACHABLE', 'The gateway broke off in the middle.', { cause });
  }
}

function open(socketPath: string, path: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { socketPath, path, headers: { host: 'localhost' }, timeout: IDLE_MS };
    const outgoing = request(signal === undefined ? options : { ...options, signal }, resolve);
    outgoing.on('timeout', () => outgoing.destroy(new TapwattError('DEADLINE')));
    outgoing.on('error', (cause) =>
      reject(
        cause instanceof TapwattError
          ? cause
          : new TapwattError('GATEWAY_UNREACHABLE', `No gateway answers at ${socketPath}.`, { cause }),
      ),
    );
    outgoing.end();
  });
}

async function refusalOf(answer: IncomingMessage): Promise<TapwattError> {
  let text = '';
  for await (const chunk of answer) {
    text += String(chunk);
    if (text.length > MAX_REFUSAL_BYTES) break;
  }
  const { code, message } = { code: '', message: '', ...(parsed(text) as object | null) };
  if (isErrorCode(code)) return new TapwattError(code, message || ERRORS[code].meaning);
  return new TapwattError('GATEWAY_UNREACHABLE', `The gateway answered HTTP ${answer.statusCode}.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
