/** What all nodes of a world are told. */
export const SITE = 'home';
export const LEDGER_ID = 'tapwatt-world';
export const SWEEP = { intervalMs: 30_000, pageSize: 500, maxInFlight: 2_000 };
export const POLICIES = { minAmountMinor: 1n, maxAmountMinor: 10_000_000n };
export const BALANCE_LIMIT = 1_000_000_000n;
export const gatewayId = (index: number): string => `gateway-${index}`;
export const BROKER_NODE = 'broker';
