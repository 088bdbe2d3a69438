export { type Fleet, type FleetHandset, type FleetMeter, readFleet } from './cli/fleet.ts';
export { createGatewayClient, type GatewayClient } from './cli/gateway-client.ts';
export { type ProvisionOptions, provisionFleet } from './cli/provision-fleet.ts';
export type { GatewayConfig } from './config/gateway-config.ts';
export { ConfigInvalid, loadConfig } from './config/load-config.ts';
export { type GatewayEdges, type RunningGateway, startGateway } from './main.ts';
