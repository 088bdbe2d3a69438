import { readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { errorCodeOf, syncDirectory, writeFileAtomic } from './atomic-file.ts';
import type { DataLayout } from './layout.ts';

/** Which whole directory becomes the ledger, and under which name the present one is kept; names in the data directory. */
export interface Replacement {
  readonly fresh: string;
  readonly kept: string;
}

const NAME = /^ledger\.[A-Za-z0-9-]{1,64}$/;
const noteOf = (layout: DataLayout): string => join(layout.directory, 'replace-ledger.json');

/**
 * Puts a whole ledger in the place of the present one, which keeps lying beside it. Two renames are not one: a note
 * says what is meant, and `finishReplacement` goes on after a crash. Before the note nothing has changed.
 */
export async function replaceLedger(layout: DataLayout, replacement: Replacement): Promise<void> {
  await writeFileAtomic(noteOf(layout), `${JSON.stringify(replacement)}\n`, { mode: 0o600 });
  await finishReplacement(layout);
}

/** Finishes a replacement that a crash cut short; otherwise nothing. Throws DATA_DAMAGED. */
export async function finishReplacement(layout: DataLayout): Promise<void> {
  const replacement = await readNote(layout);
  if (replacement === undefined) return;
  const [fresh, kept] = [join(layout.directory, replacement.fresh), join(layout.directory, replacement.kept)];
  if (await exists(fresh)) {
    if (await exists(layout.ledger)) await rename(layout.ledger, kept);
    await rename(fresh, layout.ledger);
  } else if (!(await exists(layout.ledger)) && (await exists(kept))) {
    // Somebody removed what was to come in its place.
    await rename(kept, layout.ledger);
  }
  await syncDirectory(layout.directory);
  await unlink(noteOf(layout));
  await syncDirectory(layout.directory);
}

async function readNote(layout: DataLayout): Promise<Replacement | undefined> {
  const path = noteOf(layout);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCodeOf(error) === 'ENOENT' || errorCodeOf(error) === 'ENOTDIR') return undefined;
    throw new TapwattError('DATA_DAMAGED', `${path} cannot be read.`, { cause: error });
  });
  if (text === undefined) return undefined;
  try {
    const { fresh, kept } = JSON.parse(text) as Partial<Replacement>;
    if (fresh !== undefined && kept !== undefined && NAME.test(fresh) && NAME.test(kept))
      return { fresh, kept };
  } catch {
    // Said below.
  }
  throw new TapwattError('DATA_DAMAGED', `${path} says nothing readable.`);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
