import { unlessAborted } from '../edges/deadline.ts';
import { pcscDaemonTrouble, pcscSocket } from '../links/nfc/pcsc-daemon.ts';
import { startReaderProcess } from '../links/nfc/reader-line.ts';
import { type NfcConfig, roleOf } from '../links/nfc/reader-roles.ts';
import type { ReadersView } from '../links/nfc/readers.ts';
import { createSupervisedReaders } from '../links/nfc/supervised-readers.ts';
import type { Check, Finding, Patient } from './check.ts';

const WHAT = 'NFC readers';
/** The library tells of one reader after another, and never that it has told of all, ms. */
const SETTLE_MS = 1_000;

/** The NFC readers of this machine, each with what the configuration wants of it. */
export const checkReaders: Check = {
  name: WHAT,
  async run(patient) {
    const nfc = patient.config.links?.nfc;
    // Of the daemon itself another check tells.
    if ((await pcscDaemonTrouble(pcscSocket(patient.environment))) !== undefined) {
      return nfc?.enabled === true
        ? []
        : [{ what: WHAT, state: 'note', says: 'None are used (links.nfc.enabled).' }];
    }
    const view = await look(patient);
    if (view.state !== 'ready') return [libraryTrouble(view, nfc)];
    if (view.readers.length === 0) return [noReader(nfc)];
    return view.readers.map((reader) => found(reader, nfc));
  },
};

/** Until the library has told of the readers that are there. */
async function look({ clock, random, environment, signal }: Patient): Promise<ReadersView> {
  const socket = pcscSocket(environment);
  const readers = createSupervisedReaders({
    ...{ clock, random, start: startReaderProcess, daemonTrouble: () => pcscDaemonTrouble(socket) },
  });
  try {
    const told = new Promise<void>((resolve) => {
      readers.open({
        card: () => undefined,
        mute: () => undefined,
        changed: ({ state }) => {
          if (state === 'away') resolve();
          else if (state === 'ready') clock.after(SETTLE_MS, resolve);
        },
      });
    });
    await unlessAborted(signal, told);
    return readers.view();
  } finally {
    await readers.close();
  }
}

const libraryTrouble = ({ message }: ReadersView, nfc: NfcConfig | undefined): Finding => ({
  what: WHAT,
  state: nfc?.enabled === true ? 'trouble' : 'note',
  says: message ?? 'The PC/SC library does not answer.',
  remedy: 'npm run setup:system -- nfc',
});

const noReader = (nfc: NfcConfig | undefined): Finding => ({
  what: WHAT,
  state: nfc?.enabled === true ? 'trouble' : 'note',
  says: 'No reader is connected.',
  remedy: 'Plug one in that speaks PC/SC; pcsc_scan (Debian: pcsc-tools) shows what the daemon sees.',
});

function found(reader: string, nfc: NfcConfig | undefined): Finding {
  if (nfc?.enabled !== true)
    return { what: WHAT, state: 'note', says: `${reader}: not used (links.nfc.enabled).` };
  const role = roleOf(reader, nfc);
  if (role !== undefined) return { what: WHAT, state: 'ok', says: `${reader}: ${role}.` };
  return {
    ...{ what: WHAT, state: 'note', says: `${reader}: no name of the configuration fits.` },
    remedy: 'Name it in links.nfc.meterReaders or links.nfc.counterReaders.',
  };
}
