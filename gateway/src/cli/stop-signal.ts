import { EXIT } from './exit-code.ts';

const SAME_CTRL_C_MS = 1_000;

/** Resolves at SIGINT or SIGTERM, or when whoever started the process with a channel is gone; a second Ctrl-C ends it at once. */
export function stopSignal(now: () => number): Promise<void> {
  return new Promise((resolve) => {
    let askedAtMs: number | undefined;
    const ask = (signal?: NodeJS.Signals): void => {
      const nowMs = now();
      // One Ctrl-C arrives more than once where a terminal, npm and a launcher all pass it on, the last as SIGTERM.
      if (signal === 'SIGINT' && nowMs - (askedAtMs ?? nowMs) > SAME_CTRL_C_MS) process.exit(EXIT.failed);
      askedAtMs ??= nowMs;
      resolve();
    };
    process.on('SIGINT', ask);
    process.on('SIGTERM', ask);
    process.once('disconnect', () => ask());
    process.channel?.unref();
  });
}
