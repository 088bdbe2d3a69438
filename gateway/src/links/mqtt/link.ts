import { parseIdentity, parseTopic, type RequestResult, topics } from '@tapwatt/firmware-contracts';
import type { Handover, MeterLink } from '../../redemption/meter-link.ts';
import type { MessageBus } from './bus/message-bus.ts';

/** What meters and handsets say over MQTT, taken apart by topic; payloads are not looked at here. */
export interface MqttInbox {
  status(meterId: string, frame: Uint8Array): void;
  receipt(meterId: string, frame: Uint8Array): void;
  reading(meterId: string, payload: Uint8Array): void;
  event(meterId: string, payload: Uint8Array): void;
  request(handsetId: string, payload: Uint8Array): void;
  /** A meter listens (again), or is gone. */
  meterPresence(meterId: string, present: boolean): void;
  handsetPresence(handsetId: string, present: boolean): void;
}

/** The MQTT link: the way to meters and handsets over a message bus (WIRE.md, "MQTT 3.1.1"). */
export interface MqttLink extends MeterLink {
  result(handsetId: string, result: RequestResult): Promise<Handover>;
  /** The gateway's own retained status. */
  announce(gatewayId: string, status: object): Promise<Handover>;
}

const encoder = new TextEncoder();

export function createMqttLink(bus: MessageBus, site: string): MqttLink {
  const names = topics(site);
  return {
    present: (meterId, voucher) => bus.publish(names.meter(meterId).down('vch'), voucher),
    acknowledge: (meterId, frame) => bus.publish(names.meter(meterId).down('ack'), frame),
    setTime: (meterId, timeOrder) => bus.publish(names.meter(meterId).down('time'), timeOrder),
    result: (handsetId, result) =>
      bus.publish(names.handset(handsetId).result, encoder.encode(JSON.stringify(result))),
    announce: (gatewayId, status) =>
      bus.publish(names.gateway(gatewayId).status, encoder.encode(JSON.stringify(status)), { retain: true }),
  };
}

/** Hands what comes in to `inbox`; topics that no device may publish on never get here (the broker's ACL). */
export function listen(bus: MessageBus, site: string, inbox: MqttInbox): void {
  bus.onMessage((topic, payload) => {
    const parsed = parseTopic(site, topic);
    if (parsed === undefined) return;
    switch (parsed.channel) {
      case 'up/status':
        return inbox.status(parsed.id, payload);
      case 'up/rcpt':
        return inbox.receipt(parsed.id, payload);
      case 'up/tele':
        return inbox.reading(parsed.id, payload);
      case 'up/evt':
        return inbox.event(parsed.id, payload);
      case 'up/req':
        return inbox.request(parsed.id, payload);
      default:
        return undefined;
    }
  });
  bus.onPresence((identity, present) => {
    const device = parseIdentity(identity);
    if (device?.who === 'meter') inbox.meterPresence(device.id, present);
    if (device?.who === 'handset') inbox.handsetPresence(device.id, present);
  });
}
