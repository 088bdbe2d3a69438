import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Edit } from './mutation.ts';
import { MUTATIONS } from './mutations.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Plants the bug of this name; throws when there is none. */
export const plant = (name: string): void => {
  const mutation = MUTATIONS[name];
  if (mutation === undefined)
    throw new Error(`There is no bug ${name}: ${Object.keys(MUTATIONS).join(', ')}`);
  plantEdits(mutation.edits);
};

/**
 * Changes production's files as they are loaded, and only in this process (or thread). Loading throws when the text that is
 * changed is no longer there exactly once.
 */
export const plantEdits = (edits: readonly Edit[]): void => {
  const files = new Set(edits.map(({ file }) => file));
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const file = url.startsWith('file:') ? fileURLToPath(url).slice(ROOT.length) : '';
      return files.has(file) ? { ...loaded, source: edited(edits, file, String(loaded.source)) } : loaded;
    },
  });
};

/** The text of one file with what is changed in it. */
export const edited = (edits: readonly Edit[], file: string, text: string): string =>
  edits
    .filter((edit) => edit.file === file)
    .reduce((before, { find, replace }) => {
      if (before.split(find).length !== 2)
        throw new Error(`${file} does not hold this exactly once: ${find}`);
      return before.replace(find, () => replace);
    }, text);
