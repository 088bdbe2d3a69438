/*
 * The redemption protocol once more, for SPIN: a second opinion that shares no line with production's code. Written from
 * WIRE.md (section names in the comments) and the voucher's life in docs/architecture.md.
 *
 * One meter, one ledger, VOUCHERS vouchers, two epochs (three with a restore), cancel, release without proof, power cuts,
 * and, with -DRESTORE, a ledger that once goes back to an earlier state of its own. Couriers are sets that only grow: what
 * was sealed or answered may be shown in any order, any number of times, or never. The meter's window is W wide, not 64.
 *
 * Each BUG_… takes away one safeguard; world/test/second-opinion.spin.ring.ts runs all of them, each with its trail.
 */
#ifndef VOUCHERS
#define VOUCHERS 3
#endif
#ifndef W
#define W 2
#endif
#ifdef RESTORE
#define LAST_EPOCH 3
#else
#define LAST_EPOCH 2
#endif
#define AMOUNT(v) (1 << (v))
#define MAX(a, b) (((a) > (b)) -> (a) : (b))

mtype = { UNKNOWN, ISSUED, CANCELLING, REDEEMED, VOIDED, RELEASED };

/* What exists outside of ledger and meter: frames, and what the meter has ever proved. */
typedef Voucher {
  byte epoch; byte seq; byte floor;
  bool sealed; bool voidSealed;   /* couriers have it, or the order to void it */
  bool f; bool v;                 /* a receipt with F, or with V, was answered */
  bool inRing;                    /* the meter keeps its receipt with F: for fewer vouchers than a ring holds, for ever */
  bool refused;                   /* a receipt without an opening was answered */
  byte credits                    /* how often its money was added: only the model knows */
};
Voucher vch[VOUCHERS];
byte made;                        /* vouchers sold so far; a restore does not take back what was sealed */
byte ackFloor[LAST_EPOCH + 1];    /* the highest floor in an acknowledgement of this epoch */

/* Orders of kind 6: for each epoch one signed before a restore, and one after it. */
#define ORDERS (2 * (LAST_EPOCH - 1))
#define EPOCH_OF(o) ((o) / 2 + 1)
#define IS_NEW(o) ((o) % 2)
bool orderSealed[ORDERS], c[ORDERS];  /* couriers have it; a receipt with C was answered */

/* The ledger: all that a restore takes back. */
typedef Ledger {
  mtype status[VOUCHERS];
  bool proved[VOUCHERS];          /* RELEASED, and V was shown */
  byte epoch; byte nextSeq;
  byte order                      /* 1 + the order to end its epoch that is under way; 0: none */
};
Ledger led, backup;
bool orphan[VOUCHERS];            /* F of a voucher that it does not know was recorded */
bool isBackedUp, isRestored;
bool quarantined, wasRead;
byte remainder;                   /* what the register showed above all that is known, when the meter was cleared */

/* What a meter keeps, in one atomic record. */
typedef Window { byte hi; byte tag[W]; bool used[W]; bool voided[W] };
byte mEpoch = 1, register_, floorSeq = 1;
Window own, ended;
byte endedEpoch, endedBy;

/* "What a meter keeps": a bit is set only for seq <= hi < seq + 64. */
#define IS_SET(w, s) ((s) <= w.hi && w.hi < (s) + W && w.used[(s) % W])

byte i, e, s, fl;                 /* of the step at hand; zero between steps, so that they are no state */

inline clear(w) {
  for (i : 0 .. W - 1) { w.tag[i] = 0; w.used[i] = false; w.voided[i] = false }
  w.hi = 0; i = 0
}

/* The seqs that leave the window are forgotten. */
inline take(x, isVoid) {
  do
  :: own.hi < s -> own.hi++; own.used[own.hi % W] = false; own.voided[own.hi % W] = false; own.tag[own.hi % W] = 0
  :: else -> break
  od;
  vch[x].inRing = !isVoid;                            /* "in the same commit" */
  own.used[s % W] = true; own.voided[s % W] = isVoid; own.tag[s % W] = x;
  floorSeq = fl
}

inline add(x) {
  register_ = register_ + AMOUNT(x); vch[x].credits++;
  assert(vch[x].credits == 1);                        /* I3: at most once, ever */
  assert(!vch[x].v)                                   /* V: "can never be applied any more" */
}

inline showF(x) {
  printf("        the meter answers with F of voucher %d\n", x);
  vch[x].f = true;
  assert(vch[x].credits == 1 && !vch[x].v)            /* "revealed only after the credit is durable" */
}

inline showV(x) {
  printf("        the meter answers with V of voucher %d\n", x);
  vch[x].v = true;
  assert(vch[x].credits == 0 && !vch[x].f)
}

inline refuse(x) {
#ifdef BUG_REFUND_WITHOUT_OPENING
  printf("        the meter answers without an opening\n");
  vch[x].refused = true;
#endif
  skip
}

/* Step 3 for one of the two windows. */
inline answerTaken(w, x, isVoid) {
  if
  :: w.tag[s % W] == x && w.voided[s % W] -> showV(x)
  :: w.tag[s % W] == x && !w.voided[s % W] -> showF(x)
  :: w.tag[s % W] != x && isVoid -> showV(x)          /* CONFLICT of a void order */
  :: else -> refuse(x)                                /* CONFLICT */
  fi
}

/* Steps 8 and 9 for a credit: one atomic commit, then the answer, unless the power goes. */
inline credit(x) {
#ifdef BUG_CREDIT_THEN_MARK
  add(x);
  if :: printf("        and its power goes before it marks the seq\n") :: take(x, false); showF(x) fi
#elif defined(BUG_MARK_THEN_CREDIT)
  take(x, false);
  if :: printf("        and its power goes before it adds the money\n") :: add(x); showF(x) fi
#elif defined(BUG_F_BEFORE_COMMIT)
  showF(x); add(x); take(x, false)
#else
  add(x); take(x, false);
  if :: printf("        and its power goes before it answers\n") :: showF(x) fi
#endif
}

inline voidIt(x) {
#ifndef BUG_VOID_WITHOUT_MARK
  take(x, true);
#endif
  if :: printf("        and its power goes before it answers\n") :: showV(x) fi
}

/* "What the meter does with a voucher, in this order": steps 3 to 9. */
inline present(x, isVoid) {
  e = vch[x].epoch; s = vch[x].seq; fl = MAX(floorSeq, vch[x].floor);
  if
#ifdef BUG_BAD_EPOCH_FIRST
  :: e != mEpoch && !(isVoid && e == endedEpoch) -> refuse(x)
  :: e != mEpoch && isVoid && e == endedEpoch -> showV(x)
#else
  :: e == endedEpoch && IS_SET(ended, s) -> answerTaken(ended, x, isVoid)
  :: e == endedEpoch && !IS_SET(ended, s) && isVoid && s + W > ended.hi -> showV(x)
  :: e != mEpoch && !(e == endedEpoch && (IS_SET(ended, s) || (isVoid && s + W > ended.hi))) -> refuse(x)
#endif
  :: e == mEpoch && IS_SET(own, s) -> answerTaken(own, x, isVoid)
#ifdef BUG_WINDOW_TRUSTED_TOO_LONG
  :: e == mEpoch && !IS_SET(own, s) && isVoid && s + W >= own.hi && s < floorSeq -> showV(x)
#else
  :: e == mEpoch && !IS_SET(own, s) && isVoid && s + W > own.hi && s < floorSeq -> showV(x)
#endif
  :: else ->
    if
    :: s + W <= own.hi || s < fl || s >= MAX(own.hi + 1, fl) + W -> refuse(x)
    :: else ->
      if
      :: isVoid -> voidIt(x)
      :: !isVoid -> credit(x)
      :: !isVoid -> refuse(x)                         /* step 7: past its day, by a clock that may stand anywhere */
      fi
    fi
  fi;
  e = 0; s = 0; fl = 0
}

/* Kind 6: step 8 for the own epoch, step 2 for the ended one; else CONFLICT or BAD_EPOCH. */
inline showOrder(o) {
  if
  :: EPOCH_OF(o) == mEpoch ->
    endedEpoch = mEpoch; endedBy = o; mEpoch++; floorSeq = 1;
    ended.hi = own.hi;
    for (i : 0 .. W - 1) { ended.tag[i] = own.tag[i]; ended.used[i] = own.used[i]; ended.voided[i] = own.voided[i] }
    clear(own); i = 0;
    if :: printf("        and its power goes before it answers\n") :: c[o] = true fi
  :: EPOCH_OF(o) == endedEpoch && endedBy == o -> c[o] = true
  :: else
  fi
}

#define IS_OPEN(x) (led.status[x] == ISSUED || led.status[x] == CANCELLING)

/* The oldest unresolved seq of the own epoch; the next one when all are resolved. */
inline ledgerFloor() {
  fl = led.nextSeq;
  for (i : 0 .. VOUCHERS - 1) {
    if :: IS_OPEN(i) && vch[i].epoch == led.epoch && vch[i].seq < fl -> fl = vch[i].seq :: else fi
  }
  i = 0
}

inline hasOpenOfEnded() {
  e = 0;
  for (i : 0 .. VOUCHERS - 1) { if :: IS_OPEN(i) && vch[i].epoch != led.epoch -> e = 1 :: else fi }
  i = 0
}

/* It learns that the meter is in this epoch: "its ISSUED vouchers become CANCELLING". */
inline moveTo(epoch_) {
  led.epoch = epoch_; led.nextSeq = 1; led.order = 0;
  for (i : 0 .. VOUCHERS - 1) {
    if
    :: led.status[i] == ISSUED && vch[i].epoch != led.epoch ->
#ifdef BUG_EPOCH_END_REFUNDS
      led.status[i] = VOIDED
#else
      led.status[i] = CANCELLING; vch[i].voidSealed = true
#endif
    :: else
    fi
  }
  i = 0
}

inline issue() {
  ledgerFloor();
  if
  :: led.nextSeq < fl + W ->                          /* "never issues a seq >= (oldest unresolved seq) + 64" */
    printf("voucher %d is sold with seq %d of epoch %d\n", made, led.nextSeq, led.epoch);
#ifdef BUG_FLOOR_OVER_OPEN
    fl = led.nextSeq;
#endif
    vch[made].epoch = led.epoch; vch[made].seq = led.nextSeq; vch[made].floor = fl; vch[made].sealed = true;
    for (i : 0 .. VOUCHERS - 1) {                     /* one seq, one voucher, for ever */
      assert(i >= made || vch[i].epoch != led.epoch || vch[i].seq != led.nextSeq)
    }
    led.status[made] = ISSUED; led.nextSeq++; made++
  :: else
  fi;
  i = 0; fl = 0
}

inline settleF(x) {
  if
  :: led.status[x] == UNKNOWN ->
    orphan[x] = true;                                 /* it was in the remainder, as far as that goes */
    remainder = (remainder > AMOUNT(x) -> remainder - AMOUNT(x) : 0)
  :: else -> assert(led.status[x] != VOIDED && !led.proved[x]); led.status[x] = REDEEMED
  fi
}

inline settleV(x) {
  if
  :: led.status[x] == RELEASED -> led.proved[x] = true
  :: IS_OPEN(x) -> led.status[x] = VOIDED
  :: else
  fi
}

inline copy(to, from) {
  to.epoch = from.epoch; to.nextSeq = from.nextSeq; to.order = from.order;
  for (i : 0 .. VOUCHERS - 1) { to.status[i] = from.status[i]; to.proved[i] = from.proved[i] }
  i = 0
}

#define IS_REMEMBERED(x) ( \
  (vch[x].epoch == mEpoch && IS_SET(own, vch[x].seq)) || (vch[x].epoch == endedEpoch && IS_SET(ended, vch[x].seq)))

/* Settled, orphans included, into e; open and released without proof into s; released, with V shown since, into fl. */
inline sums() {
  e = 0; s = 0; fl = 0;
  for (i : 0 .. VOUCHERS - 1) {
    if
    :: led.status[i] == REDEEMED || orphan[i] -> e = e + AMOUNT(i)
    :: led.proved[i] -> fl = fl + AMOUNT(i)
    :: IS_OPEN(i) || (led.status[i] == RELEASED && !led.proved[i]) -> s = s + AMOUNT(i)
    :: else
    fi
  }
  i = 0
}

/* The first order made after the restore has ended its epoch: what the register shows and nobody knows is recorded. */
inline clearMeter() {
  quarantined = false;
#ifndef BUG_REGISTER_NOT_READ
  sums();
  remainder = (register_ > e + s -> register_ - e - s : 0);
  e = 0; s = 0; fl = 0
#endif
}

/* I2 and I3 over what the ledger says, in every state. */
inline check() {
  for (i : 0 .. VOUCHERS - 1) {
    if
    :: led.status[i] == REDEEMED -> assert(vch[i].credits == 1)
    :: led.status[i] == VOIDED || led.proved[i] -> assert(vch[i].credits == 0)
    :: else
    fi;
    /* What a restore made it forget is recorded, or the meter itself can show F: couriers may lose what they have. */
    assert(led.status[i] != UNKNOWN || vch[i].credits == 0 || orphan[i] || vch[i].inRing || IS_REMEMBERED(i));
    /* "every seq below the floor is resolved on the ledger" */
    assert(isRestored || !IS_OPEN(i) || vch[i].epoch != mEpoch || vch[i].seq >= floorSeq || led.epoch != mEpoch)
  }
  sums();
  assert(e + remainder <= register_);
  /* A released voucher may have stood for forgotten credit in the remainder; V of it then uncovers that. */
  assert(quarantined || register_ <= e + remainder + s + (isRestored -> fl : 0));
  e = 0; s = 0; fl = 0; i = 0
}

/* What may happen to one voucher: its number is the process's. */
active [VOUCHERS] proctype Voucher_life() {
  do
  :: atomic { vch[_pid].sealed ->
       printf("voucher %d is shown to the meter\n", _pid); present(_pid, false); check() }
  :: atomic { vch[_pid].voidSealed ->
       printf("the void order of voucher %d is shown to the meter\n", _pid); present(_pid, true); check() }
  :: atomic { vch[_pid].inRing && !vch[_pid].f ->
       printf("the meter sends its ring again\n"); showF(_pid); check() }
  :: atomic { vch[_pid].f && led.status[_pid] != REDEEMED && !orphan[_pid] ->
       printf("F of voucher %d is settled\n", _pid); settleF(_pid); check() }
  :: atomic { vch[_pid].v && led.status[_pid] != UNKNOWN && led.status[_pid] != VOIDED && !led.proved[_pid] ->
       printf("V of voucher %d is settled\n", _pid); settleV(_pid); check() }
#ifdef BUG_REFUND_WITHOUT_OPENING
  :: atomic { vch[_pid].refused && IS_OPEN(_pid) ->
       printf("the refusal of voucher %d is settled\n", _pid); led.status[_pid] = VOIDED; check() }
#endif
  :: atomic { led.status[_pid] == ISSUED ->
       printf("voucher %d is cancelled\n", _pid);
#ifdef BUG_REFUND_AT_CANCEL
       led.status[_pid] = VOIDED;
#else
       led.status[_pid] = CANCELLING;
#endif
       vch[_pid].voidSealed = true; check() }
  :: atomic { led.status[_pid] == CANCELLING ->
       printf("voucher %d is released without proof\n", _pid);
#ifdef BUG_RELEASE_IS_VOID
       led.status[_pid] = VOIDED;
#else
       led.status[_pid] = RELEASED;
#endif
       check() }
  od
}

/* What may happen with an order to end an epoch. */
active [ORDERS] proctype Epoch_order() {
  byte o = _pid - VOUCHERS;
  do
  :: atomic { orderSealed[o] ->
       printf("order %d to end epoch %d is shown to the meter\n", o, EPOCH_OF(o));
       showOrder(o); check() }
  :: atomic { c[o] && led.epoch == EPOCH_OF(o) ->
       printf("C of epoch %d is settled\n", EPOCH_OF(o)); moveTo(EPOCH_OF(o) + 1);
       if :: IS_NEW(o) && quarantined -> clearMeter() :: else fi;
       check() }
  /* "withdrawn, and the ledger takes over the meter's authentic keyEpoch" */
  :: atomic { led.order == o + 1 && EPOCH_OF(o) < mEpoch && endedBy != o ->
       printf("the order to end epoch %d is withdrawn\n", EPOCH_OF(o)); moveTo(mEpoch); check() }
  od
}

active proctype Town() {
  atomic {
    led.epoch = 1; led.nextSeq = 1;
    for (i : 0 .. VOUCHERS - 1) { led.status[i] = UNKNOWN; backup.status[i] = UNKNOWN }
    i = 0
  }
  do
  :: atomic { made < VOUCHERS && led.order == 0 && !quarantined -> issue(); check() }
  /* "stops issuing when it orders the end, and orders no other until the ended epoch has no open voucher" */
  :: atomic { led.order == 0 && led.epoch < LAST_EPOCH && (!quarantined || wasRead) ->
       hasOpenOfEnded();
       if
       :: e == 0 ->
         printf("the end of epoch %d is ordered\n", led.epoch);
         led.order = 1 + (led.epoch - 1) * 2 + isRestored; orderSealed[led.order - 1] = true
       :: else
       fi;
       e = 0; check() }
  /* An acknowledgement carries the ledger's floor; none while a voucher of the ended epoch is open. */
  :: atomic { true ->
       hasOpenOfEnded(); ledgerFloor();
#ifdef BUG_FLOOR_TOO_EARLY
       fl = led.nextSeq;
#endif
       if
       :: e == 0 && fl > ackFloor[led.epoch] ->
         printf("the gateway acknowledges, with floor %d of epoch %d\n", fl, led.epoch); ackFloor[led.epoch] = fl
       :: else
       fi;
       e = 0; fl = 0; check() }
  :: atomic { ackFloor[mEpoch] > floorSeq ->
       printf("the meter takes the acknowledgement\n"); floorSeq = ackFloor[mEpoch]; check() }
#ifdef RESTORE
  :: atomic { !isBackedUp ->
       printf("the ledger is backed up\n"); isBackedUp = true; copy(backup, led); check() }
  :: atomic { isBackedUp && !isRestored ->
       printf("the ledger is restored\n"); isRestored = true; copy(led, backup);
#ifndef BUG_REUSE_AFTER_RESTORE
       quarantined = true;
#endif
       check() }
  :: atomic { quarantined && !wasRead ->
       printf("the meter's status is read\n"); wasRead = true;
       if :: mEpoch > led.epoch -> moveTo(mEpoch) :: else fi;
       check() }
#endif
  od
}
