/**
 * Remembers the first read that failed: rules that let an item of a batch fail alone, or that turn every error into a
 * refusal, would pass the failure of a disk off as an answer.
 */
export class WatchedReads {
  #failure: { readonly error: unknown } | undefined;

  run<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  /** Throws what a read threw before. */
  require(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
