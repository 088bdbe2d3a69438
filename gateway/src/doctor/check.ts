import type { GatewayConfig } from '../config/gateway-config.ts';
import type { Clock, Random } from '../edges/edges.ts';

/** One thing that was looked at. `note` is worth knowing; `trouble` keeps something that is configured from working. */
export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'note' | 'trouble';
  readonly says: string;
  /** What to do about it; always there for trouble. */
  readonly remedy?: string;
}

/** What is examined: this machine, for a gateway of this configuration. */
export interface Patient {
  readonly config: GatewayConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts when the check takes too long. */
  readonly signal: AbortSignal;
}

/** Looks and changes nothing. What it throws becomes a finding. */
export interface Check {
  readonly name: string;
  run(patient: Patient): Promise<readonly Finding[]>;
}
