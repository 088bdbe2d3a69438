import type { QueryName, QueryRequest, QueryResult } from './protocol/queries.ts';
import type { QueryState } from './state/ports.ts';

export async function runQuery<N extends QueryName>(
  name: N,
  _request: QueryRequest<N>,
  _state: QueryState,
): Promise<QueryResult<N>> {
  throw new Error(`${name} is not here yet`);
}
