import { dirname, resolve } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { z } from 'zod';
import { isTokenUri } from '../keys/token-uri.ts';
import { type ConfigText, type Position, parseConfigText } from './config-file.ts';
import { type ConfigFile, configSchema } from './config-schema.ts';
import { crossChecks } from './cross-checks.ts';
import type { GatewayConfig } from './gateway-config.ts';
import { environmentName, SETTINGS, type Setting, settingValue } from './settings.ts';
import { isRecord, soundPart } from './sound-part.ts';

/** Where a value came from. */
export type Origin =
  | { readonly from: 'default' }
  | { readonly from: 'file'; readonly file: string; readonly at: Position }
  | { readonly from: 'environment'; readonly name: string }
  | { readonly from: 'flag'; readonly name: string };

export interface FlagValue {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

export interface ConfigSources {
  /** The file's path as the user named it, and its text; without it the defaults serve. */
  readonly file?: { readonly path: string; readonly text: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: readonly FlagValue[];
  /** What a relative data directory of a flag, the environment or the default is relative to. */
  readonly workingDirectory: string;
}

export interface LoadedConfig {
  readonly config: GatewayConfig;
  readonly file: ConfigFile;
  originOf(path: string): Origin;
}

/** The configuration is wrong; `problems` names every place, such as `tapwatt.yaml:12:9: mqtt.port: …`. */
export class ConfigInvalid extends TapwattError {
  override readonly name = 'ConfigInvalid';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('CONFIG_INVALID', problems.join('\n'), { details: { problems } });
    this.problems = problems;
  }
}

/** Adds up defaults, file, environment and flags, the later before the earlier. Throws `ConfigInvalid` with every problem. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const text = sources.file === undefined ? undefined : parseConfigText(sources.file.text);
  const overrides = readOverrides(sources);
  const locate = locator(sources, text, overrides);
  const syntax = (text?.problems ?? []).map(
    (problem) => `${sources.file?.path}:${problem.at.line}:${problem.at.column}: ${problem.message}`,
  );
  const values = withOverrides(withoutEmptyGroups(text?.values ?? {}), overrides);
  const parsed = configSchema.safeParse(values);
  const issues = parsed.error?.issues ?? [];
  const wrong = crossChecks(soundPart(values, issues), locate.isSet);
  const problems = [
    ...syntax,
    ...unknownVariables(sources.environment),
    ...issues.flatMap((issue) => describeIssue(issue, locate)),
    ...wrong.map(({ path, message }) => `${locate.place(path.split('.'))}: ${path}: ${message}`),
  ];
  if (problems.length > 0 || !parsed.success) throw new ConfigInvalid(problems);
  const originOf = (path: string): Origin => locate.origin(path.split('.'));
  return { config: gatewayConfig(parsed.data, originOf, sources), file: parsed.data, originOf };
}

interface Override {
  readonly setting: Setting;
  readonly origin: Extract<Origin, { readonly name: string }>;
  readonly value: unknown;
}

function readOverrides(sources: ConfigSources): ReadonlyMap<string, Override> {
  const overrides = new Map<string, Override>();
  for (const setting of SETTINGS) {
    const name = environmentName(setting.path);
    const text = sources.environment[name];
    if (text !== undefined && text !== '') {
      overrides.set(setting.path, {
        setting,
        origin: { from: 'environment', name },
        value: settingValue(setting, text),
      });
    }
    const flag = sources.flags.find((candidate) => candidate.path === setting.path);
    if (flag !== undefined) {
      const origin = { from: 'flag', name: flag.name } as const;
      overrides.set(setting.path, { setting, origin, value: settingValue(setting, flag.text) });
    }
  }
  return overrides;
}

function withOverrides(values: unknown, overrides: ReadonlyMap<string, Override>): unknown {
  return [...overrides].reduce((sum, [path, { value }]) => withValue(sum, path.split('.'), value), values);
}

const GROUPS = new Set(
  SETTINGS.flatMap(({ path }) =>
    path
      .split('.')
      .slice(0, -1)
      .map((_, depth, all) => all.slice(0, depth + 1).join('.')),
  ),
);

/** A heading whose lines are all commented out (`sweep:`) is an empty map to the user, and null to YAML. */
function withoutEmptyGroups(values: unknown, prefix = ''): unknown {
  if (!isRecord(values)) return values;
  const entries = Object.entries(values)
    .filter(([key, value]) => value !== null || !GROUPS.has(prefix + key))
    .map(([key, value]) => [key, withoutEmptyGroups(value, `${prefix}${key}.`)]);
  return Object.fromEntries(entries);
}

function withValue(target: unknown, path: readonly string[], value: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  const base = isRecord(target) ? target : {};
  return { ...base, [head]: withValue(base[head], rest, value) };
}

interface Locator {
  origin(path: readonly PropertyKey[]): Origin;
  place(path: readonly PropertyKey[], unknownKey?: string): string;
  isSet(path: string): boolean;
}

function locator(
  sources: ConfigSources,
  text: ConfigText | undefined,
  overrides: ReadonlyMap<string, Override>,
): Locator {
  const file = sources.file?.path ?? 'tapwatt.yaml';
  const show = (at: Position): string => `${file}:${at.line}:${at.column}`;
  const origin = (path: readonly PropertyKey[]): Origin => {
    const override = overrides.get(path.map(String).join('.'));
    if (override !== undefined) return override.origin;
    if (text?.has(path) === true) return { from: 'file', file, at: text.positionOf(path) };
    return { from: 'default' };
  };
  return {
    origin,
    isSet: (path) => origin(path.split('.')).from !== 'default',
    place: (path, unknownKey) => {
      const found = origin(path);
      if ('name' in found) return found.name;
      if (text === undefined) return file;
      return show(unknownKey === undefined ? text.positionOf(path) : text.positionOfKey(path, unknownKey));
    },
  };
}

function describeIssue(issue: z.core.$ZodIssue, locate: Locator): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key].map(String).join('.');
      return `${locate.place(issue.path, key)}: ${path}: unknown key${knownKeys(issue.path)}`;
    });
  }
  const path = issue.path.map(String).join('.') || 'the file';
  const message =
    issue.code === 'invalid_type' && issue.expected === 'object' ? 'must be a map of keys' : issue.message;
  return [`${locate.place(issue.path)}: ${path}: ${message}`];
}

function knownKeys(path: readonly PropertyKey[]): string {
  const prefix = path.length === 0 ? '' : `${path.map(String).join('.')}.`;
  const keys = SETTINGS.filter((setting) => setting.path.startsWith(prefix)).map(
    (setting) => setting.path.slice(prefix.length).split('.', 1)[0],
  );
  return keys.length === 0 ? '' : ` (known here: ${[...new Set(keys)].join(', ')})`;
}

/** Variables of ours that are no settings, so that a mistyped name is not silently without effect. */
const OTHER_VARIABLES = new Set([
  'TAPWATT_CONFIG',
  'TAPWATT_PASSPHRASE',
  'TAPWATT_URL',
  'TAPWATT_TOKEN_FILE',
]);

function unknownVariables(environment: ConfigSources['environment']): string[] {
  const known = new Set(SETTINGS.map((setting) => environmentName(setting.path)));
  return Object.keys(environment)
    .filter((name) => name.startsWith('TAPWATT_') && !known.has(name) && !OTHER_VARIABLES.has(name))
    .map((name) => `${name}: unknown environment variable`);
}

/** Paths that lie in a file are relative to that file, others to where the program was started. */
function gatewayConfig(
  file: ConfigFile,
  originOf: LoadedConfig['originOf'],
  sources: ConfigSources,
): GatewayConfig {
  const { data, ledger, issuer, mqtt, telemetry, ...rest } = file;
  const absolute = <T extends string | undefined>(path: string, value: T): string | T => {
    const origin = originOf(path);
    const folder = origin.from === 'file' ? dirname(origin.file) : '.';
    return value === undefined ? value : resolve(sources.workingDirectory, folder, value);
  };
  const { network, certificate, key } = ledger.fabric;
  const fabric = {
    network: absolute('ledger.fabric.network', network),
    certificate: absolute('ledger.fabric.certificate', certificate),
    key: key !== undefined && isTokenUri(key) ? key : absolute('ledger.fabric.key', key),
  };
  return {
    ...rest,
    dataDirectory: absolute('data', data),
    ledger: { kind: ledger.kind, fabric },
    issuer: {
      ...issuer,
      url: issuer.url,
      ca: absolute('issuer.ca', issuer.ca),
      certificate: absolute('issuer.certificate', issuer.certificate),
      key: absolute('issuer.key', issuer.key),
    },
    mqtt: { ...mqtt, external: mqtt.external },
    telemetry: {
      ...telemetry,
      influx: {
        ...telemetry.influx,
        url: telemetry.influx.url,
        username: telemetry.influx.username,
        passwordFile: absolute('telemetry.influx.passwordFile', telemetry.influx.passwordFile),
      },
    },
  };
}
