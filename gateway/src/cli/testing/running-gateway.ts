import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../../bin/tapwatt.js', import.meta.url));

/** Its exit code (or signal), and what it wrote to stderr. */
interface EndOfGateway {
  readonly how: number | string | null;
  readonly log: string;
}

/** A gateway in a process of its own, started by its command line. */
export interface TestGateway {
  readonly httpPort: number;
  readonly mqttPort: number;
  /** However it ends. */
  readonly ended: Promise<EndOfGateway>;
  end(signal: NodeJS.Signals): Promise<EndOfGateway>;
}

/** Starts `tapwatt run` on free ports and waits until it is ready. Rejects with its last words if it ends before. */
export async function startTestGateway(cwd: string, args: readonly string[] = []): Promise<TestGateway> {
  const all = [BIN, 'run', '--json', '--port', '0', '--mqtt-port', '0', ...args];
  const child = spawn(process.execPath, all, { cwd, env: { PATH: process.env.PATH ?? '' } });
  const log = text(child.stderr);
  const closed = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  const ended = Promise.all([closed, log]).then(([how, written]) => ({ how, log: written }));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { value } = await lines.next();
  if (value === undefined) throw new Error(`The gateway ended with ${await closed}: ${await log}`);
  const { httpPort, mqttPort } = JSON.parse(value) as { httpPort: number; mqttPort: number };
  child.stdout.resume();
  return {
    httpPort,
    mqttPort,
    ended,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}
