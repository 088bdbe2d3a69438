export type { Broker, BrokerOptions, BrokerStats } from './broker.ts';
export { createBroker } from './create-broker.ts';
export type { BrokerLeg, Handover, MessageListener } from './leg.ts';
export { type BrokerLimits, DEFAULT_LIMITS } from './limits.ts';
export type { BrokerLog } from './log.ts';
export type { PresenceListener } from './sessions.ts';
export { systemTime } from './system-time.ts';
export type { BrokerTime } from './time.ts';
