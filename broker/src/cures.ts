/**
 * Every cure for a fault of aedes 1.2.0 that is not a limit, one switch each, so that a test can show the fault
 * without it. Not reachable from outside the workspace: a running broker always has all of them.
 */
export interface Cures {
  /** The raw stream is cut into frames and bounded before aedes sees a byte (it takes claims of 256 MB). */
  readonly frameGuard: boolean;
  /** Hooks refuse what no rule allows (aedes allows by default). */
  readonly denyByDefault: boolean;
  /** What is forwarded passes the rules again (aedes stores refused filters of a persistent session). */
  readonly forwardRules: boolean;
  /** Every session is clean, whatever was asked (aedes queues offline messages without bound). */
  readonly cleanSessions: boolean;
  /** `duplicates` never remembers (aedes drops a QoS 1 message overtaken by a QoS 0 one). */
  readonly forgetDuplicates: boolean;
  /** Routing has no common queue (aedes waits for the slowest subscriber, and overflows the stack behind it). */
  readonly unboundRouting: boolean;
  /** Connections of one identity are let in one by one (aedes loses the newest of three). */
  readonly orderedTakeover: boolean;
  /** Small packets leave at once. */
  readonly noDelay: boolean;
}

export const ALL_CURES: Cures = {
  frameGuard: true,
  denyByDefault: true,
  forwardRules: true,
  cleanSessions: true,
  forgetDuplicates: true,
  unboundRouting: true,
  orderedTakeover: true,
  noDelay: true,
};
