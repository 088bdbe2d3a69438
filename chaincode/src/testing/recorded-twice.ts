import { isDeepStrictEqual } from 'node:util';
import type { LedgerState } from '../index.ts';

/**
 * Runs a transaction twice over the same state and holds the two write sets and answers against each other; only then
 * its writes are made. Also refuses a write to a key that was not read, as Fabric would not.
 */
export async function recordedTwice<R>(
  state: LedgerState,
  run: (state: LedgerState) => Promise<R>,
): Promise<R> {
  const first = await recorded(state, run);
  const second = await recorded(state, run);
  if (!isDeepStrictEqual(first, second)) throw new Error('the same transaction did not do the same twice');
  for (const [key, value] of first.writes) state.put(key, value);
  if ('error' in first) throw first.error;
  return first.result;
}

type Recorded<R> = { readonly writes: readonly (readonly [string, string])[] } & (
  | { readonly result: R }
  | { readonly error: unknown }
);

async function recorded<R>(
  state: LedgerState,
  run: (state: LedgerState) => Promise<R>,
): Promise<Recorded<R>> {
  const read = new Set<string>();
  const writes: [string, string][] = [];
  const watched: LedgerState = {
    get: (key) => {
      read.add(key);
      return state.get(key);
    },
    put: (key, value) => {
      if (!read.has(key)) throw new Error(`${key} was written blindly`);
      writes.push([key, value]);
    },
  };
  try {
    return { result: await run(watched), writes };
  } catch (error) {
    return { error, writes };
  }
}
