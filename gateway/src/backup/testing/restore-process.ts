import { dataLayout } from '../../data/layout.ts';
import { createBackupFile } from '../create-backup.ts';
import { restoreBackup } from '../restore-backup.ts';
import { backupBytes } from '../write-backup.ts';
import { clock, ledgerKeyOf, ledgerWith, random } from './small-ledger.ts';

/** Restores or creates a backup and says each phase as it begins, so that whoever reads it can kill this process there. */
const [, , what = '', directory = '', file = ''] = process.argv;
const layout = dataLayout(directory);
const ledgerKey = await ledgerKeyOf(layout.keyFile('ledger'));
let said = '';
const say = (phase: string): void => {
  if (phase !== said) process.stdout.write(`${phase}\n`);
  said = phase;
};
if (what === 'restore') {
  const options = { file, layout, ledgerKey, gatewayId: 'gateway', clock, random, full: false };
  await restoreBackup({ ...options, onProgress: ({ phase }) => say(phase) });
} else {
  const { ledger } = await ledgerWith(directory, 0);
  await createBackupFile(file, backupBytes(ledger.dump(), { ledgerKey, createdAt: 1 }), () => say('write'));
  await ledger.close();
}
say('done');
