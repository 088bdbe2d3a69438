import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MUTATIONS, type Mutation } from './mutations.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/**
 * Plants a bug: production's file is changed as it is loaded, and only in this process. Throws when there is no such
 * bug, or when the text that it changes is no longer there exactly once.
 */
export const plant = (name: string): void => {
  const mutation = MUTATIONS[name];
  if (mutation === undefined)
    throw new Error(`There is no bug ${name}: ${Object.keys(MUTATIONS).join(', ')}`);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith('file:') || fileURLToPath(url) !== `${ROOT}${mutation.file}`) return loaded;
      return { ...loaded, source: mutated(mutation, String(loaded.source)) };
    },
  });
};

/** The text of a file with the bug in it. */
export const mutated = ({ file, find, replace }: Mutation, text: string): string => {
  if (text.split(find).length !== 2) throw new Error(`${file} does not hold this exactly once: ${find}`);
  return text.replace(find, () => replace);
};
