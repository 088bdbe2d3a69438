import { decodeCommand, decodeResponse, INS, SW } from '@tapwatt/firmware-contracts';

/** Asks once; `undefined` where no answer came. Rejects where the line is gone. */
export type AskOnce = (command: Uint8Array) => Promise<Uint8Array | undefined>;

export interface SureTransmit {
  /** Rejects with `NoAnswer` after the last attempt, and with the line's own error where it is gone. */
  transmit(command: Uint8Array): Promise<Uint8Array>;
}

/** The meter did not answer a command, however often it was said. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';

  constructor() {
    super('The meter does not answer.');
  }
}

/** How often a command is said before its meter counts as away. */
export const ATTEMPTS = 3;

/**
 * Says a command again where its answer was lost (SPEC.md "Serial lines"). A COMMIT drops what was staged, so that its
 * repetition begins with the PUT VOUCHER before it, and so does one that found nothing staged. Whether anybody is there at all
 * is asked `selectAttempts` times.
 */
export function createSureTransmit(ask: AskOnce, selectAttempts = ATTEMPTS): SureTransmit {
  let staged: Uint8Array | undefined;

  async function sureAsk(command: Uint8Array, attempts = ATTEMPTS): Promise<Uint8Array> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const answer = await ask(command);
      if (answer !== undefined) return answer;
    }
    throw new NoAnswer();
  }

  async function sureCommit(command: Uint8Array): Promise<Uint8Array> {
    const voucher = staged;
    staged = undefined;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await ask(command);
      const isDone = answer !== undefined && decodeResponse(answer)?.sw !== SW.NOTHING_STAGED;
      if (isDone || (answer !== undefined && voucher === undefined)) return answer;
      if (voucher === undefined || attempt === ATTEMPTS) throw new NoAnswer();
      await sureAsk(voucher);
    }
  }

  return {
    async transmit(command) {
      const ins = decodeCommand(command)?.ins;
      if (ins === INS.COMMIT) return await sureCommit(command);
      if (ins === INS.SELECT) staged = undefined;
      const answer = await sureAsk(command, ins === INS.SELECT ? selectAttempts : ATTEMPTS);
      if (ins === INS.PUT_VOUCHER) staged = decodeResponse(answer)?.sw === SW.OK ? command : undefined;
      return answer;
    },
  };
}
