import { MASTER } from './frame-vectors.ts';
import { Session, type SessionVector } from './session.ts';

const AT = 1_790_000_000;

type Scenario = readonly [
  name: string,
  play: (s: Session) => void,
  start?: { readonly keyEpoch?: number; readonly limit?: string; readonly charged?: string },
];

const scenarios: readonly Scenario[] = [
  [
    'a voucher is credited once, however often it is shown',
    (s) => {
      const credit = s.credit(1, '10000');
      s.present(credit)
        .present(credit, { at: AT + 60, clockTrust: 0 })
        .present(credit)
        .status();
    },
  ],
  [
    'vouchers in any order are each credited once',
    (s) => {
      const [one, two, three] = [s.credit(1, '100'), s.credit(2, '200'), s.credit(3, '300')];
      s.present(three).present(one).present(two).present(one).present(two).present(three).status();
    },
  ],
  [
    'the window is 64 wide and forgets what leaves it',
    (s) => {
      const [first, last] = [s.credit(1, '1'), s.credit(64, '64')];
      s.present(s.credit(65, '65')).present(last).present(first).present(first);
      s.present(s.credit(65, '65')).present(first).present(s.voidOf(first)).present(s.credit(2, '2'));
      s.present(s.credit(129, '1'))
        .present(last)
        .present(s.credit(66, '66'))
        .present(s.credit(130, '1'))
        .status();
    },
  ],
  [
    'a jump over the whole window empties it',
    (s) => {
      s.present(s.credit(1, '1')).present(s.credit(2, '2'));
      s.present(s.credit(200, '200', { floorSeq: 190 }))
        .present(s.credit(137, '1', { floorSeq: 1 }))
        .status();
      s.present(s.credit(195, '5', { floorSeq: 3 }));
    },
  ],
  [
    "a voucher's floor opens the window ahead and closes it behind",
    (s) => {
      s.present(s.credit(164, '1', { floorSeq: 100 })).present(s.credit(163, '1', { floorSeq: 100 }));
      s.present(s.credit(99, '1')).present(s.credit(100, '1')).status();
    },
  ],
  [
    'a floor in a voucher that is refused is not stored',
    (s) => {
      s.present(s.credit(30, '1000001', { floorSeq: 20 }))
        .present(s.credit(5, '5'))
        .status();
    },
    { limit: '1000000' },
  ],
  [
    'below the stored floor nothing is credited and every void order gets its proof',
    (s) => {
      const early = s.credit(3, '300');
      s.present(s.credit(10, '1000', { floorSeq: 8 }))
        .present(early)
        .present(s.voidOf(early))
        .present(early)
        .status();
      s.present(s.voidOf(s.credit(8, '8')))
        .present(s.voidOf(s.credit(10, '1000', { floorSeq: 8 })))
        .status();
    },
  ],
  [
    'below the floor too, what left the window may have been credited, and no void order gets a proof',
    (s) => {
      const [credited, last] = [s.credit(1, '100'), s.credit(16, '1600')];
      s.present(credited)
        .present(s.credit(80, '8000', { floorSeq: 50 }))
        .present(s.voidOf(credited))
        .present(s.voidOf(last));
      s.present(s.voidOf(s.credit(17, '1')))
        .present(credited)
        .status();
    },
  ],
  [
    'a void order that comes first takes the voucher away',
    (s) => {
      const credit = s.credit(1, '10000');
      s.present(s.voidOf(credit)).present(credit).present(s.voidOf(credit)).status();
    },
  ],
  [
    'a void order that comes late is answered with the proof of the credit',
    (s) => {
      const credit = s.credit(1, '10000');
      s.present(credit).present(s.voidOf(credit)).present(credit).status();
    },
  ],
  [
    'two vouchers of one seq are a conflict, and only a void order gets an opening',
    (s) => {
      const [mine, other] = [s.credit(1, '10000'), s.credit(1, '500', { label: 'forked' })];
      s.present(mine).present(other).present(s.voidOf(other)).present(s.voidOf(mine));
      const [gone, second] = [s.credit(2, '1'), s.credit(2, '2', { label: 'forked' })];
      s.present(s.voidOf(gone)).present(second).present(s.voidOf(second)).present(gone).status();
    },
  ],
  [
    'a date counts only with a clock that is trusted',
    (s) => {
      const dated = (seq: number) => s.credit(seq, '100', { expiresAt: AT });
      s.present(dated(1), { at: AT, clockTrust: 2 }).present(dated(2), { at: AT + 1, clockTrust: 1 });
      s.present(dated(2), { at: AT + 1, clockTrust: 2 }).present(dated(2), { at: AT + 1, clockTrust: 0 });
      s.present(dated(2), { at: AT + 9, clockTrust: 2 }).present(dated(3), { at: AT + 9, clockTrust: 2 });
      s.present(s.voidOf(dated(3)), { at: AT + 9, clockTrust: 2 })
        .present(dated(3), { at: AT, clockTrust: 0 })
        .status();
    },
  ],
  [
    'the date of a clear-tamper order is not looked at',
    (s) => {
      s.present(s.order(3, 1, { expiresAt: AT - 1 }), { at: AT, clockTrust: 2 }).status();
    },
  ],
  [
    'the limit is of the balance, and what is over it may come later',
    (s) => {
      s.present(s.credit(1, '1501'))
        .present(s.credit(2, '1500'))
        .present(s.credit(3, '1'))
        .present(s.credit(2, '1500'));
      s.present(s.credit(4, '9007199254740991'))
        .present(s.order(3, 5))
        .present(s.voidOf(s.credit(1, '1501')))
        .status();
    },
    { limit: '1000', charged: '500' },
  ],
  [
    'an expired voucher over the limit is expired',
    (s) => {
      s.present(s.credit(1, '5000', { expiresAt: AT }), { at: AT + 1, clockTrust: 1 });
      s.present(s.credit(1, '5000', { expiresAt: AT }), { at: AT + 1, clockTrust: 0 });
    },
    { limit: '1000' },
  ],
  [
    'a balance below zero comes up again',
    (s) => {
      s.status().present(s.credit(1, '100')).present(s.credit(2, '1000')).status();
    },
    { charged: '750' },
  ],
  [
    'clear tamper and transfer in take their seqs like a credit',
    (s) => {
      const [clear, transfer] = [s.order(3, 1), s.order(5, 2, { amount: '777' })];
      s.present(clear)
        .present(transfer)
        .present(clear)
        .present(transfer)
        .present(s.voidOf(s.order(3, 1)))
        .status();
    },
  ],
  [
    'an epoch ends: what it took stays known, what it did not can only be voided',
    (s) => {
      const [taken, voided, open] = [s.credit(1, '100'), s.credit(2, '200'), s.credit(3, '300')];
      const end = s.order(6, 0);
      s.present(taken).present(s.voidOf(voided)).present(end).present(end).status();
      s.present(taken).present(voided).present(open).present(s.voidOf(open)).present(s.voidOf(taken));
      s.present(s.credit(1, '1', { label: 'forked' })).present(
        s.voidOf(s.credit(1, '1', { label: 'forked' })),
      );
      s.present(s.order(6, 0, { label: 'forked' }))
        .present(s.order(4, 0))
        .present(s.sameIdAs(end, 4));
      s.present(s.credit(1, '1000', { keyEpoch: 2 }))
        .present(taken)
        .present(end)
        .status();
    },
  ],
  [
    'only one ended epoch is remembered',
    (s) => {
      const [first, second] = [s.order(6, 0), s.order(6, 0, { keyEpoch: 2 })];
      const credit = s.credit(1, '100');
      s.present(credit)
        .present(first)
        .present(s.credit(1, '200', { keyEpoch: 2 }))
        .present(second)
        .present(first);
      s.present(credit)
        .present(s.voidOf(credit))
        .present(second)
        .present(s.credit(1, '300', { keyEpoch: 3 }));
      s.present(s.credit(1, '200', { keyEpoch: 2 }))
        .present(s.order(6, 0, { keyEpoch: 9 }))
        .status();
    },
  ],
  [
    'in an ended epoch too, what left the window is unknown, and its floor is no bar to a void order',
    (s) => {
      s.present(s.credit(80, '80', { floorSeq: 50 })).present(s.order(6, 0));
      s.present(s.voidOf(s.credit(16, '1')))
        .present(s.voidOf(s.credit(17, '1')))
        .present(s.voidOf(s.credit(60, '1')));
      s.present(s.voidOf(s.credit(500, '1', { floorSeq: 450 })))
        .present(s.credit(80, '80', { floorSeq: 50 }))
        .status();
    },
  ],
  [
    'a closed meter takes nothing, and still proves what it did',
    (s) => {
      const [taken, open, close] = [s.credit(1, '100'), s.credit(2, '200'), s.order(4, 0)];
      s.present(taken)
        .present(close)
        .present(close)
        .status()
        .present(taken)
        .present(open)
        .present(s.voidOf(open));
      s.present(s.credit(1, '1', { keyEpoch: 2 })).present(s.order(6, 0, { keyEpoch: 2 }));
      s.present(s.voidOf(s.credit(1, '1', { keyEpoch: 2 }))).present(s.credit(1, '1', { keyEpoch: 7 }));
      s.present(s.order(6, 0)).status();
    },
  ],
  [
    'the last epoch begins and never ends',
    (s) => {
      const end = s.order(6, 0);
      s.present(end)
        .present(s.credit(1, '100', { keyEpoch: 65_535 }))
        .present(end);
      s.present(s.patched(end, 10, 'ffff')).status();
    },
    { keyEpoch: 65_534 },
  ],
  [
    'the last seq of an epoch does not wrap',
    (s) => {
      const top = 4_294_967_295;
      s.present(s.credit(top, '1', { floorSeq: top - 63 })).present(s.credit(top - 63, '2', { floorSeq: 1 }));
      s.present(s.credit(top - 64, '3'))
        .present(s.credit(1, '4'))
        .present(s.credit(top, '1', { floorSeq: top - 63 }));
      s.status();
    },
  ],
  [
    'each refusal has its place in the order',
    (s) => {
      const credit = s.credit(1, '100');
      s.present('')
        .present(credit.slice(0, -2))
        .present(`${credit}00`)
        .present(s.patched(credit, 0, '02'));
      s.present(s.patched(credit, 1, '09'))
        .present(s.patched(credit, 52, '00000001'))
        .present(s.credit(1, '9', { meterId: '43' }));
      s.present(s.patched(credit, 9, '2b'))
        .present(s.patched(credit, 71, '00'))
        .present(s.patched(credit, 10, '0007'));
      s.present(s.patched(credit, 23, '65'))
        .present(s.credit(1, '1', { keyEpoch: 2 }))
        .present(credit)
        .status();
    },
  ],
  [
    'a refusal about the ended epoch is of the ended epoch',
    (s) => {
      const [taken, open] = [s.credit(1, '100'), s.credit(2, '200')];
      s.present(taken)
        .present(s.order(6, 0))
        .present(s.credit(1, '300', { keyEpoch: 2 }));
      s.present(s.patched(open, 1, '09'))
        .present(s.patched(open, 71, '00'))
        .present(s.credit(2, '9', { meterId: '43' }));
      s.present(open).present(open.slice(0, -2));
    },
  ],
  [
    'a meter without a whole record is locked and says so',
    (s) => {
      const credit = s.credit(1, '100', { keyEpoch: 1 });
      s.status()
        .present(credit)
        .present(s.patched(credit, 71, '00'))
        .present(s.credit(1, '1', { keyEpoch: 1, meterId: '43' }));
      s.present(s.patched(credit, 1, '00'))
        .present('')
        .present(s.order(6, 0, { keyEpoch: 1 }));
      s.ack(1, 9, { keyEpoch: 1 })
        .setTime(1, AT, { keyEpoch: 1 })
        .present(credit, { at: 5, clockTrust: 0 })
        .status();
    },
    { keyEpoch: 0, limit: '0' },
  ],
  [
    'the power goes in the commit of a credit and the old record counts',
    (s) => {
      const credit = s.credit(1, '10000');
      s.present(s.credit(2, '20000')).cut(credit, 'old').present(credit).present(credit).status();
    },
  ],
  [
    'the power goes in the commit of a credit and the new record counts',
    (s) => {
      const credit = s.credit(1, '10000');
      s.present(s.credit(2, '20000')).cut(credit, 'new').present(credit).present(credit).status();
    },
  ],
  [
    'the power goes in the commit of a void order and the old record counts',
    (s) => {
      const credit = s.credit(1, '10000');
      s.cut(s.voidOf(credit), 'old').present(credit).present(s.voidOf(credit)).status();
    },
  ],
  [
    'the power goes in the commit of a void order and the new record counts',
    (s) => {
      const credit = s.credit(1, '10000');
      s.cut(s.voidOf(credit), 'new').present(credit).present(s.voidOf(credit)).status();
    },
  ],
  [
    'the power goes at the end of an epoch and the old record counts',
    (s) => {
      const end = s.order(6, 0);
      s.present(s.credit(1, '100'))
        .cut(end, 'old')
        .status()
        .present(s.credit(2, '200'))
        .present(end)
        .status();
    },
  ],
  [
    'the power goes at the end of an epoch and the new record counts',
    (s) => {
      const end = s.order(6, 0);
      s.present(s.credit(1, '100'))
        .cut(end, 'new')
        .status()
        .present(s.credit(2, '200'))
        .present(end)
        .status();
    },
  ],
  [
    'the power goes where there is nothing to commit',
    (s) => {
      const credit = s.credit(1, '10000');
      s.present(credit)
        .cut(credit, 'old')
        .present(credit)
        .cut(s.patched(credit, 71, '00'), 'old')
        .status();
    },
  ],
  [
    'acknowledgements raise and never lower',
    (s) => {
      for (const seq of [1, 2, 3]) s.present(s.credit(seq, '100'));
      s.ack(2, 3).status().ack(1, 2).status().ack(99, 3).status().present(s.credit(4, '100')).status();
      s.ack(4, 9)
        .status()
        .present(s.credit(5, '1'))
        .present(s.voidOf(s.credit(5, '1')))
        .present(s.credit(9, '9'))
        .status();
    },
  ],
  [
    'an acknowledgement that is not for this meter and epoch changes nothing',
    (s) => {
      s.present(s.credit(1, '100'))
        .ack(1, 2, { meterId: '43' })
        .ack(1, 2, { keyEpoch: 2 })
        .ack(1, 2, { broken: true });
      s.status()
        .present(s.order(6, 0))
        .ack(2, 2, { keyEpoch: 1 })
        .status()
        .ack(2, 1, { keyEpoch: 2 })
        .status();
    },
  ],
  [
    'time orders do not touch the money',
    (s) => {
      s.setTime(1, AT + 100).present(s.credit(1, '100', { expiresAt: AT }), { at: AT + 100, clockTrust: 1 });
      s.setTime(1, AT)
        .setTime(2, AT)
        .present(s.credit(1, '100', { expiresAt: AT }), { at: AT, clockTrust: 1 })
        .status();
    },
  ],
];

/** Every meter session, in the shape of WIRE.md "Test vectors". */
export const sessionVectors = (): SessionVector[] =>
  scenarios.map(([name, play, start = {}]) => {
    const session = new Session({ name, master: MASTER, meterId: '42', at: AT, ...start });
    play(session);
    return session.vector();
  });
