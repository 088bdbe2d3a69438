import { TapwattError } from '../errors.ts';

/** The deepest nesting that a signed request, an order or a desired state may have. */
const JSON_DEPTH_MAX = 16;

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]|-?[0-9][0-9.eE+-]*/g;
const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;

/**
 * A JSON object from UTF-8 bytes, read so that no two readers can differ about it (WIRE.md "Handset requests"):
 * no duplicate keys, integers only and those exact, well-formed text, bounded depth. Throws BAD_REQUEST naming `what`.
 */
export const parseStrictJson = (bytes: Uint8Array, what: string): JsonObject => {
  const text = decodeText(bytes, what);
  const value = parse(text, what);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(what, 'not a JSON object');
  checkTokens(text, what);
  return value as JsonObject;
};

const decodeText = (bytes: Uint8Array, what: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw bad(what, 'not UTF-8', cause);
  }
};

const parse = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw bad(what, 'not JSON', cause);
  }
};

/** Walks the tokens of a text that JSON.parse has taken, and refuses what JSON.parse forgives. */
const checkTokens = (text: string, what: string): void => {
  const open: Set<string>[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') checkKey(open.at(-1), last, what);
    else checkScalar(token, what);
    if (open.length > JSON_DEPTH_MAX) throw bad(what, `nested deeper than ${JSON_DEPTH_MAX}`);
    last = token;
  }
};

const checkKey = (keys: Set<string> | undefined, token: string, what: string): void => {
  const key = String(JSON.parse(token));
  if (keys?.has(key)) throw bad(what, `duplicate key ${token}`);
  // An own property of this name turns into a prototype when somebody copies members by assignment.
  if (key === '__proto__') throw bad(what, `${token} is no key here`);
  keys?.add(key);
};

const checkScalar = (token: string, what: string): void => {
  if (token.startsWith('"')) {
    if (!String(JSON.parse(token)).isWellFormed()) throw bad(what, 'text with half a surrogate pair');
  } else if (!INTEGER.test(token) || !Number.isSafeInteger(Number(token))) {
    throw bad(what, `${token} is not an exact integer`);
  }
};

const bad = (what: string, why: string, cause?: unknown): TapwattError =>
  new TapwattError('BAD_REQUEST', `${what}: ${why}.`, { cause });
