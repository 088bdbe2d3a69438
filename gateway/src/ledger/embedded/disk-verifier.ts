import { publicKeyFromRaw } from '@tapwatt/firmware-contracts';
import { chaincodeRules } from './chaincode-rules.ts';
import type { Finding } from './finding.ts';
import { NO_HEAD, readHead } from './head.ts';
import { Pace } from './pace.ts';
import type { LedgerRules } from './rules.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import { LedgerVerifier } from './verifier.ts';

/** Replays what is durable on a simulated disk, whoever has it open, across crashes and restarts (invariant I7). */
export interface DiskVerifier {
  /** Replays the blocks since the last step and compares what they wrote. */
  advance(): Promise<Finding | undefined>;
  /** Replays what is left and compares the whole state. */
  finish(): Promise<Finding | undefined>;
}

export interface DiskVerifierOptions {
  readonly ledgerId: string;
  /** Of the key that signs its blocks; raw Ed25519, base64url. */
  readonly publicKey: string;
  readonly rules?: LedgerRules;
  readonly clock: { monotonic(): number };
  readonly scheduler: Scheduler;
}

/** A verifier of one simulated disk from its first block on. */
export const verifierOfDisk = async (
  disk: SimulatedDisk,
  { ledgerId, publicKey, rules = chaincodeRules, clock, scheduler }: DiskVerifierOptions,
): Promise<DiskVerifier> => {
  const verifier = new LedgerVerifier({
    ...{ rules, ledgerId, scratch: await disk.scratch(), publicKey: publicKeyFromRaw(publicKey) },
    pace: new Pace({ clock, scheduler, sliceMs: Number.POSITIVE_INFINITY }),
  });
  const advance = async (compareWritten: boolean): Promise<Finding | undefined> => {
    const view = disk.afterPowerCut();
    return verifier.advance(view, readHead(view) ?? NO_HEAD, { compareWritten });
  };
  return {
    advance: () => advance(true),
    async finish() {
      const view = disk.afterPowerCut();
      return (await advance(false)) ?? verifier.compareAll(view, readHead(view) ?? NO_HEAD);
    },
  };
};
