/*
 * How client and actor put each other to sleep and wake each other: the actor's three states, the
 * client's two, two clients, two requests at a time each. No wait has a time limit here: if the
 * order of loads and stores alone did not wake everybody, spin would find the state in which a
 * client waits for ever, as an invalid end state.
 *
 * Atomics of JavaScript are sequentially consistent, and so is every statement of this model. What
 * each part models:
 *
 *   Client   Transport.publish, Doorbell.ring and Doorbell.#wake (doorbell.ts);
 *            Transport.drain, CompletionRing.waitAsync and waitSync (completion-ring.ts)
 *   Actor    ActorLoop.#collectDirty and #takeFrom (actor-loop.ts), Sleep.#block, #park and
 *            unpark (sleep.ts);
 *            Channel.publish, expectMore and wake (channel.ts)
 *   Kernel   completions that come while the actor sleeps: in io_uring_enter, or through the eventfd
 *            that is registered with the ring (UringEngine.block, setParked)
 *
 * Each mutant is a mistake that must be found; model.test.ts says which there are.
 */
#define CLIENTS 2
#ifndef SECOND
#define SECOND 1               /* requests of the second client; the first has two */
#endif
#define REQUESTS(c) (c == 0 -> 2 : SECOND)
#define CAPACITY 2

mtype = { RUNNING, BLOCKED, PARKED }
mtype state = RUNNING          /* header: HEADER_STATE */
byte dirty = 0                 /* header: the bitmap, one bit a client */
byte tail[CLIENTS]             /* request tails, stored by the clients */
byte completionTail[CLIENTS]   /* stored by the actor */
bool waiting[CLIENTS]          /* client state: CLIENT_WAITING */

bool doorbell = false          /* the eventfd that clients write to has a count */
bool parked = false            /* a waitAsync of the actor stands on the state word */
bool asleep[CLIENTS]           /* a wait of the client stands on its state word */

byte head[CLIENTS]             /* the actor's own: requests taken */
byte inKernel[CLIENTS]         /* operations that the kernel has not completed */
byte completed[CLIENTS]        /* the actor's own: completed and not published */
byte queue[CLIENTS]            /* the completion queue of the ring */
bool eventfdEnabled = false    /* IORING_CQ_EVENTFD_DISABLED is not set */
bool eventfd = false           /* the eventfd of completions has a count */
byte finished = 0              /* clients that are done */

/* Ring.hasWork */
#define hasWork (queue[0] + queue[1] > 0)

/* Atomics.notify. */
inline notifyActor() { parked = false }
inline notifyClient(c) { asleep[c] = false }

inline setBit(c) {
  /* Doorbell.ring looks first, so that a bit that is set already costs no store. */
  if
  :: (dirty & (1 << c)) == 0 -> dirty = dirty | (1 << c)
  :: else
  fi
}

/* Doorbell.#wake: the compare-exchange lets one client of many pay for the wake-up. */
inline wakeActor(seen) {
#ifdef MUTANT_NO_COMPARE
  state = RUNNING;
  won = true;
#else
  atomic {
    if
    :: state == seen -> state = RUNNING; won = true
    :: else -> won = false
    fi
  }
#endif
  if
#ifndef MUTANT_NOTIFY_SKIPPED
  :: won && seen == PARKED -> notifyActor()
#endif
#ifndef MUTANT_DOORBELL_SKIPPED
  :: won && seen == BLOCKED -> doorbell = true
#endif
  :: else
  fi
}

proctype Client(byte c) {
  byte posted = 0;
  byte settled = 0;
  mtype seen;
  bool won;
  do
  :: posted < REQUESTS(c) && posted - settled < CAPACITY ->
#ifdef MUTANT_BIT_BEFORE_TAIL
    setBit(c);
    posted++;
    tail[c] = posted;
    seen = state;
#else
#ifdef MUTANT_STATE_BEFORE_BIT
    posted++;
    tail[c] = posted;
    seen = state;
    setBit(c);
#else
    posted++;
    tail[c] = posted;
    setBit(c);
    seen = state;
#endif
#endif
    if
    :: seen != RUNNING -> wakeActor(seen)
    :: else
    fi;
    atomic { seen = RUNNING; won = false }
  :: settled < posted ->
    if
    :: completionTail[c] != settled -> settled = completionTail[c]
    :: else ->
#ifdef MUTANT_WAITING_AFTER_RECHECK
      if
      :: completionTail[c] == settled -> waiting[c] = true; goto wait
      :: else -> goto again
      fi;
#else
      waiting[c] = true;
#endif
#ifndef MUTANT_CLIENT_RECHECK_DROPPED
      if
      :: completionTail[c] != settled -> waiting[c] = false; goto again
      :: else
      fi;
#endif
wait:
      /* Atomics.waitAsync compares and enters the list of waiters in one step. */
      atomic {
        if
        :: waiting[c] -> asleep[c] = true
        :: else
        fi
      }
      !asleep[c];
again:
      skip
    fi
  :: settled == REQUESTS(c) -> break
  od;
  finished++
}

/* Channel.wake */
inline wakeClient(c) {
  due[c] = false;
  waiting[c] = false;
#ifndef MUTANT_CLIENT_NOTIFY_SKIPPED
  notifyClient(c);
#endif
}

/* Channel.publish: while more of the client's requests are coming, a wake-up may be put off. */
inline publish(c) {
  if
  :: completed[c] > 0 ->
#ifdef MUTANT_CLIENT_STATE_BEFORE_TAIL
    sleeps = waiting[c];
    atomic { completionTail[c] = completionTail[c] + completed[c]; completed[c] = 0 }
#else
    atomic { completionTail[c] = completionTail[c] + completed[c]; completed[c] = 0 }
    sleeps = waiting[c];
#endif
    if
    :: sleeps && coming[c] -> due[c] = true
    :: sleeps -> wakeClient(c)
    :: else
    fi;
    sleeps = false
  :: else
  fi
}

/*
 * ActorLoop.#takeFrom: takes one request, or none; the channel stays in line while it has more. Of
 * the first client, an operation may be answered at once, as cached reads are.
 */
inline takeFrom(c) {
  if
  :: (bits & (1 << c)) != 0 ->
    atomic {
      coming[c] = false;
      if
      :: head[c] != tail[c] -> head[c]++; work = true; inKernel[c]++
      :: head[c] != tail[c] && c == 0 -> head[c]++; work = true; completed[c]++
      :: else
      fi
    }
    atomic {
      if
      :: head[c] != tail[c] -> coming[c] = true; ready = ready | (1 << c)
      :: else
      fi
    }
    /* Channel.expectMore */
    if
    :: !coming[c] && due[c] ->
      atomic { due[c] = false; sleeps = waiting[c] }
      if
      :: sleeps -> wakeClient(c)
      :: else
      fi;
      sleeps = false
    :: else
    fi
  :: else
  fi
}

proctype Actor() {
  byte ready = 0;              /* the line of channels that may have requests */
  byte bits;
  bool coming[CLIENTS];
  bool due[CLIENTS];
  bool work;
  bool sleeps;
  do
  :: finished == CLIENTS -> break
  :: finished < CLIENTS ->
    /* #collectDirty */
#ifdef MUTANT_EXCHANGE_SPLIT
    atomic { work = false; bits = dirty }
    dirty = 0;
#else
    atomic { work = false; bits = dirty; dirty = 0 }
#endif
    atomic { bits = bits | ready; ready = 0 }
    takeFrom(0);
    takeFrom(1);
    /* Ring.reap: the kernel's completions. */
    atomic {
      bits = 0;
      if
      :: hasWork ->
        completed[0] = completed[0] + queue[0];
        completed[1] = completed[1] + queue[1];
        queue[0] = 0;
        queue[1] = 0;
        work = true
      :: else
      fi
    }
    publish(0);
    publish(1);
    if
    :: work || ready != 0
    :: else ->
      if
      :: true ->
        /* #block */
#ifdef MUTANT_STATE_AFTER_RECHECK
        if
        :: dirty == 0 -> state = BLOCKED; goto blocked
        :: else -> goto unblocked
        fi;
#else
        state = BLOCKED;
#endif
#ifndef MUTANT_RECHECK_DROPPED
        if
        :: dirty != 0 -> goto unblocked
        :: else
        fi;
#endif
blocked:
end_blocked:
        /* io_uring_enter: a completion, or the read of the doorbell, ends it. */
        atomic { (doorbell || hasWork || finished == CLIENTS) -> doorbell = false }
unblocked:
        state = RUNNING
      :: true ->
        /* #park */
#ifndef MUTANT_EVENTFD_LATE
        eventfdEnabled = true;
#endif
        state = PARKED;
#ifndef MUTANT_PARK_RECHECK_DROPPED
        if
        :: dirty != 0 || hasWork -> goto unparked
        :: else
        fi;
#endif
#ifdef MUTANT_EVENTFD_LATE
        eventfdEnabled = true;
#endif
        atomic {
          if
          :: state == PARKED -> parked = true
          :: else
          fi
        }
end_parked:
        atomic { (!parked || eventfd || finished == CLIENTS) -> eventfd = false }
unparked:
        /* unpark: no waiter is left behind. */
        atomic { state = RUNNING; parked = false }
        eventfdEnabled = false
      fi
    fi
  od
}

/* Completes what is in flight, at any time; its completions are the actor's to publish. */
proctype Kernel() {
  byte c;
  do
  :: finished == CLIENTS -> break
  :: atomic {
      inKernel[0] > 0 -> inKernel[0]--; queue[0]++;
      if
      :: eventfdEnabled -> eventfd = true
      :: else
      fi
    }
  :: atomic {
      inKernel[1] > 0 -> inKernel[1]--; queue[1]++;
      if
      :: eventfdEnabled -> eventfd = true
      :: else
      fi
    }
  od
}

init {
  atomic {
    run Actor();
    run Kernel();
    run Client(0);
    run Client(1)
  }
}
