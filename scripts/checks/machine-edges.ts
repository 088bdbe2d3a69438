import { MACHINE_EDGES } from './architecture.ts';
import { checkBorder } from './edges.ts';
import type { Finding } from './finding.ts';
import { CLOCK_AND_CHANCE } from './machine-use.ts';
import type { SourceTree } from './source-tree.ts';

/** Finds clocks, timers and randomness taken from the machine anywhere but at the declared edges. */
export function checkMachineEdges(tree: SourceTree): Finding[] {
  return checkBorder(tree, { supply: CLOCK_AND_CHANCE, edges: MACHINE_EDGES });
}
