import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import {
  bytesToHex,
  decodeStatus,
  hexToBytes,
  type MeterState,
  meterId,
  meterRootKey,
  presentVoucher,
  provisionMeter,
  STATE_BIT,
  statusOf,
  takeAcknowledgement,
  takeTimeOrder,
} from '../src/index.ts';
import { pythonScript } from './processes.ts';
import { PYTHON } from './python.ts';

const SEED = process.env.FUZZ_SEED ?? String(process.pid);
const DEADLINE_MS = 120_000;

interface Session {
  readonly name: string;
  readonly master: string;
  readonly meterId: string;
  readonly keyEpoch: number;
  readonly limit: string;
  readonly charged: string;
  readonly steps: readonly Step[];
}

type Step =
  | {
      readonly present: string;
      readonly at: number;
      readonly clockTrust: 0 | 1 | 2;
      readonly receipt: string;
    }
  | { readonly ack: string }
  | { readonly setTime: string }
  | { readonly status: string };

interface Played {
  readonly state: MeterState;
  readonly said?: string;
  readonly expected?: string;
}

function start(session: Session): MeterState {
  const id = meterId(session.meterId);
  return provisionMeter({
    meterId: id,
    root: meterRootKey(hexToBytes(session.master), id),
    keyEpoch: session.keyEpoch,
    balanceLimit: BigInt(session.limit),
    charged: BigInt(session.charged),
  });
}

function play(state: MeterState, step: Step): Played {
  if ('present' in step) {
    const clock = { now: step.at, trust: step.clockTrust };
    const answer = presentVoucher(state, hexToBytes(step.present), clock);
    return { state: answer.state, said: bytesToHex(answer.receipt), expected: step.receipt };
  }
  if ('ack' in step) return { state: takeAcknowledgement(state, hexToBytes(step.ack)).state };
  if ('setTime' in step) return { state: takeTimeOrder(state, hexToBytes(step.setTime)).state };
  const shown = decodeStatus(hexToBytes(step.status));
  if (!shown.ok) throw new Error('the counterpart made a status that cannot be read');
  const stateBits = shown.fields.stateBits & ~STATE_BIT.CLOSED;
  const said = bytesToHex(statusOf(state, { stateBits, meterTime: shown.fields.meterTime }));
  return { state, said, expected: step.status };
}

test(`both meters answer random sessions alike, byte by byte (FUZZ_SEED=${SEED})`, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tapwatt-sessions-'));
  try {
    const file = path.join(folder, 'sessions.json');
    const args = ['--out', file, '--seed', SEED, '--sessions', '150', '--steps', '120'];
    await promisify(execFile)(PYTHON, [pythonScript('fuzz_sessions.py'), ...args], { timeout: DEADLINE_MS });
    const sessions: readonly Session[] = JSON.parse(await readFile(file, 'utf8'));
    for (const session of sessions) {
      let state = start(session);
      for (const [number, step] of session.steps.entries()) {
        const played = play(state, step);
        const where = { session: session.name, step: number, shown: step };
        expect({ ...where, said: played.said }).toEqual({ ...where, said: played.expected });
        state = played.state;
      }
    }
    expect(sessions).toHaveLength(150);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
