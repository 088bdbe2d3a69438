/** Wakes those who wait; a ring while nobody waits is kept for the next one. */
export class Bell {
  #rung = false;
  #waiting: (() => void)[] = [];

  ring(): void {
    if (this.#waiting.length === 0) this.#rung = true;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  wait(): Promise<void> {
    if (this.#rung) {
      this.#rung = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
