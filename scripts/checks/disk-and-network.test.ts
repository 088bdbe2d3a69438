import { describe, expect, test } from 'vitest';
import { checkDiskAndNetwork } from './disk-and-network.ts';
import { treeOf } from './source-tree.ts';

function messages(file: string, text: string): string[] {
  return checkDiskAndNetwork(treeOf({ [file]: text }))
    .filter((finding) => finding.file === file)
    .map(({ message }) => message.split(';')[0] ?? '');
}

test.each([
  'gateway/src/redemption/presenter.ts',
  'gateway/src/issuer/issuer.ts',
  'gateway/src/ledger/embedded/processor.ts',
  'chaincode/src/rules/redeem.ts',
  'firmware-contracts/src/frame.ts',
  'simulator/src/meter/meter.ts',
  'world/src/sim/world.ts',
])('a file, a socket and a process opened in %s are found', (file) => {
  const text = [
    `import { readFile } from 'node:fs/promises';`,
    `import { connect } from 'node:net';`,
    `import { fork } from 'node:child_process';`,
  ].join('\n');
  expect(messages(file, text)).toEqual([
    'fs/promises.readFile opens files',
    'net.connect opens sockets',
    'child_process.fork starts processes or threads',
  ]);
});

describe('found in the core of the gateway is', () => {
  test.each([
    `import fs from 'fs';`,
    `import * as tls from 'node:tls';`,
    `import http from 'node:http';`,
    `import https from 'node:https';`,
    `import http2 from 'node:http2';`,
    `import { createSocket } from 'node:dgram';`,
    `import { Worker } from 'node:worker_threads';`,
    `export { readFileSync } from 'node:fs';`,
    `const { open } = await import('node:fs/promises');`,
    `const fs = process.getBuiltinModule('fs');`,
    `import { ClassicLevel } from 'classic-level';`,
    `import { connect } from 'mqtt';`,
    `import { SerialPort } from 'serialport';`,
    'await fetch(url);',
    'const get = globalThis.fetch;',
    'new WebSocket(url);',
  ])('%s', (text) => {
    expect(messages('gateway/src/redemption/presenter.ts', text)).toHaveLength(1);
  });
});

test('types open nothing, and edges and tests may open what they like', () => {
  const types = `import type { Server } from 'node:http';\nimport { type Socket } from 'node:net';`;
  expect(messages('gateway/src/redemption/presenter.ts', types)).toEqual([]);
  const opening = `import { open } from 'node:fs/promises';`;
  expect(messages('gateway/src/data/atomic-file.ts', opening)).toEqual([]);
  expect(messages('simulator/src/nvm/file-nvm.ts', opening)).toEqual([]);
  expect(messages('chaincode/src/rules.test.ts', opening)).toEqual([]);
});
