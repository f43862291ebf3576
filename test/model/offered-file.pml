/*
 * A file that the actor offers to the threads of its process, and closes: whoever reads reads the file
 * that he asked for. There is one slot of the table, used again and again, and one number for
 * descriptors: as soon as the actor has closed it, it is a file of somebody else, and then the actor's
 * next one. Readers ask for files that are not there yet, and for such as are gone.
 *
 *   Actor    OfferedFiles.offer and withdraw (offered-files.ts), OfferFile and WithdrawFile
 *   Reader   ReadOffered (all of them in cached_reads.cc)
 *
 * Invariants, asserted where they are relied on:
 *
 *   who uses the descriptor has seen kOffered and counts as a reader      so it is his file's
 *   the entry's fields change only while kOffered is clear                 so they belong together
 *
 * Each mutant is a mistake that must be found; model.test.ts says which there are.
 */
#define FILES 3
#define STRANGER 15
#define OFFERED 8

byte holder = 0      /* the file that the number of the descriptor stands for; 0: none */
byte state = 0       /* Entry.state: OFFERED, and the number of readers */
byte generation = 0  /* Entry.generation */

active proctype Actor() {
  byte file;
  byte readers;
  for (file : 1 .. FILES) {
    holder = file;
    if
    :: state == 0 ->
#ifdef MUTANT_FIELDS_AFTER_OFFER
      state = state | OFFERED;
      generation = file
#else
      generation = file;
      /* A reader that finds nothing may count itself in meanwhile: fetch_or leaves him there. */
      state = state | OFFERED
#endif
    :: state != 0 /* somebody is just finding out that there is nothing: it is not offered */
    fi;
#ifdef MUTANT_CLOSE_BEFORE_WITHDRAW
    holder = STRANGER;
#endif
    do
    ::
#ifdef MUTANT_CLEAR_AFTER_LOOK
      readers = state & (OFFERED - 1);
      state = state & (OFFERED - 1);
#else
      /* fetch_and */
      atomic { state = state & (OFFERED - 1); readers = state };
#endif
#ifdef MUTANT_READERS_NOT_AWAITED
      break
#else
      if
      :: readers == 0 -> break
      :: readers > 0
      fi
#endif
    od;
    holder = 0;
    /* Another thread of the process opens a file of its own, and closes it. */
    if
    :: holder = STRANGER
    :: true
    fi
  }
}

active [2] proctype Reader() {
  byte reads;
  byte asked;
  byte seen;
  for (reads : 1 .. 2) {
    select (asked : 1 .. FILES);
#ifdef MUTANT_LOOK_BEFORE_COUNT
    seen = state;
    state++;
#else
    /* fetch_add */
    atomic { seen = state; state++ };
#endif
    if
#ifdef MUTANT_GENERATION_UNCHECKED
    :: (seen & OFFERED) != 0 ->
#else
    :: (seen & OFFERED) != 0 && generation == asked ->
#endif
      /* preadv2 begins, and goes on for a while. */
      assert(holder == asked);
      assert(holder == asked)
    :: else
    fi;
    state--
  }
}
