import type { z } from 'zod';
import { type ConfigFile, configSchema, serialShapes } from './config-schema.ts';

/** A serial line as far as it can be read. */
export interface ReadableLine {
  readonly device?: string | undefined;
  readonly protocol?: ConfigFile['links']['serial'][number]['protocol'] | undefined;
  readonly meters?: readonly (ReadableMeter | undefined)[] | undefined;
}

interface ReadableMeter {
  readonly address?: number | string | undefined;
  readonly meterId?: unknown;
}

/** What can be checked of a configuration whose shape may be wrong. */
export interface SoundPart {
  readonly file: ConfigFile;
  /** Groups with a mistake in them: in `file` they are as by default. */
  readonly broken: ReadonlySet<string>;
  readonly lines: readonly ReadableLine[];
}

/** So that rules over several settings are checked although others have a mistake. */
export function soundPart(values: unknown, issues: readonly z.core.$ZodIssue[]): SoundPart {
  const groups = isRecord(values) ? values : {};
  const broken = new Set(issues.flatMap(groupsOf));
  const whole = Object.entries(groups).filter(([name]) => !broken.has(name));
  const serial = isRecord(groups.links) ? groups.links.serial : undefined;
  return {
    file: configSchema.parse(Object.fromEntries(whole)),
    broken,
    lines: Array.isArray(serial) ? serial.map(lineOf) : [],
  };
}

function groupsOf(issue: z.core.$ZodIssue): readonly string[] {
  const [group] = issue.path;
  if (group !== undefined) return [String(group)];
  return issue.code === 'unrecognized_keys' ? issue.keys : [];
}

function lineOf(line: unknown): ReadableLine {
  if (!isRecord(line)) return {};
  const meters = line.meters ?? [];
  return {
    device: serialShapes.device.safeParse(line.device).data,
    protocol: serialShapes.protocol.safeParse(line.protocol).data,
    // One that cannot be read is there all the same.
    meters: Array.isArray(meters) ? meters.map(meterOf) : [undefined],
  };
}

const meterOf = (meter: unknown): ReadableMeter | undefined =>
  isRecord(meter)
    ? { address: serialShapes.address.safeParse(meter.address).data, meterId: meter.meterId }
    : undefined;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
