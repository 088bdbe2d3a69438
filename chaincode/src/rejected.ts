import { TapwattError } from '@tapwatt/firmware-contracts';

/** The rules said no: nothing was written. `code` is of the registry, `details` are plain JSON. */
export class Rejected extends TapwattError {
  override readonly name = 'Rejected';
}

/** The refusal behind an error; anything else is a bug and is thrown on. */
export function asRejected(error: unknown): Rejected {
  if (error instanceof Rejected) return error;
  if (!(error instanceof TapwattError)) throw error;
  return new Rejected(error.code, error.message, { cause: error, details: { ...error.details } });
}

/** Does something whose every refusal, also one of the wire's own parsers, is a `Rejected`. */
export async function rejecting<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    throw asRejected(error);
  }
}
