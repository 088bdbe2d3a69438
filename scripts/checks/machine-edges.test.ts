import { expect, test } from 'vitest';
import { checkMachineEdges } from './machine-edges.ts';
import { treeOf } from './source-tree.ts';

function messages(file: string, text: string): string[] {
  return checkMachineEdges(treeOf({ [file]: text })).map(({ message }) => message);
}

test('a clock, a timer and a draw of chance are found wherever they are not declared an edge', () => {
  const text = ['Date.now();', 'setTimeout(run, 5);', 'Math.random();', 'AbortSignal.timeout(5);'].join('\n');
  expect(messages('broker/src/engine.ts', text)).toHaveLength(4);
  const imported = `import { setTimeout as pause } from 'node:timers/promises';`;
  expect(messages('broker/src/engine.ts', imported)).toHaveLength(1);
});

test('the declared edges and tests may take them from the machine', () => {
  expect(messages('broker/src/system-time.ts', 'performance.now();')).toEqual([]);
  expect(messages('world/src/sim/run/crew.ts', 'setTimeout(run, 5);')).toEqual([]);
  expect(messages('broker/src/engine.test.ts', 'Date.now();')).toEqual([]);
});

test('a method that is called like a timer is none', () => {
  expect(messages('gateway/src/http/routes.ts', 'socket.setTimeout(5);')).toEqual([]);
});
