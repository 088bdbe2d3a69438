import { parseTopic } from '@tapwatt/firmware-contracts';
import {
  type Clock,
  createLastingJournal,
  type Issuer,
  type Ledger,
  type MessageBus,
  type RequestJournal,
} from '@tapwatt/gateway';
import type { Books } from '../checks/books.ts';
import type { ShownVouchers } from '../checks/shown-vouchers.ts';
import { type Step, stepOf, undeclared } from './crash-points.ts';
import type { Incarnation } from './incarnation.ts';
import type { JournalDisk } from './journal-disk.ts';

const GIVEN_BACK: ReadonlySet<string> = new Set(['VOIDED', 'RELEASED']);

const channelOf = (site: string, topic: string): string => parseTopic(site, topic)?.channel ?? 'status';

/** One way through the code, whichever of the two ends it. */
const LABELS: Readonly<Record<string, string>> = {
  RotateMeterKey: 'an end of epoch',
  CloseMeter: 'an end of epoch',
};

/** The ledger as one life of a process reaches it. */
export const ledgerOf = (life: Incarnation, ledger: Ledger, shown: ShownVouchers): Ledger => ({
  submit: (name, request, options) =>
    life.through(stepOf(life.world, `commit of ${LABELS[name] ?? name}`), async () => {
      const looked =
        name === 'RecordVoucher' ? shown.told((request as { voucher: string }).voucher) : nothing;
      const committed = await ledger.submit(name, request, options);
      looked();
      return committed;
    }),
  async evaluate(name, request) {
    const { voucherId } = request as { readonly voucherId?: string };
    const heard = name === 'GetStanding' && voucherId !== undefined ? shown.asked(voucherId) : nothing;
    const answer = await life.through('query', () => ledger.evaluate(name, request));
    heard((answer as { readonly voucher?: object } | null)?.voucher ?? null);
    return answer;
  },
  lookup: async () => undeclared(life.world, 'lookup'),
  async *events(from, signal) {
    for await (const event of ledger.events(from, signal)) {
      if (!life.isAlive) return;
      yield event;
    }
  },
  close: () => ledger.close(),
});

const nothing = (): void => undefined;

/** The issuer as one life of a process reaches it: between the committed issue and its seal it may die. */
export const issuerOf = (
  life: Incarnation,
  issuer: Issuer,
  { shown, books }: { readonly shown: ShownVouchers; readonly books: () => Books },
): Issuer => ({
  ...issuer,
  async readVoucher(frame) {
    const voucher = await issuer.readVoucher(frame);
    shown.read(voucher);
    return voucher;
  },
  sealVoucher: async (voucherId) => {
    const wasEnded = GIVEN_BACK.has(books().voucher(voucherId)?.status ?? '');
    const frame = await sealing(life, 'seal of a voucher', () => issuer.sealVoucher(voucherId));
    if (wasEnded) life.world.violated('I3', `${voucherId} was sealed after its money was given back`);
    return frame;
  },
  sealVoid: async (voucherId) => {
    const frame = await sealing(life, 'seal of a void order', () => issuer.sealVoid(voucherId));
    if (books().voucher(voucherId)?.status === 'ISSUED')
      life.world.violated('I3', `a void order of ${voucherId} was sealed, and nobody cancelled it`);
    return frame;
  },
  acknowledge: async (of) => {
    const frame = await issuer.acknowledge(of);
    if (life.isAlive) books().acknowledged(of);
    return frame;
  },
  sealOrder: (meterId) => sealing(life, 'seal of an order', () => issuer.sealOrder(meterId)),
});

const sealing = (life: Incarnation, label: Step, seal: () => Promise<Uint8Array>): Promise<Uint8Array> =>
  life.through(label, async () => {
    const frame = await seal();
    life.world.sealed(frame);
    return frame;
  });

/** The message bus as one life of a process reaches it. */
export const busOf = (life: Incarnation, bus: MessageBus, site: string): MessageBus => ({
  publish: (topic, payload, options) => {
    const channel = channelOf(site, topic);
    if (life.isAlive) life.world.written(`topic ${channel}`, payload);
    return life.through(stepOf(life.world, `publish on ${channel}`), () =>
      bus.publish(topic, payload, options),
    );
  },
  onMessage: (handler) =>
    bus.onMessage((topic, payload, from) => {
      const step = stepOf(life.world, `taking ${channelOf(site, topic)}`);
      life.point(`before ${step}`);
      if (!life.isAlive) return;
      handler(topic, payload, from);
      life.point(`after ${step}`);
    }),
  onPresence: (handler) =>
    bus.onPresence((identity, connected) => {
      if (life.isAlive) handler(identity, connected);
    }),
  isConnected: (identity) => bus.isConnected(identity),
  close: (options) => bus.close(options),
});

/** Production's journal in one life of a process, on a disk that outlives it. */
export const journalOf = (
  life: Incarnation,
  disk: JournalDisk,
  edges: { readonly clock: Clock; readonly onError: (error: unknown, doing: string) => void },
): RequestJournal => {
  const open = () => disk.open(life);
  const journal = createLastingJournal({ opened: open(), open: async () => open() }, edges);
  return {
    find: journal.find,
    canTell: journal.canTell,
    record: (kid, requestId, entry) =>
      life.through('write of the journal', () => {
        life.world.written('journal', JSON.stringify(entry));
        return journal.record(kid, requestId, entry);
      }),
    close: journal.close,
  };
};
