import { messageOf } from '@tapwatt/firmware-contracts';
import { FieldType, InfluxDB, type IPoint } from 'influx';
import { inTime } from '../../edges/deadline.ts';
import type { Clock } from '../../edges/edges.ts';
import { MEASUREMENT, READING_FIELDS, READING_TAGS } from './points.ts';
import { RAW_POLICY } from './statements.ts';

export interface InfluxTarget {
  /** `http://host:port` or `https://host:port`. */
  readonly url: string;
  readonly database: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** What became of a batch where repeating it as it is would change nothing. */
export type WriteOutcome =
  | { readonly kind: 'written' }
  /** All but some, which it takes in no form. */
  | { readonly kind: 'partial'; readonly dropped: number; readonly message: string }
  /** Nothing: too many bytes at once, or something in it cannot be read. Smaller batches may do. */
  | { readonly kind: 'divide'; readonly message: string };

export type Row = Readonly<Record<string, unknown>>;

/** InfluxDB 1.x as this gateway uses it. What is thrown is worth trying again. */
export interface InfluxClient {
  write(points: readonly IPoint[]): Promise<WriteOutcome>;
  /** The rows of one statement; times in microseconds. */
  query(statement: string): Promise<readonly Row[]>;
}

/** No answer for so long means that there will be none. */
const DEADLINE_MS = 20_000;
const DEFAULT_PORT = 8086;
const BAD_REQUEST = 400;
const FORBIDDEN = 403;
const TOO_LARGE = 413;

/**
 * The library's pool shuts a host out for up to 10 s after one refused connection, and repeats a request by itself: neither
 * here, where the queue decides when to try again. Its promise never settles where a connection breaks within an answer,
 * hence a deadline of our own.
 */
export function createInfluxClient(target: InfluxTarget, clock: Clock): InfluxClient {
  const { hostname, port, protocol } = new URL(target.url);
  const never = { getDelay: () => 0, next: () => never, reset: () => never };
  const influx = new InfluxDB({
    host: hostname.replaceAll(/[[\]]/g, ''),
    port: Number(port || (protocol === 'https:' ? 443 : DEFAULT_PORT)),
    protocol: protocol === 'https:' ? 'https' : 'http',
    database: target.database,
    // Without a name the library would say root.
    username: target.username ?? '',
    password: target.password ?? '',
    schema: [{ measurement: MEASUREMENT, fields: fieldTypes(), tags: [...READING_TAGS] }],
    pool: { backoff: never, maxRetries: 0, requestTimeout: DEADLINE_MS },
  });
  const reason = (): Error => new Error(`InfluxDB gave no answer within ${DEADLINE_MS / 1_000} s`);
  const limit = { clock, afterMs: DEADLINE_MS, reason };
  return {
    async write(points) {
      try {
        await inTime(influx.writePoints([...points], { precision: 'u', retentionPolicy: RAW_POLICY }), limit);
        return { kind: 'written' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    async query(statement) {
      return rowsOf(await inTime(influx.queryRaw(statement, { precision: 'u', method: 'POST' }), limit));
    },
  };
}

function fieldTypes(): Record<string, FieldType> {
  const types = { whole: FieldType.INTEGER, yes: FieldType.BOOLEAN, text: FieldType.STRING };
  return Object.fromEntries(Object.entries(READING_FIELDS).map(([name, type]) => [name, types[type]]));
}

/** Whether the database is well, and only did not carry out a statement: what a user who may only write is told of others. */
export const isOnlyRefused = (error: unknown): boolean =>
  error instanceof StatementRefused || statusOf(error) === FORBIDDEN;

class StatementRefused extends Error {}

const statusOf = (error: unknown): number | undefined =>
  (error as { readonly res?: { readonly statusCode?: number } }).res?.statusCode;

/** A 400 of a partial write has written the rest: repeated, it would drop the same points for ever. */
function outcomeOf(error: unknown): WriteOutcome {
  const status = statusOf(error);
  const message = messageOf(error);
  if (status === TOO_LARGE) return { kind: 'divide', message };
  if (status !== BAD_REQUEST) throw error;
  if (!message.includes('partial write')) return { kind: 'divide', message };
  // Of lines that cannot be read it says that it dropped none.
  const dropped = Math.max(1, Number(/dropped=(\d+)/.exec(message)?.[1] ?? 1));
  return { kind: 'partial', dropped, message };
}

interface Answer {
  readonly results?: readonly {
    readonly error?: string;
    readonly series?: readonly {
      readonly columns: readonly string[];
      readonly values?: readonly (readonly unknown[])[];
    }[];
  }[];
}

/** Throws what the database says of a statement that it did not carry out. */
function rowsOf(answer: unknown): readonly Row[] {
  const { results = [] } = answer as Answer;
  return results.flatMap(({ error, series = [] }) => {
    if (error !== undefined) throw new StatementRefused(`InfluxDB says: ${error}`);
    return series.flatMap(({ columns, values = [] }) =>
      values.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
    );
  });
}
