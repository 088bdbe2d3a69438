import { writeSync } from 'node:fs';
import { dataLayout } from '../../data/layout.ts';
import { claimDataDirectory } from '../../data/schema-version.ts';
import { systemRandom } from '../../edges/system.ts';
import { backUpKeys } from '../backup-files.ts';
import { createMissingKeys } from '../create-keys.ts';
import { rotateKey } from '../rotate.ts';

/**
 * Makes the keys of a data directory, rotates one, and backs them up; says what is done as soon as it is, not before.
 * Arguments: data directory, file of the backup, its passphrase.
 */
const [directory = '', file = '', passphrase = ''] = process.argv.slice(2);
const STDOUT = 1;
const layout = dataLayout(directory);
const random = systemRandom.bytes;

await claimDataDirectory(layout);
await createMissingKeys({ layout, development: true, random });
writeSync(STDOUT, 'made\n');
await rotateKey('mqtt', layout, random);
writeSync(STDOUT, 'rotated\n');
await backUpKeys({ layout, file, passphrase, random });
writeSync(STDOUT, 'backed up\n');
