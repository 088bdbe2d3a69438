import { status as GRPC } from '@grpc/grpc-js';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { type ContractError, readErrorText } from '@tapwatt/chaincode';
import { type ErrorCode, messageOf } from '@tapwatt/firmware-contracts';
import { LedgerRejected, LedgerUnavailable } from '../errors.ts';

/** With these the peer took nothing from us, at whatever stage. */
const REFUSED_AT_THE_DOOR: ReadonlySet<number> = new Set([
  GRPC.RESOURCE_EXHAUSTED,
  GRPC.UNAUTHENTICATED,
  GRPC.PERMISSION_DENIED,
  GRPC.INVALID_ARGUMENT,
]);

/** What a peer's filter TimeWindowCheck says of a proposal whose time is too far from its own; both times follow. */
const OUTSIDE_TIME_WINDOW = /unauthorized due to incorrect timestamp/;

export const isUnreached = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === GRPC.UNAVAILABLE;

/**
 * What may be done again elsewhere while nothing was ordered: the peer was not reached, did not answer in time, or found nobody
 * who carries it out, as when the chaincode of its own organisation is away.
 */
export function isForAnotherPeer(error: unknown): boolean {
  if (isUnreached(error)) return true;
  if (!(error instanceof GatewayError)) return false;
  if (error.code === GRPC.DEADLINE_EXCEEDED) return true;
  return error.code === GRPC.ABORTED && saidByContract(error) === undefined && !isDisagreement(error);
}

/** Peers that are at different blocks answer differently: it settles as soon as they are level. */
export const isDisagreement = (error: unknown): boolean =>
  error instanceof GatewayError && /ProposalResponsePayloads do not match/.test(textsOf(error).join('\n'));

export const wasRefusedAtTheDoor = (error: unknown): boolean =>
  error instanceof GatewayError && REFUSED_AT_THE_DOOR.has(error.code);

const textsOf = (error: GatewayError): readonly string[] => [
  ...error.details.map(({ message }) => message),
  error.message,
];

/** What the contract itself said, where an endorsement or a query failed in it. */
export function saidByContract(error: unknown): ContractError | undefined {
  if (!(error instanceof GatewayError)) return undefined;
  for (const text of textsOf(error)) {
    const said = readErrorText(text);
    if (said !== undefined) return said;
  }
  return undefined;
}

/** A failure before anything was ordered: the rules said no, or nothing happened. */
export function asNothingHappened(error: unknown): LedgerRejected | LedgerUnavailable {
  if (error instanceof LedgerRejected || error instanceof LedgerUnavailable) return error;
  const said = saidByContract(error);
  if (said !== undefined && 'code' in said) return asSaid(said, error);
  const code = codeOf(error);
  return new LedgerUnavailable(detailedMessageOf(error), {
    cause: error,
    ...(code === undefined ? {} : { code }),
  });
}

/** What the contract said of itself: a refusal, or its own failure. */
export function asSaid(
  { code, message, details }: Extract<ContractError, { code: unknown }>,
  cause?: unknown,
): LedgerRejected | LedgerUnavailable {
  if (code === 'INTERNAL') return new LedgerUnavailable(message, { code, cause });
  return new LedgerRejected(code, message, { cause, details: { ...details } });
}

function codeOf(error: unknown): ErrorCode | undefined {
  if (!(error instanceof GatewayError)) return undefined;
  if (error.code === GRPC.RESOURCE_EXHAUSTED) return 'BUSY';
  return textsOf(error).some((text) => OUTSIDE_TIME_WINDOW.test(text)) ? 'CLOCK_OFF' : undefined;
}

function detailedMessageOf(error: unknown): string {
  if (!(error instanceof GatewayError)) return messageOf(error);
  return [error.message, ...error.details.map(({ address, message }) => `${address}: ${message}`)].join('; ');
}
