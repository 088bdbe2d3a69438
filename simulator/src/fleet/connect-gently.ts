/** Something that can be started and says when its start has been decided, one way or the other. */
export interface Starter {
  start(settled: () => void): void;
}

/** Starts many at most `atOnce` at a time, so that a fleet does not fall upon its broker. */
export const connectGently = (starters: readonly Starter[], atOnce: number): void => {
  const waiting = [...starters];
  let isStarting = false;
  let under = 0;
  const next = (): void => {
    if (isStarting) return;
    isStarting = true;
    while (under < atOnce) {
      const starter = waiting.shift();
      if (starter === undefined) break;
      under += 1;
      let isSettled = false;
      starter.start(() => {
        if (isSettled) return;
        isSettled = true;
        under -= 1;
        next();
      });
    }
    isStarting = false;
  };
  next();
};
