import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const PURPOSES = ['nfc', 'nfc-ring', 'serial', 'influx', 'mosquitto', 'pkcs11'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** A ring needs what it tries, and the drivers of tests besides, which a gateway's machine must not have. */
export const withWhatTheyNeed = (purposes: readonly Purpose[]): readonly Purpose[] =>
  purposes.includes('nfc-ring') ? [...purposes, 'nfc'] : purposes;

/** Something of the operating system that a part of Tapwatt, or a ring of its tests, needs. */
export interface SystemPart {
  readonly what: string;
  readonly for: readonly Purpose[];
  /** Debian packages that bring it. */
  readonly packages: readonly string[];
  isThere(): boolean;
}

const FOLDERS = (process.env.PATH ?? '').split(':').concat('/usr/sbin', '/sbin');
export const hasProgram = (name: string): boolean =>
  FOLDERS.some((folder) => folder !== '' && existsSync(join(folder, name)));

const program = (name: string, purposes: readonly Purpose[], packages: readonly string[]): SystemPart => ({
  what: name,
  for: purposes,
  packages,
  isThere: () => hasProgram(name),
});
const file = (what: string, path: string, found: Pick<SystemPart, 'for' | 'packages'>): SystemPart => ({
  ...{ what, ...found },
  isThere: () => existsSync(path),
});

/** What `npm run setup:system` looks for. */
export const SYSTEM_PARTS: readonly SystemPart[] = [
  program('pcscd', ['nfc'], ['pcscd']),
  file('the virtual readers of vpcd', '/usr/lib/pcsc/drivers/serial/libifdvpcd.so', {
    for: ['nfc-ring'],
    packages: ['vsmartcard-vpcd'],
  }),
  file('the headers of PC/SC', '/usr/include/PCSC/winscard.h', {
    for: ['nfc'],
    packages: ['libpcsclite-dev'],
  }),
  program('g++', ['nfc', 'pkcs11'], ['g++']),
  program('make', ['nfc', 'pkcs11'], ['make']),
  program('python3', ['nfc', 'pkcs11'], ['python3']),
  program('ip', ['nfc-ring'], ['iproute2']),
  program('unshare', ['nfc-ring'], ['util-linux']),
  program('socat', ['serial'], ['socat']),
  program('influxd', ['influx'], ['influxdb']),
  program('mosquitto', ['mosquitto'], ['mosquitto']),
  program('softhsm2-util', ['pkcs11'], ['softhsm2']),
];
