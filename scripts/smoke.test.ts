import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isTest, WORKSPACES } from './checks/architecture.ts';
import { runCommand } from './checks/run-step.ts';
import { readTree } from './checks/source-tree.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const DEADLINE_MS = 15_000;
const PACKAGES = WORKSPACES.filter((workspace) => existsSync(path.join(root, workspace, 'src/index.ts')));

describe('Vitest accepts TypeScript that Node refuses, so', () => {
  test('every TypeScript file that Node runs has only types that it can erase', () => {
    const refused = readTree(root).files.flatMap((file) => {
      if (!file.endsWith('.ts') || isTest(file)) return [];
      try {
        stripTypeScriptTypes(readFileSync(path.join(root, file), 'utf8'));
        return [];
      } catch (error) {
        return [`${file}: ${error instanceof Error ? error.message : error}`];
      }
    });
    expect(refused).toEqual([]);
  });

  test.each(PACKAGES)('plain Node loads the package @tapwatt/%s', async (workspace) => {
    const script = `await import('@tapwatt/${workspace}')`;
    const { code, output } = await runCommand(
      [process.execPath, '--input-type=module', '--eval', script],
      DEADLINE_MS,
    );
    expect({ code, output }).toEqual({ code: 0, output: '' });
  });

  test.each(['gateway/bin/tapwatt.js', 'simulator/bin/tapwatt-sim.js', 'world/bin/tapwatt-start.js'])(
    'plain Node starts %s',
    async (bin) => {
      const { code, output } = await runCommand(
        [process.execPath, path.join(root, bin), '--help'],
        DEADLINE_MS,
      );
      expect(output).toContain('Usage');
      expect(code).toBe(0);
    },
  );
});
