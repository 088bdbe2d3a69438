const SAY_EVERY_NS = 5_000_000_000n;
const MINUTE_MS = 60_000;

/** Takes a world's trace and says now and then how far it is; that a world has time of its own does not touch this clock. */
export const progressOf = (seed: number, say: (line: string) => void): ((line: string) => void) => {
  let saidNs = process.hrtime.bigint();
  let events = 0;
  return (line) => {
    events += 1;
    const nowNs = process.hrtime.bigint();
    if (nowNs - saidNs < SAY_EVERY_NS) return;
    saidNs = nowNs;
    const [virtualMs = ''] = line.trim().split(' ');
    say(`seed ${seed}: ${events} events · ${Math.floor(Number(virtualMs) / MINUTE_MS)} simulated minutes`);
  };
};
