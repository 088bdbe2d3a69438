import { lstat, stat } from 'node:fs/promises';
import type { SerialPort as Device } from 'serialport';
import type { Clock } from '../../edges/edges.ts';
import type { OpenPort, PortHandlers, SerialPort } from './serial-port.ts';

/** How often it is looked whether a device is still the one that was opened. */
const LOOK_EVERY_MS = 1_000;

/**
 * Serial ports of this machine, by the serialport package; it is loaded when the first port is opened, so that a gateway
 * without one does not need its native part. `data` is always listened to: a paused port reads nothing and tells nothing.
 *
 * A device that is pulled out while nobody waits for it is read as empty for ever, and the package says nothing: so its
 * file is looked at as well (docs/decisions/0024).
 */
export const machinePorts =
  (clock: Clock): OpenPort =>
  async ({ device, baudRate }, handlers) => {
    const { SerialPort: DevicePort } = await import('serialport');
    const opened = await identityOf(device);
    const port = new DevicePort({ path: device, baudRate, autoOpen: false, lock: true });
    await settled((done) => port.open(done));
    const { closed, ...own } = portOf(port, handlers);
    if (opened !== undefined) {
      watchDevice(clock, { device, opened, isOpen: () => port.isOpen }, () => {
        closed('the device is gone');
        port.close(() => undefined);
      });
    }
    return own;
  };

/** What tells a device from another that came under its name; `undefined` where it has no file, or not any more. */
async function identityOf(device: string): Promise<string | undefined> {
  try {
    const [name, node] = await Promise.all([lstat(device), stat(device)]);
    return [name.ino, name.ctimeMs, node.ino, node.rdev].join(' ');
  } catch {
    return undefined;
  }
}

interface Watched {
  readonly device: string;
  readonly opened: string;
  readonly isOpen: () => boolean;
}

function watchDevice(clock: Clock, watched: Watched, onGone: () => void): void {
  clock.after(LOOK_EVERY_MS, async () => {
    const found = await identityOf(watched.device);
    if (!watched.isOpen()) return;
    if (found === watched.opened) watchDevice(clock, watched, onGone);
    else onGone();
  });
}

function portOf(
  port: Device,
  handlers: PortHandlers,
): SerialPort & { readonly closed: (reason: string) => void } {
  const gone = Promise.withResolvers<never>();
  gone.promise.catch(() => undefined);
  let isClosed = false;
  const closed = (reason: string): void => {
    if (isClosed) return;
    isClosed = true;
    gone.reject(new Error(reason));
    handlers.closed(reason);
  };
  port.on('data', (chunk: Buffer) => {
    if (!isClosed) handlers.data(new Uint8Array(chunk));
  });
  port.on('error', (error: Error) => {
    if (!port.isOpen) closed(reasonOf(error));
  });
  port.on('close', (error: Error | null | undefined) => closed(error ? reasonOf(error) : 'closed'));
  // A write or a drain on a port that is pulled out meanwhile never calls back.
  const whileOpen = (work: (done: Done) => void): Promise<void> =>
    isClosed ? gone.promise : Promise.race([settled(work), gone.promise]);
  return {
    closed,
    write: (bytes) =>
      whileOpen((done) => {
        port.write(Buffer.from(bytes), undefined, (error) => {
          if (error) done(error);
          else port.drain(done);
        });
      }),
    setBaudRate: (baudRate) => whileOpen((done) => port.update({ baudRate }, done)),
    close: async () => {
      if (!isClosed && port.isOpen) await whileOpen((done) => port.close(done)).catch(() => undefined);
    },
  };
}

/** The package hands on messages that begin with what they are. */
const reasonOf = ({ message }: Error): string => message.replace(/^Error: /, '');

type Done = (error: Error | null | undefined) => void;

const settled = (work: (done: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    work((error) => {
      if (error) reject(new Error(reasonOf(error), { cause: error }));
      else resolve();
    });
  });
