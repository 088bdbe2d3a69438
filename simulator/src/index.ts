export { memoryTag, ndefPhone } from './card/ndef-cards.ts';
export {
  type CardInField,
  CONTACTLESS_ATR,
  type InsertedCard,
  insertVirtualCard,
} from './card/virtual-card.ts';
export {
  type Fleet,
  type FleetHandset,
  type FleetMeter,
  parseFleet,
  readFleetFile,
} from './fleet/fleet-file.ts';
export { handsetFromFleet, meterFromFleet, newBoard, provisioningOf } from './fleet/from-fleet.ts';
export { openMeterFile } from './fleet/meter-files.ts';
export { type Purchase, purchaseOf } from './fleet/purchase.ts';
export { type Rounds, startRounds } from './fleet/rounds.ts';
export { type FleetOptions, type RunningFleet, startFleet } from './fleet/start-fleet.ts';
export { startTraffic, type TrafficOptions } from './fleet/traffic.ts';
export { ForeignLine, type ForeignLineOptions } from './foreign/foreign-line.ts';
export {
  FOREIGN_START,
  type ForeignMeterIdentity,
  type ForeignRegisters,
  hearForeign,
} from './foreign/foreign-meter.ts';
export type { Ask, Heard } from './handset/ask.ts';
export { type BagStore, fileBagStore, memoryBagStore } from './handset/bag-store.ts';
export { Courier, type CourierPorts } from './handset/courier.ts';
export { fileRequestStore } from './handset/file-request-store.ts';
export {
  Handset,
  type HandsetObservation,
  type HandsetOptions,
  type Wish,
  type WishNotes,
} from './handset/handset.ts';
export { memoryRequestStore, type RequestStore } from './handset/request-store.ts';
export { hasReached, isFurther } from './handset/status.ts';
export type { StoredRequest } from './handset/stored-request.ts';
export { type Backoff, backoffDelay } from './link/backoff.ts';
export type { Link, LinkFactory, LinkHandlers, LinkIdentity } from './link/link.ts';
export { type MqttLinkOptions, mqttLinks } from './link/mqtt-link.ts';
export { noLinks } from './link/no-links.ts';
export { type Connector, tcpConnector } from './link/tcp.ts';
export * from './meter/behaviour.ts';
export { balanceOf, type DeviceState, meterClock } from './meter/device-state.ts';
export type { DeviceEffect, Stepped } from './meter/effects.ts';
export { constantLoad, householdLoad, type Load } from './meter/load.ts';
export { Meter, type MeterObservation, type MeterOptions } from './meter/meter.ts';
export { type MeterCard, meterCard } from './meter/meter-card.ts';
export { type MeterIdentity, type Provisioning, powerOn, provisionMemory } from './meter/power-on.ts';
export { FACTORY_SETTINGS, type FriendlyHours, type MeterSettings } from './meter/settings.ts';
export { type DeviceInput, step } from './meter/step.ts';
export { FileNvm } from './nvm/file-nvm.ts';
export { MemoryNvm } from './nvm/memory-nvm.ts';
export { METER_NVM_WORDS, MeterMemory } from './nvm/meter-memory.ts';
export { CuttableNvm, PowerCut } from './nvm/power-cut.ts';
export type { NvmStorage } from './nvm/storage.ts';
export { devicePort } from './serial/device-port.ts';
export * from './serial/line-behaviour.ts';
export type { LinePort, LinePortHandlers, OpenLinePort } from './serial/line-port.ts';
export { type LineObservation, SerialLine, type SerialLineOptions } from './serial/serial-line.ts';
export { ManualTime } from './time/manual-time.ts';
export { type Random, seededRandom } from './time/random.ts';
export { systemTime, type Time } from './time/time.ts';
