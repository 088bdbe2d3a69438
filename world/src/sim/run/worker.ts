import { plant } from '../mutations/plant.ts';
import type { WorldAnswer, WorldRequest } from './protocol.ts';

/** A process that runs one world after another, as its parent asks. The first argument names a bug to plant. */
const [mutation] = process.argv.slice(2);
if (mutation !== undefined) plant(mutation);
// Nothing of production may be loaded before the bug is planted, nor Aedes before the globals are replaced.
const { replaceGlobals } = await import('../kernel/globals.ts');
replaceGlobals();
// Every broken connection makes errors that nobody reads.
Error.stackTraceLimit = 0;
const { runSeed } = await import('../run-seed.ts');

let lost: string | undefined;
process.on('unhandledRejection', (reason) => {
  lost ??= reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
});

const answer = async (request: WorldRequest): Promise<WorldAnswer> => {
  try {
    const result = await runSeed(request);
    const { violations } = result;
    const all =
      lost === undefined ? violations : [...violations, `a rejection was handled by nobody: ${lost}`];
    return { result: { ...result, violations: all } };
  } catch (error) {
    return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  } finally {
    lost = undefined;
  }
};

process.on('message', (request) => {
  void answer(request as WorldRequest).then((said) => process.send?.(said));
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
