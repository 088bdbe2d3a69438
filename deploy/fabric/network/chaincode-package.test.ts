import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { packageChaincode } from './chaincode-package.ts';

const CONNECTION = {
  address: '127.0.0.1:9999',
  rootCertificate: 'root',
  clientCertificate: 'certificate',
  clientKey: 'key',
};

/** One file of a gzipped archive, taken out by the system's own tar. */
const extract = (archive: Uint8Array, name: string): Buffer =>
  execFileSync('tar', ['-xO', name], { input: gunzipSync(archive) });

test('a package holds what the builder looks for: its kind, its label and where the service is', () => {
  const { bytes } = packageChaincode('tapwatt', CONNECTION);
  expect(JSON.parse(extract(bytes, 'metadata.json').toString())).toEqual({ type: 'ccaas', label: 'tapwatt' });
  const connection = JSON.parse(extract(extract(bytes, 'code.tar.gz'), 'connection.json').toString());
  expect(connection).toMatchObject({
    address: '127.0.0.1:9999',
    tls_required: true,
    client_auth_required: true,
  });
});

test('the id of a package is its label and the hash of its bytes, the same each time', () => {
  const { bytes, id } = packageChaincode('tapwatt', CONNECTION);
  expect(id).toBe(`tapwatt:${createHash('sha256').update(bytes).digest('hex')}`);
  expect(packageChaincode('tapwatt', CONNECTION).id).toBe(id);
  expect(packageChaincode('tapwatt', { ...CONNECTION, address: '127.0.0.1:9998' }).id).not.toBe(id);
});
