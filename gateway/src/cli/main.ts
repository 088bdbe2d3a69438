import { randomBytes } from 'node:crypto';
import { errorCodeOf } from '../data/atomic-file.ts';
import { runCli } from './run-cli.ts';

// A reader that went away (`tapwatt … | head`) is no failure of ours.
process.stdout.on('error', (error) => {
  if (errorCodeOf(error) === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  nowMs: () => Date.now(),
  random: (count) => new Uint8Array(randomBytes(count)),
});
