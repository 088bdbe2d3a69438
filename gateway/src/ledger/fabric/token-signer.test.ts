import { expect, it } from 'vitest';
import { tokenSigner } from './token-signer.ts';

it('says what is missing where there is no such PKCS#11 library, or the native module was not compiled', async () => {
  const key = { library: '/nowhere/hsm.so', label: 't', keyId: new Uint8Array([1]), pin: '1234' };
  const signer = tokenSigner(key, new Uint8Array());
  await expect(signer).rejects.toMatchObject({ code: 'KEY_FILE' });
  await expect(signer).rejects.toThrow(
    /^\/nowhere\/hsm\.so cannot be used: (pkcs11js was not compiled|.*nowhere)/,
  );
});
