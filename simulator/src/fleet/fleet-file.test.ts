import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fleetOf } from '../../test/fleet-of.ts';
import { parseFleet, readFleetFile } from './fleet-file.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tapwatt-fleet-'));
  path = join(directory, 'fleet.json');
});
afterEach(() => rmSync(directory, { recursive: true }));

const write = (text: string, mode = 0o600): void => {
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
};

const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
};

describe('a fleet file', () => {
  it('is read as it is', () => {
    const fleet = fleetOf(1883, 2, 1);
    write(JSON.stringify(fleet));
    expect(readFleetFile(path)).toEqual(fleet);
  });

  it('that is missing or no JSON is named', () => {
    expect(messageOf(() => readFleetFile(path))).toContain(`${path}: there is no such file`);
    write('{"site":');
    expect(messageOf(() => readFleetFile(path))).toContain(`${path}: not JSON`);
  });

  it('open to others is refused, with the command that closes it', () => {
    write(JSON.stringify(fleetOf(1883, 1)), 0o644);
    expect(messageOf(() => readFleetFile(path))).toContain(`chmod 600 ${path}`);
  });

  it('shows all its mistakes at once', () => {
    const { site: _, ...fleet } = fleetOf(1883, 2);
    const wrong = {
      ...fleet,
      broker: { host: 'x', port: '1883' },
      meters: [fleet.meters[0], { meterId: 5 }],
    };
    const lines = messageOf(() => parseFleet(wrong)).split('\n');
    expect(lines).toContain('fleet.site: must be a text');
    expect(lines).toContain('fleet.broker.port: must be a whole number');
    expect(lines).toContain('fleet.meters[1].meterId: must be a text');
    expect(lines).toHaveLength(8);
  });
});
