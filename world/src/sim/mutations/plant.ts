import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MUTATIONS, type Mutation } from './mutations.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A piece of production's text and what stands there instead. */
export type Change = Pick<Mutation, 'file' | 'find' | 'replace'>;

/** Plants the bug of this name; throws when there is none. */
export const plant = (name: string): void => {
  const mutation = MUTATIONS[name];
  if (mutation === undefined)
    throw new Error(`There is no bug ${name}: ${Object.keys(MUTATIONS).join(', ')}`);
  plantChange(mutation);
};

/**
 * Changes production's file as it is loaded, and only in this process (or thread). Throws when the text that it changes
 * is no longer there exactly once.
 */
export const plantChange = (change: Change): void => {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith('file:') || fileURLToPath(url) !== `${ROOT}${change.file}`) return loaded;
      return { ...loaded, source: mutated(change, String(loaded.source)) };
    },
  });
};

/** The text of a file with the change in it. */
export const mutated = ({ file, find, replace }: Change, text: string): string => {
  if (text.split(find).length !== 2) throw new Error(`${file} does not hold this exactly once: ${find}`);
  return text.replace(find, () => replace);
};
