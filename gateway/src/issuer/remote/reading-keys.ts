import { type EpochKeys, hexToBytes } from '@tapwatt/firmware-contracts';
import { createRecentMap } from '../../recent-map.ts';
import type { IssuerLine } from './issuer-line.ts';

/** The keys of a meter's epoch with which its receipts and statuses are read; they seal nothing. */
export type ReadingKeys = Pick<EpochKeys, 'receipt' | 'status'>;

/** Meters' epochs whose keys are remembered, in memory only. */
const MAX_REMEMBERED = 20_000;

/** Asks the issuer once for the keys of each meter's epoch; many who need the same wait for one answer. */
export function createReadingKeys(line: Pick<IssuerLine, 'ask'>) {
  const known = createRecentMap<string, ReadingKeys>(MAX_REMEMBERED);
  const asked = new Map<string, Promise<ReadingKeys>>();

  async function ask(meterId: string, keyEpoch: number): Promise<ReadingKeys> {
    const { receipt, status } = await line.ask({ ask: 'reading-keys', meterId, keyEpoch });
    return { receipt: hexToBytes(receipt), status: hexToBytes(status) };
  }

  return {
    async of(meterId: string, keyEpoch: number): Promise<ReadingKeys> {
      const name = `${meterId}/${keyEpoch}`;
      const remembered = known.get(name);
      if (remembered !== undefined) return remembered;
      const asking = asked.get(name) ?? ask(meterId, keyEpoch).finally(() => asked.delete(name));
      asked.set(name, asking);
      const keys = await asking;
      known.set(name, keys);
      return keys;
    },
  };
}
