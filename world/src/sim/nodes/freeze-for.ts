import type { World } from '../world.ts';

/**
 * The process of these nodes stands still for so many ms: a machine that swaps, a virtual one that is moved. Answers
 * whether it had not stood still before.
 */
export const freezeFor = (world: World, nodes: readonly string[], ms: number): boolean => {
  const { network, time, trace } = world;
  const [name = ''] = nodes;
  if (network.isFrozen(name)) return false;
  trace.note(name, `frozen for ${ms} ms`);
  for (const node of nodes) network.freeze(node);
  time.after(ms, () => {
    for (const node of nodes) network.thaw(node);
  });
  return true;
};
