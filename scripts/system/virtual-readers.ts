import { existsSync, rmSync } from 'node:fs';

/** By this file of vsmartcard-vpcd the machine's own pcscd takes anybody on the network for a reader. */
const READER_FILE = '/etc/reader.conf.d/vpcd';

/** Keeps the virtual readers out of the machine's own pcscd: the ring names them to a daemon that it starts itself. */
export function withdrawVirtualReaders(say: (line: string) => void, file = READER_FILE): void {
  if (!existsSync(file)) return;
  const why = `with it anybody on the network is a reader of this machine's pcscd (ports 35963 and 35964)`;
  try {
    rmSync(file);
    say(`removed ${file}: ${why}. If pcscd runs: systemctl restart pcscd`);
  } catch {
    say(`${file}: ${why}. As root: rm ${file}; systemctl restart pcscd`);
  }
}
