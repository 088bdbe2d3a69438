import type { Profile } from '../config/gateway-config.ts';
import { createMissingKeys } from '../keys/create-keys.ts';
import { type GatewayKeys, loadGatewayKeys } from '../keys/gateway-keys.ts';
import type { RandomBytes } from '../keys/key-material.ts';
import { readAdminToken, writeAdminToken } from './admin-token.ts';
import { type DataLayout, dataLayout, type KeyName } from './layout.ts';
import { finishReplacement } from './replaced-ledger.ts';
import { requireLedgerWhereOneWas } from './require-ledger.ts';
import { claimDataDirectory } from './schema-version.ts';

export interface OpenDataOptions {
  readonly directory: string;
  readonly profile: Profile;
  readonly random: RandomBytes;
  /** The ledger lies elsewhere: none is expected here. */
  readonly ledgerElsewhere?: boolean;
  /** The master key lies with the issuer's own process: none is made or read here. */
  readonly issuerElsewhere?: boolean;
}

export interface OpenedData {
  readonly layout: DataLayout;
  readonly keys: GatewayKeys;
  /** Keys made just now: all of them at the first start of the development profile. */
  readonly created: readonly KeyName[];
}

/**
 * Opens a gateway's data directory: checks its version, makes development keys at the first start of the development
 * profile, and reads the keys. The production profile never makes a key here. One process per directory is the
 * ledger's own lock (DATA_LOCKED). Throws DATA_VERSION, DATA_DAMAGED, KEY_FILE, DEVELOPMENT_KEYS, DISK_FULL, CONFIG_INVALID.
 */
export async function openDataDirectory(options: OpenDataOptions): Promise<OpenedData> {
  const layout = dataLayout(options.directory);
  await claimDataDirectory(layout);
  await finishReplacement(layout);
  const created =
    options.profile === 'development'
      ? await createMissingKeys({ layout, development: true, ...options })
      : [];
  const keys = await loadGatewayKeys(layout, options);
  if (options.ledgerElsewhere !== true) await requireLedgerWhereOneWas(layout);
  if ((await readAdminToken(layout.adminToken)) === undefined) await writeAdminToken(layout, options.random);
  return { layout, keys, created };
}
