import { ERRORS, isErrorCode, messageOf } from '@tapwatt/firmware-contracts';
import { createGatewayClient } from '../cli/gateway-client.ts';
import { dataLayout } from '../data/layout.ts';
import { isAnswered } from '../data/socket-path.ts';
import { startDeadline, unlessAborted } from '../edges/deadline.ts';
import type { ReadinessReason, ReadinessReport } from '../http/services.ts';
import type { Check, Finding, Patient } from './check.ts';

const WHAT = 'gateway';
const ASK_MS = 5_000;

/** Whether the gateway runs, and what it says is wrong: it has the ports open that nobody else can try meanwhile. */
export const checkGateway: Check = {
  name: WHAT,
  async run(patient) {
    const { socket } = dataLayout(patient.config.dataDirectory);
    const isThere = await isAnswered(socket).catch(messageOf);
    if (typeof isThere === 'string') return [note(isThere, 'Run as its owner, or as root.')];
    if (!isThere) return [note('It is not running.', 'tapwatt run')];
    return ask(socket, patient);
  },
};

async function ask(socket: string, { clock, signal }: Patient): Promise<readonly Finding[]> {
  const deadline = startDeadline(clock, ASK_MS, signal);
  try {
    const { readiness } = await unlessAborted(
      deadline.signal,
      createGatewayClient({ socketPath: socket }).get<{ readiness: ReadinessReport }>('/api/v1/status'),
    );
    const found: Finding = {
      what: WHAT,
      state: 'ok',
      says: `It answers at ${socket}, and is ${readiness.state}.`,
    };
    return [found, ...readiness.reasons.map(troubleOf)];
  } catch (error) {
    const says = `It does not say at ${socket} how it is: ${messageOf(error)}`;
    return [{ what: WHAT, state: 'trouble', says, remedy: 'Look into its log; start it again if it hangs.' }];
  } finally {
    deadline.end();
  }
}

/** Some messages end with the remedy for an operator; the registry's others are for who sent a request. */
function troubleOf({ part, code, message }: ReadinessReason): Finding {
  const told = isErrorCode(code) ? ERRORS[code].remedy : '';
  const isTold = told !== '' && message.includes(told);
  return {
    what: `${WHAT} (${part})`,
    state: 'trouble',
    says: `${code}: ${isTold ? message.replace(told, '').trim() : message}`,
    remedy: isTold ? told : 'The other findings, its log and docs/errors.md say more of it.',
  };
}

const note = (says: string, remedy: string): Finding => ({ what: WHAT, state: 'note', says, remedy });
