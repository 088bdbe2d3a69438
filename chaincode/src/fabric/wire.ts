import {
  canonicalJson,
  type ErrorCode,
  isErrorCode,
  messageOf,
  TapwattError,
} from '@tapwatt/firmware-contracts';

/**
 * What passes between the contract and its clients, beside a request and a result in JSON. A transaction's arguments
 * are its request and, if the client made one, its own id of 32 hex digits: then it is carried out once under that id.
 */

/** The transaction that carries a party's signed order (JWS) as its one argument. */
export const ORDER = 'Order';
/** The query that finds the Fabric transaction of a client's own id; `null` if there is none. */
export const FIND_TRANSACTION = 'FindTransaction';

/** The query that carries many queries, `[name, request]` each, and answers each of them. */
export const ASK_MANY = 'AskMany';
/** Queries of one `AskMany`. */
export const ASKED_AT_ONCE = 64;

/** What became of one query of many: its result, or the text of its error. */
export type Answered = { readonly result: unknown } | { readonly error: string };

export const CLIENT_TX_ID = /^[0-9a-f]{32}$/;

/** Not a refusal: the transaction was committed before, as the Fabric transaction named. */
const KNOWN = 'TX_KNOWN';
/** Fabric passes a contract's error on as text inside its own. */
const ERROR_TEXT = /([A-Z][A-Z0-9_]+): (\{.*\})/s;

/** What a contract's error says. */
export type ContractError =
  | { readonly known: string }
  | {
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    };

/** A refusal, or a bug, as the text `CODE: {json}` that reaches the client. */
export function errorText(error: unknown): string {
  if (!(error instanceof TapwattError)) return `INTERNAL: ${canonicalJson({ message: messageOf(error) })}`;
  const { code, message, details } = error;
  return `${code}: ${canonicalJson({ message, details: { ...details } })}`;
}

/** The text that says which Fabric transaction carried this one out already. */
export const knownText = (fabricTxId: string): string => `${KNOWN}: ${canonicalJson({ txId: fabricTxId })}`;

/** What the text of a Fabric error holds of the contract's own, if anything. */
export function readErrorText(text: string): ContractError | undefined {
  const [, code, json] = ERROR_TEXT.exec(text) ?? [];
  if (code === undefined || json === undefined) return undefined;
  const said = parsed(json);
  if (said === undefined) return undefined;
  if (code === KNOWN) return typeof said.txId === 'string' ? { known: said.txId } : undefined;
  if (!isErrorCode(code)) return undefined;
  const details = typeof said.details === 'object' && said.details !== null ? said.details : {};
  return { code, message: String(said.message), details: { ...details } };
}

function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
