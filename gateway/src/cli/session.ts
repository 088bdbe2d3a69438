import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { FlagValue, LoadedConfig } from '../config/load-config.ts';
import { readAdminToken } from '../data/admin-token.ts';
import { errorCodeOf } from '../data/atomic-file.ts';
import { type DataLayout, dataLayout } from '../data/layout.ts';
import type { CliEdges } from './edges.ts';
import { createGatewayClient, type GatewayClient } from './gateway-client.ts';
import { createOutput, type Output } from './output.ts';

export const DEFAULT_CONFIG_FILE = 'tapwatt.yaml';

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly data?: string;
}

/** Options of commands that speak to a running gateway. */
export interface GatewayOptions extends CommonOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** Options of commands that list. */
export interface PageOptions extends GatewayOptions {
  readonly limit?: string;
  readonly after?: string;
}

/** Options of `run`. */
export interface RunOptions extends CommonOptions {
  readonly profile?: string;
  readonly port?: string;
  readonly mqttPort?: string;
}

/** What one command works with. */
export interface Session {
  readonly edges: CliEdges;
  readonly out: Output;
}

export function createSession(edges: CliEdges, options: CommonOptions): Session {
  return { edges, out: createOutput(edges, options.json === true) };
}

/** The configuration by flags, environment and file. Throws `ConfigInvalid`. */
export async function readConfig(edges: CliEdges, options: RunOptions): Promise<LoadedConfig> {
  const [{ loadConfig }, file] = await Promise.all([
    import('../config/load-config.ts'),
    readConfigFile(edges, options.config),
  ]);
  return loadConfig({
    ...(file === undefined ? {} : { file }),
    environment: edges.env,
    flags: flagsOf(options),
    workingDirectory: edges.cwd,
  });
}

function flagsOf(options: RunOptions): readonly FlagValue[] {
  const flags = [
    { name: '--data', path: 'data', text: options.data },
    { name: '--profile', path: 'profile', text: options.profile },
    { name: '--port', path: 'http.port', text: options.port },
    { name: '--mqtt-port', path: 'mqtt.port', text: options.mqttPort },
  ];
  return flags.flatMap(({ name, path, text }) => (text === undefined ? [] : [{ name, path, text }]));
}

async function readConfigFile(
  edges: CliEdges,
  flag: string | undefined,
): Promise<{ path: string; text: string } | undefined> {
  const named = flag ?? edges.env.TAPWATT_CONFIG;
  const path = named ?? DEFAULT_CONFIG_FILE;
  try {
    return { path, text: await readFile(resolve(edges.cwd, path), 'utf8') };
  } catch (cause) {
    if (named === undefined && errorCodeOf(cause) === 'ENOENT') return undefined;
    throw unreadable(path, cause);
  }
}

/** Its lines are not what is wrong. */
function unreadable(path: string, cause: unknown): TapwattError {
  const remedy = 'Name another file with --config or TAPWATT_CONFIG';
  return errorCodeOf(cause) === 'ENOENT'
    ? new TapwattError('CONFIG_INVALID', `${path} is not there.`, {
        ...{ cause, remedy: `${remedy}, or write this one: tapwatt config init --config ${path}` },
      })
    : new TapwattError('CONFIG_INVALID', `${path} cannot be read (${errorCodeOf(cause) ?? 'unknown'}).`, {
        ...{ cause, remedy: `${remedy}, or let this user read this one.` },
      });
}

/** The files of the data directory that the configuration names. */
export async function layoutOf(edges: CliEdges, options: CommonOptions): Promise<DataLayout> {
  const { config } = await readConfig(edges, options);
  return dataLayout(config.dataDirectory);
}

/** The running gateway: at `--url` with its token, else at the data directory's socket. */
export async function connectGateway(edges: CliEdges, options: GatewayOptions): Promise<GatewayClient> {
  const url = options.url ?? edges.env.TAPWATT_URL;
  if (url === undefined) {
    return createGatewayClient({ socketPath: (await layoutOf(edges, options)).socket });
  }
  const tokenFile = options.tokenFile ?? edges.env.TAPWATT_TOKEN_FILE;
  const token = tokenFile === undefined ? undefined : await tokenOf(resolve(edges.cwd, tokenFile));
  return createGatewayClient({ url: parseUrl(url), token });
}

async function tokenOf(file: string): Promise<string> {
  const token = await readAdminToken(file);
  if (token === undefined) throw new TapwattError('KEY_FILE', `${file} is missing.`);
  return token;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:') return url;
  throw new TapwattError('BAD_REQUEST', `--url: ${text} is no http:// address.`);
}
