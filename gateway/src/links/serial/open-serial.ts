import type { Logger } from '../../observability/logger.ts';
import { machinePorts } from './machine-port.ts';
import { createSerialLink, type SerialEvent, type SerialLink, type SerialLinkPorts } from './serial-link.ts';

/** The serial lines of this machine; what happens on them is logged. */
export const openSerial = (
  parts: Omit<SerialLinkPorts, 'openPort' | 'onEvent'> & { readonly log: Logger },
): SerialLink =>
  createSerialLink({ ...parts, openPort: machinePorts(parts.clock), onEvent: logEvents(parts.log) });

const logEvents =
  (log: Logger) =>
  (event: SerialEvent): void => {
    const about = { link: 'serial', ...('device' in event ? { device: event.device } : {}) };
    switch (event.type) {
      case 'line': {
        const { device, state, reason } = event.state;
        if (state === 'open') log.info({ ...about, device }, 'a serial port is open');
        else log.warn({ ...about, device, reason }, 'a serial port is away');
        return;
      }
      case 'meter-found':
        log.info({ ...about, address: event.address, meterId: event.meterId }, 'a meter answers');
        return;
      case 'meter-lost':
        log.info({ ...about, address: event.address, meterId: event.meterId }, 'a meter is silent');
        return;
      case 'meter-silent':
        log.warn(
          { ...about, address: event.address, meterId: event.meterId, code: 'METER_SILENT' },
          'a meter that the configuration names does not answer',
        );
        return;
      case 'unexpected':
        log.warn({ ...about, address: event.address }, `there answers ${event.what}`);
        return;
      case 'foreign':
        log.info({ ...about, meterId: event.meterId }, `a foreign meter: ${event.what}`);
        return;
      default:
        event satisfies never;
    }
  };
