/** Why something could not be done: something is missing here, something does not answer, or a step failed. */
export type NetworkErrorKind = 'configuration' | 'unreachable' | 'failed';

/** A failure whose message tells a person what to do. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly kind: NetworkErrorKind;

  constructor(kind: NetworkErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
