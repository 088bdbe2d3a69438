import type { Place, Secrets } from './checks/secrets/secrets.ts';
import type { FaultKind } from './faults/kinds.ts';
import type { Plan } from './faults/plan.ts';
import { type Chance, chanceOf } from './kernel/chance.ts';
import type { Tally } from './kernel/tally.ts';
import type { Trace } from './kernel/trace.ts';
import type { VirtualTime } from './kernel/virtual-time.ts';
import type { Network } from './network/network.ts';

/** What every node of a world shares: its one clock, its chance, its network, and what is written down of it. */
export interface World {
  readonly plan: Plan;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly tally: Tally;
  readonly network: Network;
  /** Chance for one concern; always the same for the same seed and name. */
  chance(concern: string): Chance;
  /** How strong a fault is now: 0 when the world does not have it, or has healed. */
  strength(kind: FaultKind): number;
  /** There is no power anywhere: nothing runs, and nothing is asked. */
  readonly isDark: boolean;
  /** The power goes everywhere for so many ms, by which the world's troubles last longer. */
  darken(ms: number): void;
  /** Runs after so many ms; where there is no power then, so many ms after it is back: the dark costs and adds nothing. */
  inLight(delayMs: number, run: () => void): void;
  /** Something is written or said where people or other programs can read it. */
  written(place: Place, what: string | Uint8Array): void;
  /** A voucher was sealed: its bytes are nobody's business but the couriers'. */
  sealed(frame: Uint8Array): void;
  /** Something that must never happen has happened. */
  violated(invariant: string, what: string): void;
}

export interface WorldParts {
  readonly plan: Plan;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly tally: Tally;
  readonly network: Network;
}

/** A world whose faults can be healed. */
export class TroubledWorld implements World {
  readonly plan: Plan;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly tally: Tally;
  readonly network: Network;
  readonly violations: string[] = [];
  secrets: Secrets | undefined;
  /** Faults and wishes come until then; a blackout puts it off. */
  troubledUntilMs = 0;
  #healed = true;
  /** Without power so far, in all. */
  darkMs = 0;
  #darkUntilMs = 0;

  constructor(parts: WorldParts) {
    this.plan = parts.plan;
    this.time = parts.time;
    this.trace = parts.trace;
    this.tally = parts.tally;
    this.network = parts.network;
  }

  get isHealed(): boolean {
    return this.#healed;
  }

  get isDark(): boolean {
    return this.time.now() < this.#darkUntilMs;
  }

  trouble(): void {
    this.#healed = false;
    this.troubledUntilMs = this.time.now() + this.plan.troubledMs;
  }

  darken(ms: number): void {
    this.#darkUntilMs = this.time.now() + ms;
    this.darkMs += ms;
    this.troubledUntilMs += ms;
  }

  inLight(delayMs: number, run: () => void): void {
    const look = (): void => {
      if (this.isDark) this.time.after(Math.ceil(this.#darkUntilMs - this.time.now()) + delayMs, look);
      else run();
    };
    this.time.after(delayMs, look);
  }

  heal(): void {
    this.#healed = true;
  }

  chance(concern: string): Chance {
    return chanceOf(this.plan.seed, concern);
  }

  strength(kind: FaultKind): number {
    return this.#healed ? 0 : (this.plan.faults.get(kind) ?? 0);
  }

  written(place: Place, what: string | Uint8Array): void {
    this.secrets?.look(place, what);
  }

  sealed(frame: Uint8Array): void {
    this.secrets?.knowSealed(frame);
  }

  violated(invariant: string, what: string): void {
    const violation = `${invariant}: ${what}`;
    this.trace.note('checker', `VIOLATION ${violation}`);
    this.violations.push(violation);
  }
}
