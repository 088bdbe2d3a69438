import { X509Certificate } from 'node:crypto';
import type { Member } from '../protocol/records.ts';
import { Rejected } from '../rejected.ts';
import type { Stub } from './stub.ts';

/** Some kilobytes each: the clients of a network. */
const MAX_REMEMBERED = 1024;
const COMMON_NAME = /^CN=(.*)$/m;

const remembered = new Map<string, Member>();

/** Whose certificate signed the proposal: Fabric has verified it. Parsing one costs 0.1 ms, so the newest are remembered. */
export function memberOf(stub: Pick<Stub, 'getCreator'>): Member {
  const { mspid, idBytes } = stub.getCreator();
  const pem = Buffer.from(idBytes).toString('latin1');
  const key = `${mspid}\n${pem}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const name = COMMON_NAME.exec(new X509Certificate(pem).subject)?.[1];
  if (name === undefined) throw new Rejected('PARTY_UNKNOWN', 'The certificate has no common name.');
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  const member = { mspId: mspid, name };
  remembered.set(key, member);
  return member;
}
