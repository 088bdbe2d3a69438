import { bytesToHex, TAP_VOUCHERS_MAX, type TapPlan } from '@tapwatt/firmware-contracts';
import type { Handover, MeterLink } from '../../redemption/meter-link.ts';

/** Vouchers for one meter during one tap: the window of WIRE.md, each with a void order. */
const MAX_VOUCHERS = 128;

/** What all parts of the gateway have for a meter at hand, until the reader's next command. */
export interface Mailbox {
  /** Everything posted so far, at most as many vouchers as one plan shows; each frame is taken out once. */
  take(): TapPlan;
  readonly isEmpty: boolean;
  /** Called at each post until the next `onPost`. */
  onPost(listener: () => void): void;
  /** Whether no other tap of the same meter is going on. */
  close(): boolean;
}

/** A link over which the gateway speaks to a meter only while it is tapped: what comes for it meanwhile is posted. */
export interface Mailboxes {
  readonly link: MeterLink;
  open(meterId: string): Mailbox;
}

interface Box {
  readonly vouchers: Uint8Array[];
  /** Every voucher that was ever posted here: a copy within one tap says nothing new. */
  readonly known: Set<string>;
  acknowledgement?: Uint8Array | undefined;
  timeOrder?: Uint8Array | undefined;
  wake: () => void;
}

/** `soon` says whether a meter that is not being tapped now will be by itself, as one on a line that is polled. */
export function createMailboxes(soon: (meterId: string) => boolean = () => false): Mailboxes {
  const boxes = new Map<string, Set<Box>>();

  async function post(meterId: string, put: (box: Box) => void): Promise<Handover> {
    const open = boxes.get(meterId);
    for (const box of open ?? []) {
      put(box);
      box.wake();
    }
    return open !== undefined || soon(meterId) ? 'handed-over' : 'away';
  }

  return {
    link: {
      present: (meterId, voucher) => post(meterId, (box) => putVoucher(box, voucher)),
      acknowledge: (meterId, frame) =>
        post(meterId, (box) => {
          box.acknowledgement = frame;
        }),
      setTime: (meterId, frame) =>
        post(meterId, (box) => {
          box.timeOrder = frame;
        }),
    },
    open(meterId) {
      const box: Box = { vouchers: [], known: new Set(), wake: () => undefined };
      const others = boxes.get(meterId) ?? new Set();
      boxes.set(meterId, others.add(box));
      return mailboxOf(box, () => {
        others.delete(box);
        // What came too late for this tap is for the next.
        if (!isEmpty(box)) soon(meterId);
        if (others.size === 0 && boxes.get(meterId) === others) boxes.delete(meterId);
        return others.size === 0;
      });
    },
  };
}

function putVoucher(box: Box, voucher: Uint8Array): void {
  const name = bytesToHex(voucher);
  if (box.known.has(name) || box.known.size >= MAX_VOUCHERS) return;
  box.known.add(name);
  box.vouchers.push(voucher);
}

const isEmpty = (box: Box): boolean =>
  box.vouchers.length === 0 && box.acknowledgement === undefined && box.timeOrder === undefined;

const mailboxOf = (box: Box, close: () => boolean): Mailbox => ({
  take() {
    const { acknowledgement, timeOrder } = box;
    box.acknowledgement = undefined;
    box.timeOrder = undefined;
    return {
      vouchers: box.vouchers.splice(0, TAP_VOUCHERS_MAX),
      acknowledgements: acknowledgement === undefined ? [] : [acknowledgement],
      ...(timeOrder === undefined ? {} : { timeOrder }),
    };
  },
  get isEmpty() {
    return isEmpty(box);
  },
  onPost(listener) {
    box.wake = listener;
  },
  close,
});
