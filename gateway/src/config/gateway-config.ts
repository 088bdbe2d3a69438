import type { NfcConfig } from '../links/nfc/reader-roles.ts';
import type { SerialConfig } from '../links/serial/serial-config.ts';

export const PROFILES = ['development', 'production'] as const;
export const LEDGER_KINDS = ['embedded', 'fabric'] as const;
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type Profile = (typeof PROFILES)[number];
export type LedgerKind = (typeof LEDGER_KINDS)[number];
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How a gateway reaches its Fabric network; absolute paths, or a PKCS#11 URI for the key. */
export interface FabricConfig {
  /** The network's description. */
  readonly network: string;
  /** Its own certificate and key; without them those that the description names for the gateway's party. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** How this process reaches the issuer's, or is reached as the issuer; absolute paths. */
export interface IssuerConfig {
  /** Without it, the gateway holds the master key itself. */
  readonly url: string | undefined;
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  /** Program and arguments that print the master key; empty where it is a file. */
  readonly masterKeyCommand: readonly string[];
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

export interface MqttConfig {
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  /** `mqtt://` or `mqtts://` address of an external broker; without it the built-in broker listens on `host` and `port`. */
  readonly external: string | undefined;
  readonly limits: MqttLimits;
}

/** Limits of the built-in broker. */
export interface MqttLimits {
  readonly maxConnections: number;
  readonly maxPacketBytes: number;
  /** Bytes that may wait in one client's socket before publishing to it is BUSY. */
  readonly maxBufferedBytesPerClient: number;
  readonly connectTimeoutMs: number;
}

export interface HttpConfig {
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  /** Names that a Host header may carry besides the loopback ones. */
  readonly allowedHosts: readonly string[];
}

export interface SweepConfig {
  readonly intervalMs: number;
  /** Meters read from the ledger at a time. */
  readonly pageSize: number;
  /** Vouchers on their way to meters at the same time. */
  readonly maxInFlight: number;
}

export interface PolicyConfig {
  readonly minAmountMinor: bigint;
  readonly maxAmountMinor: bigint;
}

/** Where readings are kept and for how long. Money is not concerned. */
export interface TelemetryConfig {
  readonly keep: { readonly rawDays: number; readonly hourlyDays: number; readonly dailyDays: number };
  /** Nothing read for longer than this is a gap. */
  readonly gapAfterS: number;
  readonly embedded: { readonly maxMegabytes: number };
  readonly influx: {
    /** Without it, readings are kept in the data directory. */
    readonly url: string | undefined;
    readonly database: string;
    readonly username: string | undefined;
    /** Absolute path. */
    readonly passwordFile: string | undefined;
    readonly maxQueueMegabytes: number;
  };
}

/** Other ways to meters than MQTT. */
export interface LinksConfig {
  readonly nfc: NfcConfig;
  readonly serial: readonly SerialConfig[];
}

/** Everything that a gateway process is told: the validated sum of defaults, `tapwatt.yaml`, environment and flags. */
export interface GatewayConfig {
  readonly profile: Profile;
  /** Absolute path. */
  readonly dataDirectory: string;
  readonly site: string;
  readonly ledgerId: string;
  /** Party id of this gateway on the ledger, and its name in `g/{gatewayId}/status`. */
  readonly gatewayId: string;
  readonly ledger: { readonly kind: LedgerKind; readonly fabric: FabricConfig };
  /** Absent as without a `url`. */
  readonly issuer?: IssuerConfig;
  readonly mqtt: MqttConfig;
  readonly http: HttpConfig;
  /** Absent as with all of them off. */
  readonly links?: LinksConfig;
  readonly sweep: SweepConfig;
  /** Absent: no readings are kept. */
  readonly telemetry?: TelemetryConfig;
  readonly log: { readonly level: LogLevel };
  readonly policies: PolicyConfig;
  /** Time allowed for a graceful stop. */
  readonly stopTimeoutMs: number;
}
