import { readFileSync } from 'node:fs';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { type CourierBag, EMPTY_BAG } from './bag.ts';
import { replaceFile } from './replace-file.ts';

/** Where a courier keeps its bag. `save` returns when the bag would survive a loss of power. */
export interface BagStore {
  load(): CourierBag;
  /** Throws the medium's error; the bag is then as it was. */
  save(bag: CourierBag): void;
}

/** A store that lives as long as the process. */
export const memoryBagStore = (): BagStore => {
  let kept = EMPTY_BAG;
  return {
    load: () => kept,
    save(bag) {
      kept = bag;
    },
  };
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isBag = (value: unknown): value is CourierBag =>
  isRecord(value) &&
  isRecord(value.vouchers) &&
  Object.values(value.vouchers).every(Array.isArray) &&
  isRecord(value.acknowledgements);

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The bag as one file, written beside and moved into place. `load` throws DATA_DAMAGED, `save` DISK_FULL. */
export const fileBagStore = (path: string): BagStore => ({
  load() {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY_BAG;
      throw error;
    }
    const bag = parse(text);
    if (isBag(bag)) return bag;
    throw new TapwattError('DATA_DAMAGED', `${path}: not a courier's bag. Move it away to go on without it.`);
  },
  save: (bag) => replaceFile(path, JSON.stringify(bag)),
});
