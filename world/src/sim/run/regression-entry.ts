import { planOf } from '../faults/plan.ts';
import type { WorldRequest } from './protocol.ts';

/** What `regressions.ts` holds of a world that failed, but for what was wrong: so that it keeps its ledger whatever is drawn. */
export const regressionEntry = (failed: WorldRequest): string => {
  const { ledger, gateways } = planOf(failed.seed, failed);
  const world = { ...failed, ledger, ...(ledger === 'embedded' ? {} : { gateways }) };
  const fields = Object.entries(world).map(([name, value]) => `${name}: ${literal(value)}`);
  return `  {\n    about: '…',\n    world: { ${fields.join(', ')} },\n  },`;
};

const literal = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(literal).join(', ')}]` : JSON.stringify(value).replaceAll('"', "'");
