import { TapwattError } from '@tapwatt/firmware-contracts';

/** The rules said no: nothing was written. `code` is of the registry, `details` are plain JSON. */
export class Rejected extends TapwattError {
  override readonly name = 'Rejected';
}
