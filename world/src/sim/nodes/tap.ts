import { INS, type TapState, type TapStep } from '@tapwatt/firmware-contracts';
import type { MeterCard } from '@tapwatt/simulator';
import type { FaultKind } from '../faults/kinds.ts';
import type { Chance } from '../kernel/chance.ts';
import type { World } from '../world.ts';

/** A tap from the phone's side, in one life of its process. */
export interface TappingPhone {
  readonly isAlive: boolean;
  whenAwake(run: () => void): void;
  begin(): TapStep;
  answer(state: TapState, response: Uint8Array | undefined): TapStep;
}

/** What is held to the phone. */
export interface TappedMeter {
  /** It has power, and does not stand still. */
  readonly isAwake: boolean;
  card(link: string): MeterCard;
  /** The power goes at the n-th word written from now on, and that is counted as this fault. */
  cutAtWord(word: number, as: FaultKind): void;
}

export interface TapOptions {
  readonly phone: TappingPhone;
  readonly meter: TappedMeter;
  readonly link: string;
  readonly chance: Chance;
  /** Words that one commit writes. */
  readonly commitWords: number;
  readonly onEnd: (state: TapState) => void;
}

/** One of so many taps, at full strength. */
const REMOVED = 0.8;
const CUT = 0.8;
const LEAST_APDU_MS = 3;
const APDU_SPREAD_MS = 40;
/** A tap has about so many commands; one that is removed later than its end is not removed. */
const COMMANDS = 7;
const INS_AT = 1;

/** One tap in the world's time, command by command: other things happen between them, and to it. */
export class Tap {
  readonly #world: World;
  readonly #options: TapOptions;
  readonly #card: MeterCard;
  /** Which command is the last, and whether the meter hears it before it is taken away. */
  readonly #removed: { readonly at: number; readonly heard: boolean } | undefined;
  readonly #isCut: boolean;
  #sent = 0;

  constructor(world: World, options: TapOptions) {
    const { chance, meter, link } = options;
    this.#world = world;
    this.#options = options;
    this.#card = meter.card(link);
    const isRemoved = chance.happens(world.strength('tap-removed') * REMOVED);
    this.#removed = isRemoved ? { at: chance.below(COMMANDS), heard: chance.happens(0.5) } : undefined;
    this.#isCut = chance.happens(world.strength('tap-meter-cut') * CUT);
  }

  start(): void {
    this.#goOn(this.#options.phone.begin());
  }

  #goOn({ state, command }: TapStep): void {
    if (command === undefined) {
      this.#card.release();
      this.#options.onEnd(state);
      return;
    }
    const { phone, chance } = this.#options;
    const next = (): void => {
      if (!phone.isAlive) this.#card.release();
      else this.#goOn(phone.answer(state, this.#transmit(command)));
    };
    const apduMs = LEAST_APDU_MS + chance.below(APDU_SPREAD_MS);
    this.#world.time.after(apduMs, () => phone.whenAwake(next));
  }

  #transmit(command: Uint8Array): Uint8Array | undefined {
    const isLast = this.#removed?.at === this.#sent;
    this.#sent += 1;
    const { meter, chance, commitWords } = this.#options;
    if (isLast) {
      // A meter that would not have answered shows nothing of it.
      if (meter.isAwake) this.#world.tally.fault('tap-removed');
      if (this.#removed?.heard !== true) return undefined;
    }
    if (command[INS_AT] === INS.COMMIT && this.#isCut)
      meter.cutAtWord(chance.below(commitWords), 'tap-meter-cut');
    const response = this.#card.transmit(command);
    return isLast ? undefined : response;
  }
}
