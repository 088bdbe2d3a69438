import { type DestinationStream, pino } from 'pino';

const STDERR = 2;
/** Lines that could not be written wait for room up to this size; what comes beyond is dropped. */
const MAX_WAITING_BYTES = 1 << 20;

/** Where log lines go: standard error, or another open file. A full disk below it stops the log and never the gateway. */
export function logDestination(fd = STDERR): DestinationStream {
  const destination = pino.destination({ dest: fd, sync: true, maxLength: MAX_WAITING_BYTES });
  // It would be thrown in the middle of whatever was worth a line; what could not be written goes with a later line.
  destination.on('error', () => undefined);
  return destination;
}
