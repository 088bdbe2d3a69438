/** What one client may send: `perSecond` on average, `burst` in one go. Pure: the caller says what time it is. */
export interface TokenBucket {
  /** Takes `cost` if there is enough and says how long to wait (ms) otherwise; a cost above the burst takes a full bucket. */
  take(cost: number, nowMs: number): number;
}

export const createTokenBucket = (perSecond: number, burst: number, startMs: number): TokenBucket => {
  let tokens = burst;
  let filledAt = startMs;
  return {
    take: (cost, nowMs) => {
      tokens = Math.min(burst, tokens + ((nowMs - filledAt) / 1000) * perSecond);
      filledAt = nowMs;
      const needed = Math.min(cost, burst);
      if (tokens >= needed) {
        tokens -= needed;
        return 0;
      }
      return Math.ceil(((needed - tokens) / perSecond) * 1000);
    },
  };
};
