import { bytesToHex } from '@tapwatt/firmware-contracts';
import type { TownHandset } from '../nodes/town.ts';
import { withABitTurned } from './bit-turned.ts';
import type { Circumstances, Signer } from './circumstances.ts';

/** What a handset's account is used to ask for, and who says so; signed for this ledger unless `aud` is another. */
export interface ForgedRequest extends Signer {
  readonly wish: object;
  readonly aud?: string;
}

interface Asking extends Circumstances {
  /** Whose account the request is sent from. */
  readonly by: TownHandset;
  /** Genuine frames that handsets were told, newest last. */
  readonly heard: { readonly vouchers: readonly Uint8Array[]; readonly receipts: readonly Uint8Array[] };
}

/** A lie, where the town has what it is about. */
type Forgery = (of: Asking) => ForgedRequest | undefined;

const AMOUNT = '500';

const issueFrom = ({ town, chance }: Asking, walletId: string): object => ({
  op: 'issue',
  ...{ walletId, meterId: chance.pick(town.meters).meterId, amount: AMOUNT, deliver: true },
});

const own = ({ by: { id, privateKey } }: Asking) => ({ kid: id, privateKey });

/** Every agent has one wallet, whether it has a handset here or not. */
const WALLETS = ['wallet-1', 'wallet-2'];
const walletOfAnother = ({ by }: Asking): string =>
  WALLETS.find((walletId) => walletId !== by.walletId) ?? '';

const voucherOf = ({ books, chance }: Asking, isMeant: (agentId: string) => boolean): string | undefined =>
  chance.oneOf([...books.vouchers].filter(({ agentId }) => isMeant(agentId)))?.voucherId;

const turned = ({ chance }: Asking, frames: readonly Uint8Array[]): string | undefined => {
  const frame = chance.oneOf(frames);
  return frame && bytesToHex(withABitTurned(frame, chance));
};

const byAStranger =
  (wishOf: (of: Asking) => object | undefined): Forgery =>
  (of) => {
    const wish = wishOf(of);
    return wish === undefined ? undefined : { kid: of.by.id, privateKey: of.stranger, wish };
  };

const asItself =
  (wishOf: (of: Asking) => object | undefined): Forgery =>
  (of) => {
    const wish = wishOf(of);
    return wish === undefined ? undefined : { ...own(of), wish };
  };

const about = (op: string, field: string, value: string | undefined): object | undefined =>
  value === undefined ? undefined : { op, [field]: value };

/** Everything that a handset’s account may be misused for. */
export const FORGED_REQUESTS: readonly Forgery[] = [
  byAStranger((of) => issueFrom(of, of.by.walletId)),
  byAStranger((of) => ({ op: 'balance', walletId: of.by.walletId })),
  byAStranger((of) =>
    about(
      'cancel',
      'voucherId',
      voucherOf(of, (agentId) => agentId === of.by.agentId),
    ),
  ),
  byAStranger((of) =>
    about(
      'query',
      'of',
      voucherOf(of, (agentId) => agentId === of.by.agentId),
    ),
  ),
  (of) => ({ ...own(of), aud: 'another-ledger', wish: issueFrom(of, of.by.walletId) }),
  asItself((of) => issueFrom(of, walletOfAnother(of))),
  asItself((of) => ({ op: 'balance', walletId: walletOfAnother(of) })),
  asItself((of) =>
    about(
      'cancel',
      'voucherId',
      voucherOf(of, (agentId) => agentId !== of.by.agentId),
    ),
  ),
  asItself((of) =>
    about(
      'query',
      'of',
      voucherOf(of, (agentId) => agentId !== of.by.agentId),
    ),
  ),
  // A voucher, and a receipt, with a bit turned.
  asItself((of) => about('redeem', 'voucher', turned(of, of.heard.vouchers))),
  asItself((of) => {
    const receipt = turned(of, of.heard.receipts);
    return receipt === undefined ? undefined : { op: 'receipts', receipts: [receipt] };
  }),
  // Another handset's own request, sent from this one's account: its voucher must not be told to this one.
  (of) => {
    const others = of.town.handsets.filter(({ id }) => id !== of.by.id);
    if (others.length === 0) return undefined;
    const { id: kid, privateKey, walletId } = of.chance.pick(others);
    return { kid, privateKey, wish: issueFrom(of, walletId) };
  },
];
