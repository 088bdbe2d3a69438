import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Chance } from './chance.ts';

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An Ed25519 private key from chance; Ed25519 signatures are functions of key and message. */
export const seededKey = (chance: Chance): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, chance.bytes(32)]),
    format: 'der',
    type: 'pkcs8',
  });
