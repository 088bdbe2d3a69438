import { TapwattError } from './errors.ts';

/**
 * JSON with keys sorted by UTF-16 code units and no spaces, so that one value has one text (ledger records, hashes).
 * Members that are undefined are left out; throws BAD_REQUEST on what JSON cannot hold exactly (bigint, NaN, -0, functions).
 */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) return canonicalObject(value);
  return canonicalScalar(value);
};

const canonicalObject = (value: object): string => {
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
};

const canonicalScalar = (value: unknown): string => {
  const exact =
    value === null ||
    typeof value === 'boolean' ||
    typeof value === 'string' ||
    (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0));
  if (!exact) throw new TapwattError('BAD_REQUEST', `JSON cannot hold a ${typeof value} like this exactly.`);
  return JSON.stringify(value);
};
