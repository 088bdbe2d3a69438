import { expect, it } from 'vitest';
import { masterKeyOf } from './master-key.ts';

const HEX = '0123456789abcdef'.repeat(4);

const keyFrom = (script: string) =>
  masterKeyOf({
    ...{ profile: 'production', dataDirectory: '/nowhere' },
    issuer: {
      ...{ url: undefined, host: '', port: 0, ca: undefined, certificate: undefined, key: undefined },
      masterKeyCommand: [process.execPath, '-e', script],
    },
  });

it.each([
  ['bytes', `process.stdout.write(Buffer.from('${HEX}', 'hex'))`],
  ['hex', `console.log('${HEX}')`],
])('takes the master key that a program prints as %s', async (_form, script) => {
  expect(Buffer.from(await keyFrom(script)).toString('hex')).toBe(HEX);
});

it.each([
  ['fails', `console.log('${HEX}'); process.exit(3)`],
  ['prints too little', `console.log('abcd')`],
  ['prints nothing', ''],
  ['prints without end', `for (;;) process.stdout.write('${HEX}')`],
])('refuses a program that %s, and repeats nothing that it printed', async (_what, script) => {
  const error = await keyFrom(script).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: 'KEY_FILE',
    message: expect.stringContaining('issuer.masterKeyCommand'),
  });
  expect(String(error)).not.toContain(HEX.slice(0, 16));
});

it('names the program that is not there', async () => {
  const issuer = { url: undefined, host: '', port: 0, ca: undefined, certificate: undefined, key: undefined };
  const config = { profile: 'production', dataDirectory: '/nowhere' } as const;
  const missing = masterKeyOf({ ...config, issuer: { ...issuer, masterKeyCommand: ['/no/such/program'] } });
  await expect(missing).rejects.toMatchObject({
    code: 'KEY_FILE',
    message: expect.stringContaining('ENOENT'),
  });
});
