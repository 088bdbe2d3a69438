import type { KeyObject } from 'node:crypto';
import type { Books } from '../checks/books.ts';
import type { Chance } from '../kernel/chance.ts';
import { gatewayId } from '../nodes/settings.ts';
import type { Town } from '../nodes/town.ts';

/** What a liar knows of the town and of its ledger, and has: no key that counts. */
export interface Circumstances {
  readonly town: Town;
  readonly books: Books;
  /** A key that nobody registered. */
  readonly stranger: KeyObject;
  readonly chance: Chance;
}

/** In whose name something is signed, and with which key. */
export interface Signer {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

type Registered = 'discom' | 'bank' | 'agency' | 'gateway';

/** Who is registered under this role, as it signs itself. */
export const signerOf = ({ town: { roleKeys } }: Pick<Circumstances, 'town'>, role: Registered): Signer => ({
  kid: role === 'gateway' ? gatewayId(1) : role,
  privateKey: roleKeys[role],
});
