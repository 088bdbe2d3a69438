import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { messageOf } from '@tapwatt/firmware-contracts';
import { errorCodeOf } from '../data/atomic-file.ts';
import { unlessAborted } from '../edges/deadline.ts';
import type { SerialConfig } from '../links/serial/serial-config.ts';
import type { Check, Finding, Patient } from './check.ts';
import { unnamed } from './unnamed-ports.ts';

const WHAT = 'serial ports';

/** The serial ports that the configuration names, and those of USB adapters that it does not. */
export const checkSerial: Check = {
  name: WHAT,
  async run(patient) {
    const lines = patient.config.links?.serial ?? [];
    const named = await Promise.all(lines.map(namedPort));
    return [...named, ...(await others(patient, lines))];
  },
};

/** It is not opened: the gateway may have it, and some adapters reset what hangs on them. */
async function namedPort({ device, baudRate, protocol }: SerialConfig): Promise<Finding> {
  try {
    const { isCharacter } = await stat(device).then((file) => ({ isCharacter: file.isCharacterDevice() }));
    if (!isCharacter)
      return trouble(
        `${device} is no device.`,
        'Correct links.serial: ls /dev/serial/by-id shows what is there.',
      );
    await access(device, constants.R_OK | constants.W_OK);
    return { what: WHAT, state: 'ok', says: `${device}: ${protocol}, ${baudRate} baud.` };
  } catch (error) {
    const code = errorCodeOf(error) ?? 'unknown';
    return code === 'EACCES' || code === 'EPERM'
      ? trouble(`${device} may not be opened by this user.`, 'usermod -aG dialout USER, and log in again.')
      : trouble(
          `${device} is not there (${code}).`,
          'Plug it in, or correct links.serial: ls /dev/serial/by-id',
        );
  }
}

const trouble = (says: string, remedy: string): Finding => ({ what: WHAT, state: 'trouble', says, remedy });

/** Only adapters: every machine has ports on which nothing ever hung. That they cannot be listed keeps no named port from working. */
async function others({ signal }: Patient, lines: readonly SerialConfig[]): Promise<readonly Finding[]> {
  const library = await import('serialport').catch(messageOf);
  if (typeof library === 'string')
    return [unlisted(library, 'npm ci, with the operating system and processor that Tapwatt runs on.')];
  try {
    const ports = await unlessAborted(signal, library.SerialPort.list());
    const adapters = ports.filter(({ vendorId }) => vendorId !== undefined);
    return (await unnamed(adapters, lines)).map(({ path, manufacturer = 'unknown maker' }) =>
      note(`${path} (${manufacturer}): not used.`, 'Name it in links.serial, if meters hang on it.'),
    );
  } catch (error) {
    const remedy =
      errorCodeOf(error) === 'ENOENT'
        ? 'Install udev (Debian: apt-get install udev), whose udevadm lists them; ports in links.serial do not need it.'
        : 'ls /dev/serial/by-id shows them too; ports in links.serial do not need the list.';
    return [unlisted(messageOf(error), remedy)];
  }
}

const note = (says: string, remedy: string): Finding => ({ what: WHAT, state: 'note', says, remedy });
const unlisted = (why: string, remedy: string): Finding =>
  note(`The ports of this machine cannot be listed: ${why}`, remedy);
