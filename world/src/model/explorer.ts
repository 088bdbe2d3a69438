/** The process of one exploration: a memory and a window of its own. Asked by a message, see explorer-protocol.ts. */
import { boundNamed } from './bound.ts';
import type { ExplorerMessage, ExplorerRequest } from './explorer-protocol.ts';
import type { Outcome } from './outcome.ts';
import { scaleWindow } from './scaled-window.ts';

const say = (message: ExplorerMessage): void => void process.send?.(message);

async function outcomeOf(subject: ExplorerRequest): Promise<Outcome> {
  const bound = boundNamed(subject.bound);
  scaleWindow(bound.window);
  // Nothing of production may be loaded before the window is scaled.
  const { explore } = await import('./search.ts');
  const { exploreApart } = await import('./apart.ts');
  const { PRODUCTION } = await import('./protocol.ts');
  const { mutationNamed } = await import('./mutations/all.ts');
  const protocol = subject.mutation === undefined ? PRODUCTION : mutationNamed(subject.mutation).protocol;
  const onProgress = (states: number, depth: number) => say({ states, depth });
  const exploration = await (bound.isApart ? exploreApart : explore)(bound, protocol, { onProgress });
  return {
    ...subject,
    exploration,
    cpuSeconds: process.cpuUsage().user / 1e6,
    memoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

process.once('message', (subject: ExplorerRequest) => {
  outcomeOf(subject)
    .then((outcome) => say({ outcome }))
    .catch((error: unknown) =>
      say({ failed: error instanceof Error ? (error.stack ?? error.message) : `${error}` }),
    )
    .finally(() => process.disconnect());
});
