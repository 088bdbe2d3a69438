/** What waits, by whose it is: taken from each in turn, so that one who brings much holds up nobody. */
export class FairQueue<T> {
  readonly #lanes = new Map<string, T[]>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(owner: string, item: T): void {
    const lane = this.#lanes.get(owner);
    if (lane === undefined) this.#lanes.set(owner, [item]);
    else lane.push(item);
    this.#length += 1;
  }

  /** At most so many: one of each owner, then the next of each, in the order in which they came. */
  take(max: number): T[] {
    const taken: T[] = [];
    while (taken.length < max) {
      const [next] = this.#lanes;
      if (next === undefined) break;
      const [owner, lane] = next;
      taken.push(...lane.splice(0, 1));
      this.#lanes.delete(owner);
      if (lane.length > 0) this.#lanes.set(owner, lane);
    }
    this.#length -= taken.length;
    return taken;
  }
}
