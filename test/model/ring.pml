/*
 * One channel's two rings, twice: what a client writes before it stores a tail is what the actor reads,
 * no record is overwritten before it was read, and no request is lost between the tails and the bitmap
 * that two clients share. Rings of two records; the counters run over (modulo 4, as uint32 does
 * modulo 2^32). Nobody sleeps here: sleep-wake.pml is about that.
 *
 *   Client   OperationTable.claim and RequestRing.write and publish (request-ring.ts), Doorbell.ring
 *            (doorbell.ts), Transport.drain, CompletionRing.next, advance and giveBack
 *   Actor    ActorLoop.#collectDirty and #takeFrom (actor-loop.ts), Channel.available, advance,
 *            complete and publish (channel.ts), Intake.copy (intake.ts)
 *
 * Invariants, asserted where they are relied on, in arithmetic modulo 4:
 *
 *   tail - head <= CAPACITY                                              of either ring
 *   posted <= CAPACITY - completions not taken - in flight               so there is always room
 *
 * Each mutant is a mistake that must be found; model.test.ts says which there are.
 */
#define CAPACITY 2
/* The counters begin where they soon run over. */
#define START 2
#define LAST(c) (START + (c == 0 -> 3 : 2))
#define COUNT(n) ((n) & 3)
#define SLOT(c, n) ((c) * CAPACITY + ((n) & 1))
/* Requests are numbered from 1 on; 0 is a record that nobody has written. */

byte request[4]                /* the request records of both clients */
byte completion[4]             /* their completion records */
byte requestTail[2] = START    /* stored by the client */
byte completionTail[2] = START /* stored by the actor */
byte completionHead[2] = START /* stored by the client */
byte dirty = 0                 /* the header's bitmap */

inline setBit(c) {
#ifdef MUTANT_BIT_WITHOUT_OR
  seen = dirty;
  dirty = seen | (1 << c);
#else
  if
  :: (dirty & (1 << c)) == 0 -> dirty = dirty | (1 << c)
  :: else
  fi;
#endif
  seen = 0
}

inline write(c) {
  posted++;
  request[SLOT(c, posted - 1)] = posted;
  outstanding = outstanding | (1 << posted)
}

proctype Client(byte c) {
  byte posted = START;           /* requests written */
  byte taken = START;            /* completions taken */
  byte outstanding = 0;        /* a bit for each request that has not completed */
  byte seen;
  byte number;
  do
#ifdef MUTANT_CLAIM_TOO_MANY
  :: posted < LAST(c) && posted - taken <= CAPACITY ->
#else
  :: posted < LAST(c) && posted - taken < CAPACITY ->
#endif
#ifdef MUTANT_RECORD_AFTER_TAIL
    requestTail[c] = COUNT(posted + 1);
    write(c);
    setBit(c)
#else
#ifdef MUTANT_BIT_BEFORE_TAIL
    write(c);
    setBit(c);
    requestTail[c] = COUNT(posted)
#else
    write(c);
    /* Several may be written before the tail is stored. */
    if
    :: posted < LAST(c) && posted - taken < CAPACITY -> write(c)
    :: true
    fi;
    requestTail[c] = COUNT(posted);
    setBit(c)
#endif
#endif
  :: completionTail[c] != COUNT(taken) ->
    assert(COUNT(completionTail[c] - taken) <= CAPACITY);
#ifdef MUTANT_SLOT_BEFORE_READ
    /* The place is given back, and used again, before the record was read. */
    taken++;
    completionHead[c] = COUNT(taken);
    if
    :: posted < LAST(c) -> write(c); requestTail[c] = COUNT(posted); setBit(c)
    :: else
    fi;
    number = completion[SLOT(c, taken - 1)];
#else
    number = completion[SLOT(c, taken)];
    taken++;
    completionHead[c] = COUNT(taken);
#endif
    /* It is one that is expected, and it comes once. */
    assert((outstanding & (1 << number)) != 0);
    outstanding = outstanding & ~(1 << number);
    number = 0
  :: taken == LAST(c) -> break
  od;
  assert(outstanding == 0)
}

/* Channel.available, Intake.copy and Channel.advance */
inline takeFrom(c) {
  if
  :: (bits & (1 << c)) != 0 ->
    available = COUNT(requestTail[c] - head[c]);
    assert(available <= CAPACITY);
    assert(available <= CAPACITY - COUNT(tail[c] - completionHead[c]) - inFlight[c]);
    if
    :: available > 0 ->
      number = request[SLOT(c, head[c])];
      expected[c]++;
      assert(number == expected[c]);
      head[c] = COUNT(head[c] + 1);
      inFlight[c]++;
      /* One is done now or, out of their order, after the next. */
      if
      :: held[c] == 0 -> held[c] = number
      :: complete(c, number)
      fi;
      ready = ready | (1 << c)
    :: else ->
      if
      :: held[c] != 0 -> complete(c, held[c]); held[c] = 0
      :: else
      fi
    fi;
    number = 0;
    available = 0
  :: else
  fi
}

/* Channel.complete and Channel.publish */
inline complete(c, which) {
  assert(COUNT(tail[c] - completionHead[c]) + inFlight[c] <= CAPACITY);
#ifdef MUTANT_COMPLETION_AFTER_TAIL
  completionTail[c] = COUNT(tail[c] + 1);
  completion[SLOT(c, tail[c])] = which;
#else
  completion[SLOT(c, tail[c])] = which;
  completionTail[c] = COUNT(tail[c] + 1);
#endif
  tail[c] = COUNT(tail[c] + 1);
  inFlight[c]--
}

proctype Actor() {
  byte head[2] = START;        /* its own copies: nothing is read back from shared memory */
  byte tail[2] = START;
  byte inFlight[2];
  byte held[2];
  byte expected[2] = START;
  byte ready = 0;
  byte bits;
  byte number;
  byte available;
end:
  do
  :: dirty != 0 || ready != 0 ->
#ifdef MUTANT_EXCHANGE_SPLIT
    bits = dirty;
    dirty = 0;
#else
    atomic { bits = dirty; dirty = 0 }
#endif
    atomic { bits = bits | ready; ready = 0 }
    takeFrom(0);
    takeFrom(1);
    bits = 0
  od
}

init {
  atomic {
    run Actor();
    run Client(0);
    run Client(1)
  }
}
