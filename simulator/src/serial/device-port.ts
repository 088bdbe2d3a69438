import { lstatSync, statSync } from 'node:fs';
import type { SerialPort } from 'serialport';
import type { Time } from '../time/time.ts';
import type { LinePort, LinePortHandlers, OpenLinePort } from './line-port.ts';

/** How often it is looked whether a device is still the one that was opened: its hang-up may go unnoticed otherwise. */
const LOOK_EVERY_MS = 250;

/** A serial device of the machine, or a pseudo-terminal: eight bits, no parity, one stop bit. */
export const devicePort =
  (path: string, baudRate: number, time: Time): OpenLinePort =>
  async (handlers) => {
    // Only who has a line loads what speaks to it.
    const { SerialPort } = await import('serialport');
    const opened = identityOf(path);
    const port = new SerialPort({ path, baudRate, autoOpen: false });
    listenTo(port, handlers);
    await new Promise<void>((resolve, reject) => {
      port.open((error) => (error === null ? resolve() : reject(error)));
    });
    watch(port, { opened, time });
    return portOf(port);
  };

const listenTo = (port: SerialPort, { data, closed }: LinePortHandlers): void => {
  port.on('data', (chunk: Buffer) => data(new Uint8Array(chunk)));
  port.on('error', () => undefined); // what matters closes the port
  // Reading and writing may both find the port gone.
  port.once('close', (error: Error | null) => closed(error?.message ?? 'closed'));
};

const identityOf = (path: string): string => {
  const [name, node] = [
    lstatSync(path, { throwIfNoEntry: false }),
    statSync(path, { throwIfNoEntry: false }),
  ];
  return [name?.ino, name?.ctimeMs, node?.ino, node?.rdev].join(' ');
};

const watch = (port: SerialPort, device: { readonly opened: string; readonly time: Time }): void => {
  device.time.after(LOOK_EVERY_MS, () => {
    if (!port.isOpen) return;
    if (identityOf(port.path) === device.opened) watch(port, device);
    else port.close(() => undefined);
  });
};

const portOf = (port: SerialPort): LinePort => ({
  write: (bytes) => void (port.isOpen && port.write(bytes)),
  close: () => new Promise((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve())),
});
