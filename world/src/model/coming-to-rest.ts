import { Growing } from './growing.ts';
import { isAtRest } from './invariants.ts';
import type { StateTable } from './state-table.ts';
import type { TownModel } from './town-model.ts';

const END_OF_EDGES = -1;

/**
 * For each core of an explored bound 1 when it can come to rest by what happens without people's decisions, even if
 * couriers lose all they carry after every step: with more in their hands they can only do more.
 */
export async function canRest(model: TownModel, table: StateTable): Promise<Uint8Array> {
  const edges = new Growing();
  const rests = new Uint8Array(table.cores);
  for (let core = 0; core < rests.length; core += 1) {
    const row = model.emptyHanded(table.coreAt(core));
    if (isAtRest(model, row)) rests[core] = 1;
    const work = model.prepare(row);
    if (work !== undefined) await work;
    model.next(row, (next, byItself) => {
      if (byItself) edges.push(table.core(next));
    });
    edges.push(END_OF_EDGES);
  }
  if (table.cores !== rests.length) throw new Error('with nothing in their hands couriers did something new');
  while (passBack(edges, rests)) {}
  return rests;
}

/** One pass from the last core to the first; whether it changed anything. */
function passBack(edges: Growing, rests: Uint8Array): boolean {
  let changed = false;
  let core = rests.length;
  for (let edge = edges.size - 1; edge >= 0; edge -= 1) {
    const to = edges.at(edge);
    if (to === END_OF_EDGES) core -= 1;
    else if (rests[core] === 0 && rests[to] === 1) {
      rests[core] = 1;
      changed = true;
    }
  }
  return changed;
}
