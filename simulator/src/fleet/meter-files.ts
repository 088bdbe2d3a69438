import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { type Provisioning, provisionMemory } from '../meter/power-on.ts';
import { FileNvm } from '../nvm/file-nvm.ts';
import { MemoryNvm } from '../nvm/memory-nvm.ts';
import { METER_NVM_WORDS } from '../nvm/meter-memory.ts';
import { WORD_BYTES } from '../nvm/storage.ts';

const MODE = 0o600;

const bytesOf = (memory: MemoryNvm): Buffer => {
  const bytes = Buffer.alloc(memory.words * WORD_BYTES);
  for (let word = 0; word < memory.words; word++) bytes.writeUInt32BE(memory.read(word), word * WORD_BYTES);
  return bytes;
};

const syncedWrite = (path: string, bytes: Buffer): void => {
  const file = openSync(path, 'w', MODE);
  try {
    writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

/**
 * Opens a meter's memory file; where there is none, a new board is built: provisioned beside and moved into place.
 * A file that is there is never provisioned again, whatever is in it: a meter that lost its memory says LOCKED.
 * Throws DISK_FULL, or what `node:fs` throws.
 */
export const openMeterFile = (path: string, provisioning: Provisioning): FileNvm => {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    const board = new MemoryNvm(METER_NVM_WORDS);
    provisionMemory(board, provisioning);
    try {
      syncedWrite(`${path}.new`, bytesOf(board));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause;
      throw new TapwattError('DISK_FULL', `No room to build the board of meter ${provisioning.meterId}.`, {
        cause,
      });
    }
    renameSync(`${path}.new`, path);
  }
  return new FileNvm(path, METER_NVM_WORDS);
};
