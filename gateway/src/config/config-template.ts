import { stringify } from 'yaml';
import { configSchema } from './config-schema.ts';
import type { Profile } from './gateway-config.ts';
import { environmentName, SETTINGS } from './settings.ts';

/** Settings that stand uncommented in a new file, because one looks for them there. */
const SHOWN = new Set([
  'profile',
  'data',
  'site',
  'ledgerId',
  'mqtt.host',
  'mqtt.port',
  'http.host',
  'http.port',
]);
const GROUP_COMMENTS: Readonly<Record<string, string>> = {
  ledger: 'Where the books are kept.',
  issuer: 'Who holds the master key: this gateway, or a process of its own (`tapwatt issuer`).',
  mqtt: 'Meters and handsets connect here.',
  http: 'The live page and the JSON API.',
  links: 'Other ways to meters than MQTT.',
  telemetry: 'Meters’ readings: for people to look at, never for money.',
};

/** Text of a new, commented `tapwatt.yaml`; every setting is in it, the less common ones commented out at their defaults. */
export function configTemplate(
  profile: Profile,
  names: { readonly site: string; readonly ledgerId: string },
): string {
  const values: unknown = configSchema.parse({ profile, ...names });
  const lines = [
    '# Configuration of a Tapwatt gateway. Every line may be left out: what is missing has the value shown here.',
    `# The environment goes before this file (${environmentName('mqtt.port')}=1884), flags before the environment.`,
    '# Check with: tapwatt config check     See where each value comes from: tapwatt config print',
  ];
  let open: readonly string[] = [];
  for (const setting of SETTINGS) {
    const path = setting.path.split('.');
    const groups = path.slice(0, -1);
    lines.push(...headings(open, groups));
    open = groups;
    const indent = '  '.repeat(groups.length);
    lines.push(`${indent}# ${setting.comment}`);
    lines.push(
      `${indent}${SHOWN.has(setting.path) ? '' : '# '}${path.at(-1)}: ${shown(valueAt(values, path) ?? setting.example)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function headings(open: readonly string[], groups: readonly string[]): string[] {
  const lines = open.length > 0 && groups[0] === open[0] ? [] : [''];
  groups.forEach((group, depth) => {
    if (open[depth] === group) return;
    const indent = '  '.repeat(depth);
    const comment = GROUP_COMMENTS[group];
    if (comment !== undefined) lines.push(`${indent}# ${comment}`);
    lines.push(`${indent}${group}:`);
  });
  return lines;
}

/** The value at a path of nested records. */
export function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    values,
  );
}

function shown(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`;
  return stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false }).trim();
}
