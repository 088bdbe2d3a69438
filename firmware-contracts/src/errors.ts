/**
 * The one registry of error codes: what every refusal and failure of Tapwatt is called, what it means and what
 * to do about it. Adapters map these codes to their own terms (HTTP status, exit code, chaincode prefix).
 */
export interface ErrorEntry {
  /** One sentence that says what happened. */
  readonly meaning: string;
  /** What the caller can do about it. */
  readonly remedy: string;
  /** `never`: final for this request. `same`: send the very same request again. `changed`: correct it, use a new requestId. */
  readonly retry: 'never' | 'same' | 'changed';
}

const entry = (retry: ErrorEntry['retry'], meaning: string, remedy: string): ErrorEntry => ({
  meaning,
  remedy,
  retry,
});

/** What a meter answers, WIRE.md "Results" (values >= 16), by the same names. */
const meterCodes = {
  BAD_FORMAT: entry('changed', 'The frame breaks the wire contract.', 'Send the bytes as they were sealed.'),
  WRONG_METER: entry(
    'changed',
    'The voucher is bound to another meter.',
    'Present it to the meter it names.',
  ),
  BAD_MAC: entry('changed', 'The frame was not sealed with this meter’s key.', 'Ask for the voucher again.'),
  BAD_EPOCH: entry(
    'never',
    'The meter lives in another key epoch.',
    'Cancel the voucher (tapwatt voucher cancel) and buy a new one.',
  ),
  OUT_OF_WINDOW: entry(
    'never',
    'The voucher’s sequence number is outside the meter’s window.',
    'Cancel it: tapwatt voucher cancel.',
  ),
  EXPIRED: entry(
    'never',
    'The voucher is past its date.',
    'Wait for the cancel that follows, then buy again.',
  ),
  OVER_LIMIT: entry(
    'same',
    'The meter’s balance would pass its limit.',
    'Present it again when credit is used.',
  ),
  CLOSED: entry('never', 'The meter was closed.', 'Cancel the voucher: tapwatt voucher cancel.'),
  CONFLICT: entry(
    'never',
    'Another voucher took this sequence number.',
    'Cancel it (tapwatt voucher cancel); the utility looks into it.',
  ),
  LOCKED: entry(
    'same',
    'The meter lost its memory and takes nothing.',
    'Have it provisioned again: docs/operations.md, "A locked meter".',
  ),
} as const;

const requestCodes = {
  BAD_REQUEST: entry('changed', 'The request is malformed.', 'Correct the named field.'),
  BAD_SIGNATURE: entry(
    'changed',
    'The signature does not verify.',
    'Sign with the key registered for this kid.',
  ),
  WRONG_AUDIENCE: entry(
    'changed',
    'The request is meant for another ledger.',
    'Set aud to this ledger’s id.',
  ),
  PARTY_UNKNOWN: entry('changed', 'No such party is registered.', 'Register it first.'),
  PARTY_EXISTS: entry('changed', 'A party of this id is registered already.', 'Choose another id.'),
  SUSPENDED: entry(
    'never',
    'The party is suspended.',
    'Ask the utility to lift it: tapwatt handset lift, agent lift or agency lift.',
  ),
  FORBIDDEN: entry('never', 'This role may not do that.', 'Use the role that may.'),
  SAME_PARTY: entry('changed', 'Maker and checker must be two parties.', 'Let another party approve.'),
  REQUEST_REUSED: entry(
    'changed',
    'This requestId was used with other content.',
    'Repeat it as it was first sent; a new requestId is another order.',
  ),
  ABANDONED: entry('never', 'This request was abandoned for ever.', 'Make a new request.'),
  REQUEST_COMMITTED: entry('never', 'The request is committed already.', 'Cancel its voucher instead.'),
  REQUEST_UNKNOWN: entry('changed', 'No such request is known.', 'Check the requestId.'),
} as const;

const moneyCodes = {
  AMOUNT_OUT_OF_RANGE: entry('changed', 'The amount is outside what is allowed.', 'Choose another amount.'),
  INSUFFICIENT_FUNDS: entry('changed', 'The wallet holds too little.', 'Deposit, then make a new request.'),
  WALLET_UNKNOWN: entry('changed', 'No such wallet exists.', 'Open it first.'),
  WALLET_EXISTS: entry('changed', 'A wallet of this id exists already.', 'Choose another id.'),
  WALLET_STATE: entry(
    'changed',
    'The wallet is frozen or closed.',
    'Ask the utility; a frozen one: tapwatt wallet thaw.',
  ),
  DEPOSIT_UNKNOWN: entry('changed', 'No such deposit was proposed.', 'Propose it first.'),
  DEPOSIT_STATE: entry('never', 'The deposit is not in a state that allows this.', 'Look at the deposit.'),
  UTR_REUSED: entry('changed', 'This bank reference has been used already.', 'Check the bank statement.'),
} as const;

const voucherCodes = {
  METER_UNKNOWN: entry('changed', 'No such meter is registered.', 'Register it first.'),
  METER_EXISTS: entry('changed', 'This meter is registered already.', 'Look at the meter.'),
  METER_STATE: entry(
    'changed',
    'The meter is suspended, quarantined, closed or changing its key epoch.',
    'See which: tapwatt meter show; a suspension ends with tapwatt meter lift. Else try later.',
  ),
  QUARANTINED: entry(
    'same',
    'The ledger was restored from a backup, and this meter was not cleared since.',
    'Wait until the meter was reached: it is read and moved to a new key epoch by itself.',
  ),
  LEDGER_HALTED: entry(
    'same',
    'Another copy of this ledger was found at work: nothing is issued.',
    'Find and stop the other copy, then: tapwatt ledger resume.',
  ),
  LEDGER_NOT_HALTED: entry('never', 'This ledger is not halted.', 'There is nothing to resume.'),
  WINDOW_FULL: entry(
    'changed',
    'Too many vouchers of this meter are open.',
    'Redeem or cancel one first: tapwatt voucher cancel.',
  ),
  SEQ_NOT_NEXT: entry(
    'same',
    'The sequence number is not the meter’s next one.',
    'The gateway asks again by itself.',
  ),
  VOUCHER_UNKNOWN: entry('changed', 'The ledger knows no such voucher.', 'Check the voucher id.'),
  VOUCHER_STATE: entry('never', 'The voucher is not in a state that allows this.', 'Look at the voucher.'),
  BAD_OPENING: entry('never', 'The opening proves nothing for this voucher.', 'Have the meter read again.'),
  ORDER_PENDING: entry(
    'changed',
    'The end of an epoch is ordered already.',
    'Wait for the meter to take it.',
  ),
  ORDER_UNKNOWN: entry('changed', 'No such order is pending.', 'Look at the meter.'),
} as const;

const systemCodes = {
  BUSY: entry('same', 'The queue is full.', 'Send the same request again in a moment.'),
  DEADLINE: entry('same', 'No answer came in time.', 'Send the same request again.'),
  LEDGER_UNAVAILABLE: entry(
    'same',
    'The ledger cannot be reached; nothing happened.',
    'Send the same request again.',
  ),
  CLOCK_OFF: entry(
    'same',
    'The clocks of this machine and of the ledger’s peers are too far apart; nothing happened.',
    'Set the clock; it goes on by itself.',
  ),
  SERIAL_UNAVAILABLE: entry(
    'same',
    'A serial port is away; other ways to meters are not concerned.',
    'Plug it in, and see that this user may open it and no other program has it: npx tapwatt doctor. It is opened again by itself.',
  ),
  METER_SILENT: entry(
    'same',
    'A meter that the configuration names does not answer on its serial line.',
    'See to its power, its wiring and its address in links.serial. It is asked again by itself.',
  ),
  ISSUER_UNAVAILABLE: entry(
    'same',
    'The issuer’s process cannot be reached; nothing was issued.',
    'Send the same request again.',
  ),
  READERS_UNAVAILABLE: entry(
    'same',
    'The NFC readers cannot be used; other ways to meters are not concerned.',
    'See what is missing with: npx tapwatt doctor; npm run setup:system -- nfc installs it. They are tried again by themselves.',
  ),
  CARD_GONE: entry(
    'same',
    'The card was taken away from the reader.',
    'Hold it there again, a little longer.',
  ),
  TELEMETRY_UNAVAILABLE: entry(
    'same',
    'The store of meters’ readings does not answer; money is not concerned.',
    'Ask again later; the gateway’s log and readiness say what is wrong with it.',
  ),
  OUTCOME_UNKNOWN: entry(
    'same',
    'It is not known whether the transaction committed.',
    'Send the same request again.',
  ),
  NOT_ISSUER: entry('never', 'This gateway holds no issuer key.', 'Ask where the issuer runs.'),
  NOT_FOUND: entry('changed', 'There is no such thing here.', 'Check the id.'),
  UNAUTHORIZED: entry(
    'changed',
    'The caller did not identify itself.',
    'Use the token file or the Unix socket.',
  ),
  INTERNAL: entry('same', 'The gateway failed.', 'Send the same request again; see the gateway’s log.'),
  GATEWAY_UNREACHABLE: entry('same', 'No gateway answers.', 'Start it with: npx tapwatt run'),
  DATA_LOCKED: entry(
    'same',
    'Another process uses this data directory.',
    'Stop it, or choose another --data.',
  ),
  DATA_DAMAGED: entry(
    'never',
    'The data directory is damaged.',
    'Run: npx tapwatt ledger verify; restore a backup.',
  ),
  DATA_VERSION: entry(
    'never',
    'The data directory was written by another version.',
    'Use the version that wrote it.',
  ),
  DISK_FULL: entry('same', 'The disk is full.', 'Make room; the gateway goes on by itself.'),
  PORT_IN_USE: entry('same', 'Another process listens on this port.', 'Stop it, or choose another port.'),
  CONFIG_INVALID: entry(
    'changed',
    'The configuration is wrong.',
    'Correct the named lines: tapwatt config check',
  ),
  KEY_FILE: entry(
    'changed',
    'A key file is missing, unreadable or open to others.',
    'Restore it: tapwatt key restore; chmod 600.',
  ),
  DEVELOPMENT_KEYS: entry('changed', 'Development keys are refused in production.', 'Make production keys.'),
} as const;

/** Every code and its entry; docs/errors.md is generated from it. */
export const ERRORS = {
  ...meterCodes,
  ...requestCodes,
  ...moneyCodes,
  ...voucherCodes,
  ...systemCodes,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** A refusal or a failure with a code of the registry; `message` says what exactly, `cause` what was underneath. */
export class TapwattError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  /** The registry's, unless whoever throws it knows better what to do here. */
  readonly remedy: string;

  constructor(
    code: ErrorCode,
    message?: string,
    options: { cause?: unknown; details?: Record<string, unknown>; remedy?: string | undefined } = {},
  ) {
    super(message ?? ERRORS[code].meaning, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'TapwattError';
    this.code = code;
    this.details = options.details ?? {};
    this.remedy = options.remedy ?? ERRORS[code].remedy;
  }
}

export const isErrorCode = (value: string): value is ErrorCode => Object.hasOwn(ERRORS, value);

/** What was thrown says of itself, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
