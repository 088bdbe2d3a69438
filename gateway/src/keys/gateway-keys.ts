import type { KeyObject } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { rawPublicKey, TapwattError } from '@tapwatt/firmware-contracts';
import type { Profile } from '../config/gateway-config.ts';
import { type DataLayout, KEY_NAMES, ROLE_KEY_NAMES, type RoleKeyName } from '../data/layout.ts';
import { readKeyFile } from './key-file.ts';
import { parsePrivateKey, parseSecret } from './key-material.ts';

/** The keys that a gateway process works with. Role keys are not among them: it only needs their public halves. */
export interface GatewayKeys {
  /** Master key of the issuer, 32 bytes; absent where the issuer is another process. */
  readonly master?: Uint8Array;
  /** Signs the blocks of the embedded ledger. */
  readonly ledger: KeyObject;
  /** The gateway's own party key. */
  readonly gateway: KeyObject;
  /** Derives MQTT passwords, 32 bytes. */
  readonly mqtt: Uint8Array;
  /** Public keys (base64url of 32 bytes) of the parties that a new ledger begins with. */
  readonly roles: Readonly<Record<RoleKeyName, string>>;
  readonly development: boolean;
}

/** Reads the keys of a data directory. Throws KEY_FILE, DEVELOPMENT_KEYS. */
export async function loadGatewayKeys(
  layout: DataLayout,
  { profile, issuerElsewhere = false }: { readonly profile: Profile; readonly issuerElsewhere?: boolean },
): Promise<GatewayKeys> {
  const read = (name: (typeof KEY_NAMES)[number]) => readKeyFile(layout.keyFile(name), { profile });
  const [master, ledger, gateway, mqtt] = await Promise.all([
    issuerElsewhere ? undefined : read('master'),
    read('ledger'),
    read('gateway'),
    read('mqtt'),
  ]);
  const [discom, bank, agency] = await Promise.all(
    ROLE_KEY_NAMES.map((role) => rolePublicKey(layout, role, profile)),
  );
  if (discom === undefined || bank === undefined || agency === undefined) {
    throw new TapwattError('KEY_FILE', 'A role key is missing.');
  }
  return {
    ...(master === undefined ? {} : { master: parseSecret(master.body, layout.keyFile('master')) }),
    ledger: parsePrivateKey(ledger.body, layout.keyFile('ledger')),
    gateway: parsePrivateKey(gateway.body, layout.keyFile('gateway')),
    mqtt: parseSecret(mqtt.body, layout.keyFile('mqtt')),
    roles: { discom, bank, agency },
    development: [master, ledger, gateway, mqtt].some((file) => file?.development === true),
  };
}

/** The issuer's master key, 32 bytes. Throws KEY_FILE, DEVELOPMENT_KEYS. */
export async function loadMasterKey(layout: DataLayout, profile: Profile): Promise<Uint8Array> {
  const path = layout.keyFile('master');
  return parseSecret((await readKeyFile(path, { profile })).body, path);
}

/** The private key that signs the orders of a role. Throws KEY_FILE, DEVELOPMENT_KEYS. */
export async function loadSigningKey(path: string, profile: Profile): Promise<KeyObject> {
  return parsePrivateKey((await readKeyFile(path, { profile })).body, path);
}

/** Which of the key files exist. */
export async function existingKeys(layout: DataLayout): Promise<readonly (typeof KEY_NAMES)[number][]> {
  const present = await Promise.all(KEY_NAMES.map((name) => exists(layout.keyFile(name))));
  return KEY_NAMES.filter((_, index) => present[index]);
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function rolePublicKey(layout: DataLayout, role: RoleKeyName, profile: Profile): Promise<string> {
  if (await exists(layout.keyFile(role))) {
    return rawPublicKey(await loadSigningKey(layout.keyFile(role), profile));
  }
  const path = layout.publicKeyFile(role);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new TapwattError('KEY_FILE', `Neither ${layout.keyFile(role)} nor ${path} can be read.`, { cause });
  });
  const key = text.trim();
  if (!/^[A-Za-z0-9_-]{43}$/.test(key)) throw new TapwattError('KEY_FILE', `${path} holds no public key.`);
  return key;
}
