import type { KeyObject } from 'node:crypto';
import { createPublicKey, sign, verify } from 'node:crypto';
import type { Submitter } from '@tapwatt/chaincode';
import { canonicalJson, rawPublicKey, sha256 } from '@tapwatt/firmware-contracts';

/** What a block's signature covers; hashes are lower-case hex of SHA-256. */
export interface BlockHeader {
  readonly ledgerId: string;
  readonly number: number;
  /** Hash of the block before; 64 zeros for block 0. */
  readonly prevHash: string;
  /** Of the transactions' canonical JSON, results and events included. */
  readonly txHash: string;
  /** Of what each transaction wrote, keys sorted. */
  readonly writesHash: string;
  /** Unix seconds by this machine's clock; informative. */
  readonly at: number;
}

/** A transaction as its block keeps it: submitted by a party of this process, or by a signed order (`jws`). */
export interface BlockTransaction {
  readonly txId: string;
  readonly submitter?: Submitter;
  readonly name?: string;
  readonly request?: unknown;
  readonly jws?: string;
  readonly result: unknown;
  readonly event?: { readonly name: string; readonly payload: unknown };
}

export interface Block {
  readonly header: BlockHeader;
  /** Ed25519 over the header's hash, base64url. */
  readonly signature: string;
  /** Canonical JSON of the array of `BlockTransaction`. */
  readonly transactionsJson: string;
}

export const NO_HASH = '0'.repeat(64);
const DOMAIN = 'tapwatt/v1/block';

const utf8 = new TextEncoder();

export const hashText = (text: string): string => Buffer.from(sha256(utf8.encode(text))).toString('hex');

/** The hash by which the next block names this one. */
export const blockHash = (header: BlockHeader): string => hashText(DOMAIN + canonicalJson(header));

/** The hash of what the transactions of a block wrote: for each of them its keys in order with their values. */
export const hashWrites = (writes: readonly (readonly (readonly [string, string])[])[]): string =>
  hashText(JSON.stringify(writes));

export const transactionsOf = (block: Block): readonly BlockTransaction[] =>
  JSON.parse(block.transactionsJson) as readonly BlockTransaction[];

/** Signs blocks with the ledger's own key (Ed25519). */
export interface BlockSigner {
  /** Raw public key, base64url. */
  readonly publicKey: string;
  sign(hash: string): string;
}

export const blockSigner = (privateKey: KeyObject): BlockSigner => ({
  publicKey: rawPublicKey(createPublicKey(privateKey)),
  sign: (hash) => sign(null, Buffer.from(hash, 'hex'), privateKey).toString('base64url'),
});

export const isSignedBlock = (block: Block, publicKey: KeyObject): boolean =>
  verify(
    null,
    Buffer.from(blockHash(block.header), 'hex'),
    publicKey,
    Buffer.from(block.signature, 'base64url'),
  );
