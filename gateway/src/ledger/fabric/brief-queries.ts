import { type Answered, ASK_MANY, ASKED_AT_ONCE, type QueryName, readErrorText } from '@tapwatt/chaincode';
import { canonicalJson, TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from '../../edges/edges.ts';
import { createBatcher } from '../batching.ts';
import { LedgerUnavailable } from '../errors.ts';
import type { Invocation } from './channel.ts';
import { asNothingHappened, asSaid } from './stage-errors.ts';

/** Queries that read a few keys by name: one of them in company takes hardly longer than alone. */
const BRIEF: ReadonlySet<QueryName> = new Set<QueryName>([
  ...(['GetLedger', 'GetParty', 'GetMeter', 'OpenVouchers', 'CheckVoucher', 'GetOrder'] as const),
  ...(['GetRequest', 'GetStanding', 'GetDeposit'] as const),
]);
/** Calls under way; who comes meanwhile goes together with the next one. */
const CALLS_AT_ONCE = 8;
/** From one call to the next, while many ask: half of it is what a query waits for company then, ms. */
const REST_MS = 10;

export const isBrief = (name: QueryName): boolean => BRIEF.has(name);

/** A query with its request as canonical JSON. */
export interface BriefQuery {
  readonly name: QueryName;
  readonly text: string;
}

interface BriefPorts {
  /** Throws the client's errors. */
  readonly evaluate: (invocation: Invocation) => Promise<Uint8Array>;
  readonly clock: Clock;
  /** Queries that may wait; one more is refused with BUSY. */
  readonly waiting: number;
}

/**
 * Asks brief queries, several in one call to the peer when many come: a call costs some milliseconds of processor time before
 * the first key is read. One that comes alone waits for nobody. `ask` throws `LedgerRejected`, `LedgerUnavailable`.
 */
export function createBriefQueries({ evaluate, clock, waiting }: BriefPorts) {
  const limits = {
    ...{ maxItems: ASKED_AT_ONCE, maxQueued: waiting, maxInFlight: CALLS_AT_ONCE },
    ...{ lingerMs: 0, restMs: REST_MS },
  };

  async function answersTo(queries: readonly BriefQuery[]): Promise<readonly Answered[]> {
    const [only, ...others] = queries;
    if (only !== undefined && others.length === 0) {
      return [{ result: jsonOf(await evaluate({ name: only.name, args: [only.text] })) }];
    }
    const asked = queries.map(({ name, text }) => `[${canonicalJson(name)},${text}]`);
    return jsonOf(await evaluate({ name: ASK_MANY, args: [`[${asked.join(',')}]`] })) as readonly Answered[];
  }

  const batcher = createBatcher<BriefQuery, Answered>(limits, clock, (queries) =>
    answersTo(queries).catch((error: unknown) => {
      throw asNothingHappened(error);
    }),
  );

  return {
    async ask(query: BriefQuery): Promise<unknown> {
      const answered = await batcher.add(query).catch((error: unknown) => {
        throw error instanceof TapwattError && error.code === 'BUSY' ? busy(waiting) : error;
      });
      if ('result' in answered) return answered.result;
      const said = readErrorText(answered.error);
      throw said !== undefined && 'code' in said ? asSaid(said) : new LedgerUnavailable(answered.error);
    },
    get waiting() {
      return batcher.queued;
    },
  };
}

const jsonOf = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));

const busy = (waiting: number): LedgerUnavailable =>
  new LedgerUnavailable(`${waiting} queries wait for the ledger already.`, { code: 'BUSY' });
