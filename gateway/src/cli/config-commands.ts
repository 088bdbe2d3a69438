import { resolve } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { configTemplate, valueAt } from '../config/config-template.ts';
import { PROFILES } from '../config/gateway-config.ts';
import { loadConfig, type Origin } from '../config/load-config.ts';
import { SETTINGS } from '../config/settings.ts';
import { errorCodeOf, unwritable, writeFileAtomic } from '../data/atomic-file.ts';
import {
  type CommonOptions,
  DEFAULT_CONFIG_FILE,
  type RunOptions,
  readConfig,
  type Session,
} from './session.ts';
import { table } from './text.ts';

export async function checkConfig(session: Session, options: CommonOptions): Promise<void> {
  const loaded = await readConfig(session.edges, options);
  const { profile, dataDirectory } = loaded.config;
  session.out.data(
    { ok: true, profile, dataDirectory },
    `The configuration is right (${profile}, data in ${dataDirectory}).`,
  );
}

export async function printConfig(session: Session, options: RunOptions): Promise<void> {
  const loaded = await readConfig(session.edges, options);
  const rows = SETTINGS.map(({ path }) => ({
    path,
    value: path === 'data' ? loaded.config.dataDirectory : valueAt(loaded.file, path.split('.')),
    from: originText(loaded.originOf(path)),
  }));
  const columns = [
    { title: 'SETTING', cell: (row: (typeof rows)[number]) => row.path },
    { title: 'VALUE', cell: (row: (typeof rows)[number]) => shown(row.value) },
    { title: 'FROM', cell: (row: (typeof rows)[number]) => row.from },
  ];
  session.out.data(
    Object.fromEntries(rows.map(({ path, value, from }) => [path, { value: value ?? null, from }])),
    table(columns, rows),
  );
}

export async function initConfig(
  session: Session,
  options: CommonOptions & { profile?: string; site?: string; ledgerId?: string },
): Promise<void> {
  const profile = PROFILES.find((name) => name === (options.profile ?? 'development'));
  if (profile === undefined)
    throw new TapwattError('BAD_REQUEST', `--profile: one of ${PROFILES.join(', ')}`);
  const site = options.site ?? 'home';
  const ledgerId = options.ledgerId ?? (profile === 'development' ? 'tapwatt-dev' : `tapwatt-${site}`);
  const flags = [
    { name: '--site', path: 'site', text: site },
    { name: '--ledger-id', path: 'ledgerId', text: ledgerId },
  ];
  loadConfig({ flags, environment: {}, workingDirectory: session.edges.cwd });
  const path = resolve(session.edges.cwd, options.config ?? DEFAULT_CONFIG_FILE);
  await writeNew(path, configTemplate(profile, { site, ledgerId }));
  session.out.data({ file: path, profile, site, ledgerId }, `Wrote ${path}.`);
  session.out.note(
    profile === 'production' ? 'Next: tapwatt key create, then tapwatt run' : 'Next: tapwatt run',
  );
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(path, text, { mode: 0o644, onlyIfAbsent: true });
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST') throw unwritable(path, error);
    throw new TapwattError('CONFIG_INVALID', `${path} exists already and stays as it is.`, {
      remedy: 'Name another file with --config, or move this one away.',
    });
  }
}

function originText(origin: Origin): string {
  switch (origin.from) {
    case 'default':
      return 'default';
    case 'file':
      return `${origin.file}:${origin.at.line}:${origin.at.column}`;
    case 'environment':
    case 'flag':
      return origin.name;
    default:
      return origin satisfies never;
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(item).join(', ') || '-';
  return value === undefined ? '-' : String(value);
}

const item = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
