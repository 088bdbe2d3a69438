import { TapwattError } from '@tapwatt/firmware-contracts';
import type { BlockSigner } from './block.ts';
import { checkTail } from './check-tail.ts';
import { type Head, type Meta, NO_HEAD, readHead, readMeta, SCHEMA } from './head.ts';
import type { EmbeddedLimits } from './limits.ts';
import type { Storage, StoragePlace, StorageView } from './storage.ts';
import { damaged, StorageError } from './storage-error.ts';

/** One opening of a ledger's storage, with what it was found to hold. */
export interface Session {
  readonly storage: Storage;
  readonly meta: Meta;
  readonly head: Head;
}

const requireMeta = (view: StorageView, head: Head | undefined): Meta => {
  const meta = readMeta(view);
  if (meta === undefined) throw damaged('The ledger’s meta row is missing.');
  if (meta.schema !== SCHEMA) {
    const message = `The ledger has schema version ${meta.schema}, this program reads version ${SCHEMA}.`;
    throw new StorageError('DATA_VERSION', `${message} Use the version of Tapwatt that wrote it.`);
  }
  if (head === undefined) throw damaged('The ledger’s head row is missing.');
  return meta;
};

const requireKey = ({ ledgerId, publicKey }: Meta, signer: BlockSigner): void => {
  if (publicKey === signer.publicKey) return;
  throw new StorageError(
    'DATA_DAMAGED',
    `Ledger ${ledgerId} is signed with key ${publicKey}, but the key given is ${signer.publicKey}. ` +
      'Put back the key file that belongs to this data directory.',
  );
};

const isEmpty = async (storage: Storage): Promise<boolean> => {
  for await (const _row of storage.range({ gte: '', lt: '\uffff', limit: 1 })) return false;
  return true;
};

const openExisting = async (
  storage: Storage,
  { head, signer, limits }: { head: Head | undefined; signer: BlockSigner; limits: EmbeddedLimits },
): Promise<Session> => {
  const meta = requireMeta(storage, head);
  requireKey(meta, signer);
  const known = head ?? NO_HEAD;
  checkTail(storage, { meta, head: known, limits });
  return { storage, meta, head: known };
};

export interface OpenParts {
  readonly place: StoragePlace;
  readonly signer: BlockSigner;
  readonly limits: EmbeddedLimits;
  /** Makes a ledger where there is none yet. */
  readonly create?: ((storage: Storage) => Promise<Session>) | undefined;
}

/**
 * Opens the storage and checks what it holds.
 *
 * Throws `StorageError` DATA_LOCKED, DATA_DAMAGED, DATA_VERSION, DISK_FULL or LEDGER_UNAVAILABLE, and NOT_FOUND where
 * there is no ledger and none is to be made.
 */
export const openSession = async ({ place, signer, limits, create }: OpenParts): Promise<Session> => {
  if (!(await place.exists()) && create === undefined) {
    throw new TapwattError('NOT_FOUND', `There is no ledger in ${place.name}.`);
  }
  const storage = await place.open();
  try {
    const head = readHead(storage);
    // A first start that was killed before block 0 was durable left nothing.
    if (create !== undefined && head === undefined && (await isEmpty(storage))) return await create(storage);
    return await openExisting(storage, { head, signer, limits });
  } catch (error) {
    await storage.close();
    throw error;
  }
};
