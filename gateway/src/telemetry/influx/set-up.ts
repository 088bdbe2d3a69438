import type { InfluxClient } from './client.ts';
import { continuousQueries, type KeepDays, type Policy, policies } from './statements.ts';

/**
 * Makes the database, how long it keeps what, and its down-sampling as they should be, whatever is there. What is right
 * already is left alone. Throws what the database says, above all to a user who may not.
 */
export async function setUp(client: InfluxClient, database: string, keep: KeepDays): Promise<void> {
  await client.query(`CREATE DATABASE "${database}"`);
  const known = await client.query(`SHOW RETENTION POLICIES ON "${database}"`);
  const durations = new Map(known.map(({ name, duration }) => [name, duration]));
  for (const policy of policies(keep)) {
    const statement = policyStatement(database, policy, durations.get(policy.name));
    if (statement !== undefined) await client.query(statement);
  }
  const texts = (await client.query('SHOW CONTINUOUS QUERIES')).map(({ query }) => unquoted(query));
  for (const query of continuousQueries(database)) {
    const { name, statement } = query;
    // It shows those of all databases.
    const found = texts.find((text) => text.startsWith(`CREATE CONTINUOUS QUERY ${name} ON ${database} `));
    if (found === unquoted(statement)) continue;
    if (found !== undefined) await client.query(`DROP CONTINUOUS QUERY "${name}" ON "${database}"`);
    await client.query(statement);
  }
}

/** The database quotes only what needs it. */
const unquoted = (query: unknown): string => String(query).replaceAll('"', '');

function policyStatement(database: string, { name, days }: Policy, duration: unknown): string | undefined {
  const hours = days * 24;
  if (duration === `${hours}h0m0s`) return undefined;
  const verb = duration === undefined ? 'CREATE' : 'ALTER';
  return `${verb} RETENTION POLICY "${name}" ON "${database}" DURATION ${hours}h REPLICATION 1`;
}
