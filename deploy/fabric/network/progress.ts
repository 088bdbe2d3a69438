/** Does one step and tells people about it. */
export type Progress = <T>(step: string, work: () => Promise<T>) => Promise<T>;

/** Says each step and how long it took. */
export function sayingProgress(say: (line: string) => void): Progress {
  return async (step, work) => {
    const startedAt = performance.now();
    const result = await work();
    say(`  ${((performance.now() - startedAt) / 1000).toFixed(2).padStart(5)} s  ${step}`);
    return result;
  };
}
