import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';

/** What a report's figures are of: the commit, with a + where files differ from it, Node, and the processors. */
export function whatRan(): string {
  const commit = spawnSync('git', ['describe', '--always', '--dirty=+', '--abbrev=12'], { encoding: 'utf8' });
  const [cpu] = cpus();
  return [
    `commit ${commit.status === 0 ? commit.stdout.trim() : 'unknown'}`,
    `Node ${process.versions.node}`,
    `${availableParallelism()} processors (${cpu?.model ?? 'unknown'})`,
  ].join(' · ');
}
