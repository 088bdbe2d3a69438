import { type EpochKeys, epochKeys, type MeterId, meterRootKey } from '@tapwatt/firmware-contracts';

/** About 2 KB each: the meters that speak at about the same time. */
const MAX_CACHED_EPOCHS = 8192;

/** Derives the keys of a meter's epoch (WIRE.md, "Keys") and remembers the most recently used. */
export function createKeyCache(master: Uint8Array) {
  const cached = new Map<string, EpochKeys>();

  const remember = (key: string, keys: EpochKeys): EpochKeys => {
    if (cached.size >= MAX_CACHED_EPOCHS) {
      const oldest = cached.keys().next().value;
      if (oldest !== undefined) cached.delete(oldest);
    }
    cached.set(key, keys);
    return keys;
  };

  return {
    root: (meterId: MeterId): Uint8Array => meterRootKey(master, meterId),
    epoch(meterId: MeterId, keyEpoch: number): EpochKeys {
      const key = `${meterId}/${keyEpoch}`;
      const known = cached.get(key);
      if (known === undefined) return remember(key, epochKeys(meterRootKey(master, meterId), keyEpoch));
      cached.delete(key);
      cached.set(key, known);
      return known;
    },
  };
}
