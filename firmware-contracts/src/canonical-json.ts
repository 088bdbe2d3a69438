import { TapwattError } from './errors.ts';

/**
 * JSON with keys sorted by UTF-16 code units and no spaces, so that one value has one text (ledger records, hashes).
 * Members that are undefined are left out; throws BAD_REQUEST on what JSON cannot hold exactly (bigint, NaN, -0, functions).
 */
export const canonicalJson = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null)
    return canonicalObject(value as Readonly<Record<string, unknown>>);
  return canonicalScalar(value);
};

/** One string grown member by member: a ledger makes thousands of records a second, and lists of pairs cost twice as much. */
const canonicalObject = (value: Readonly<Record<string, unknown>>): string => {
  let members = '';
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member === undefined) continue;
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
};

const canonicalScalar = (value: unknown): string => {
  const exact =
    value === null ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0));
  if (!exact) throw new TapwattError('BAD_REQUEST', `JSON cannot hold a ${typeof value} like this exactly.`);
  return JSON.stringify(value);
};
