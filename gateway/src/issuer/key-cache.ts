import { type EpochKeys, epochKeys, type MeterId, meterRootKey } from '@tapwatt/firmware-contracts';
import { createRecentMap } from '../recent-map.ts';

/** About 2 KB each: the meters that speak at about the same time. */
const MAX_CACHED_EPOCHS = 8192;

/** Derives the keys of a meter's epoch (WIRE.md, "Keys") and remembers the most recently used. */
export function createKeyCache(master: Uint8Array) {
  const cached = createRecentMap<string, EpochKeys>(MAX_CACHED_EPOCHS);
  return {
    root: (meterId: MeterId): Uint8Array => meterRootKey(master, meterId),
    epoch(meterId: MeterId, keyEpoch: number): EpochKeys {
      const key = `${meterId}/${keyEpoch}`;
      const keys = cached.get(key) ?? epochKeys(meterRootKey(master, meterId), keyEpoch);
      cached.set(key, keys);
      return keys;
    },
  };
}
