/** Everything that may go wrong in a world. Each seed draws which of them do, and how often. */
export const FAULT_KINDS = [
  'message-drop',
  'message-duplicate',
  'message-delay',
  'message-reorder',
  'connection-cut',
  'partition',
  'slow-node',
  'frozen-node',
  'gateway-crash',
  'crash-point',
  'broker-crash',
  'disk-slow',
  'disk-write-lost',
  'disk-answer-lost',
  'disk-full',
  'clock-jump',
  'meter-cut-at-word',
  'meter-cut-in-recovery',
  'meter-outage',
  'handset-crash',
  'handset-wiped',
  'tap-removed',
  'tap-repeated',
  'tap-meter-cut',
  'courier-lost',
  'board-blank',
  'blackout',
  'ledger-restored',
  'ledger-cloned',
  'peer-away',
  'orderer-away',
  'commit-unanswered',
  'commit-late',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export const isFaultKind = (name: string): name is FaultKind =>
  (FAULT_KINDS as readonly string[]).includes(name);
