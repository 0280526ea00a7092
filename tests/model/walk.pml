/* Copyright (c) 2026, the emperor.uwsgi authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The walk of one host with two vassals, two keys and two addresses. Each run wants an arbitrary state, can be interrupted at
 * every step, and the next run may want another state. Vassals are removed, renamed, swapped, moved, and bound differently.
 *
 * Every key has its own app. The text of a vassal's file is 0 if there is none, else 1 + 4 * key + 2 * address + how it is bound.
 */

#define PAIRS 4
#define POOLS 2
#define POOL(pair) ((pair) / 2)
#define KEY(text) (((text) - 1) / 4)
#define ADDRESS(text) (((text) - 1) / 2 % 2)
#define BOUND(text) (((text) - 1) % 2)
#define PAIR(text) (((text) - 1) / 2)
#define TEXT(key, address, bound) (1 + 4 * (key) + 2 * (address) + (bound))
#define TEXTS 9

#include "routers.pml"

#ifndef RUNS
#define RUNS 2
#endif

/* By vassal: the text of its file, the text that runs, its text in the folder "leaving", the wanted text, and the reason
 * "deploy". */
byte file[2];
byte running[2];
byte journal[2];
byte want[2];
bool held[2];
/* What this run does to each vassal, and whether an earlier, interrupted run removed its file. */
byte kind[2];
bool gone_before[2];
/* Whether the host has each private key. */
bool private[2];
/* Whether other hosts have nodes for each key. */
bool elsewhere[2];
/* The wanted keys that have had an accepted node. */
bool served[2];
byte runs = RUNS;

#define KEEP 0
#define START 1
#define RELOAD 2
#define RESTART 3
#define STOP 4

#define ANNOUNCES(vassal, pair) (running[vassal] && PAIR(running[vassal]) == (pair) && !held[vassal])
#define SIGNS(pair) (OLD * private[POOL(pair)])
#define ANNOUNCED(pair) ((ANNOUNCES(0, pair) || ANNOUNCES(1, pair)) * SIGNS(pair))
#define TAKEN(vassal) (running[1 - (vassal)] && ADDRESS(running[1 - (vassal)]) == ADDRESS(file[vassal]))
#define TO_STOP(vassal) (running[vassal] && !file[vassal])
#define TO_START(vassal) (!running[vassal] && file[vassal] && !TAKEN(vassal))
#define TO_RELOAD(vassal) (running[vassal] && file[vassal] && running[vassal] != file[vassal] && !TAKEN(vassal))
#define BUSY (TO_STOP(0) || TO_STOP(1) || TO_START(0) || TO_START(1) || TO_RELOAD(0) || TO_RELOAD(1))
#define WANTED(key) ((want[0] && KEY(want[0]) == (key)) || (want[1] && KEY(want[1]) == (key)))
/* Requests for a pair reach the vassal that listens at its address. */
#define REACHES(vassal, pair) (running[vassal] && ADDRESS(running[vassal]) == (pair) % 2)
#define ANSWERED(pair) (KNOWN(pair) && (REACHES(0, pair) || REACHES(1, pair)))
#define SERVED(key) (elsewhere[key] || ANSWERED(2 * (key)) || ANSWERED(2 * (key) + 1))
/* The pair was just heard, and the vassal at its address is not held out. */
#define STEADY(pair) ((life[SLOT(0, pair)] == FRESH || life[SLOT(1, pair)] == FRESH) && ((REACHES(0, pair) && !held[0]) || (REACHES(1, pair) && !held[1])))
#define WRONG(vassal, pair) (KNOWN(pair) && REACHES(vassal, pair) && KEY(running[vassal]) != POOL(pair))

#ifdef ENDS
#define COMPLETE(all) assert(all)
#else
#define COMPLETE(all) skip
#endif

inline check() {
#ifdef RIGHT_APP
  assert(!WRONG(0, 0) && !WRONG(0, 1) && !WRONG(0, 2) && !WRONG(0, 3));
  assert(!WRONG(1, 0) && !WRONG(1, 1) && !WRONG(1, 2) && !WRONG(1, 3));
#endif
#ifdef AVAILABLE
  assert((!served[0] || SERVED(0)) && (!served[1] || SERVED(1)));
  served[0] = WANTED(0) && (served[0] || STEADY(0) || STEADY(1));
  served[1] = WANTED(1) && (served[1] || STEADY(2) || STEADY(3));
#endif
  skip
}

#include "network.pml"

/* Stands for: uwsgi core/emperor.c; an instance whose file is gone stops, and signs its goodbye with the key that exists then. */
inline stop(vassal) {
  say_goodbye(PAIR(running[vassal]), SIGNS(PAIR(running[vassal])));
  running[vassal] = 0;
  check()
}

/* Stands for: uwsgi core/emperor.c; an instance starts or reloads, and announces itself unless a reason holds it out. */
inline start(vassal) {
  running[vassal] = file[vassal];
  announce(PAIR(running[vassal]), !held[vassal] * SIGNS(PAIR(running[vassal])));
  check()
}

/* Stands for: uwsgi core/emperor.c; a reloaded instance keeps its socket and says no goodbye. */
inline reload(vassal) {
  if
  :: PAIR(running[vassal]) != PAIR(file[vassal]) && !held[vassal] -> last_announcement(PAIR(running[vassal]), OLD)
  :: else
  fi;
  start(vassal)
}

#define SETTLED(text, what) (!ON_ITS_WAY(PAIR(text), what))

proctype Emperor() {
end:
  do
  :: d_step { TO_STOP(0) && SETTLED(running[0], announcement) -> stop(0) }
  :: d_step { TO_STOP(1) && SETTLED(running[1], announcement) -> stop(1) }
  :: d_step { TO_START(0) && SETTLED(file[0], goodbye) -> start(0) }
  :: d_step { TO_START(1) && SETTLED(file[1], goodbye) -> start(1) }
  :: atomic { TO_RELOAD(0) -> reload(0) }
  :: atomic { TO_RELOAD(1) -> reload(1) }
  od
}

/* The run may be killed here. Only what is on disk survives. */
#define CUT if :: runs -> goto cut_off :: true fi

#define PASSES(vassal) (file[vassal] && want[1 - (vassal)] && ADDRESS(want[1 - (vassal)]) == ADDRESS(file[vassal]))
#define MOVES(vassal) (ADDRESS(want[vassal]) != ADDRESS(file[vassal]))
#define REBINDS(vassal) (BOUND(want[vassal]) != BOUND(file[vassal]))
#define LEAVES(vassal) (kind[vassal] == RESTART || kind[vassal] == STOP)
#define KEEPS_PAIR(vassal) (want[vassal] && PAIR(want[vassal]) == PAIR(file[vassal]))

/* Stands for: plugins/module_utils/_deployment/changes.py (_change) */
inline change(vassal) {
  if
  :: !file[vassal] && !want[vassal] -> kind[vassal] = KEEP
  :: !file[vassal] && want[vassal] -> kind[vassal] = START
  :: file[vassal] && !want[vassal] -> kind[vassal] = STOP
  :: file[vassal] && want[vassal] ->
    if
    :: file[vassal] == want[vassal] && !PASSES(vassal) -> kind[vassal] = KEEP
    :: else ->
      if
      :: PASSES(vassal) || MOVES(vassal) || REBINDS(vassal) -> kind[vassal] = RESTART
#ifndef KEY_CHANGE_RELOADS
      :: !KEEPS_PAIR(vassal) && !MOVES(vassal) && !PASSES(vassal) && !REBINDS(vassal) -> kind[vassal] = RESTART
#endif
      :: else -> kind[vassal] = RELOAD
      fi
    fi
  fi
}

/* Stands for: plugins/module_utils/_deployment/walk.py (go); it compares the wanted state with the present one, and finds what an
 * earlier run left. */
inline plan() {
  change(0);
  change(1);
  gone_before[0] = journal[0] && !file[0];
  gone_before[1] = journal[1] && !file[1]
}

#define OTHER_PAIR(text) (PAIR(text) - ADDRESS(text) + 1 - ADDRESS(text))
#ifdef LEAVERS_COUNT
#define OTHERS(vassal) (elsewhere[KEY(file[vassal])] || LISTED(OTHER_PAIR(file[vassal])))
#else
/* A vassal that leaves at the same time does not count. */
#define OTHERS(vassal) (elsewhere[KEY(file[vassal])] \
  || (LISTED(OTHER_PAIR(file[vassal])) && !(LEAVES(1 - (vassal)) && PAIR(file[1 - (vassal)]) == OTHER_PAIR(file[vassal]))))
#endif
#ifdef STOPS_UNCHECKED
#define CHECKED(vassal) (kind[vassal] == RESTART)
#else
#define CHECKED(vassal) (kind[vassal] == RESTART || (kind[vassal] == STOP && WANTED(KEY(file[vassal]))))
#endif
#ifdef UNSEEN
/* Stands for: plugins/module_utils/_deployment/leaving.py (require_others), if no router can be asked. */
#define REFUSED(vassal) (kind[vassal] == RESTART && REBINDS(vassal))
#else
/* Stands for: plugins/module_utils/_deployment/leaving.py (require_others) */
#define REFUSED(vassal) (CHECKED(vassal) && KNOWN(PAIR(file[vassal])) && !OTHERS(vassal))
#endif

/* Stands for: plugins/module_utils/_run/uwsgi_signing_keys.py (run); it installs new keys and removes none. */
inline install_keys() {
  private[0] = private[0] || WANTED(0);
  private[1] = private[1] || WANTED(1)
#ifdef PURGED_FIRST
  ;
  private[0] = WANTED(0);
  private[1] = WANTED(1)
#endif
}

/* Stands for: plugins/module_utils/_run/emperor/served.py (_purged) */
inline purge_keys() {
  private[0] = WANTED(0);
  private[1] = WANTED(1)
}

/* Stands for: plugins/module_utils/_deployment/journal.py (add) */
inline add_to_journal() {
  if
  :: LEAVES(0) || (kind[0] == RELOAD && !KEEPS_PAIR(0)) -> journal[0] = file[0]
  :: else
  fi;
  if
  :: LEAVES(1) || (kind[1] == RELOAD && !KEEPS_PAIR(1)) -> journal[1] = file[1]
  :: else
  fi
}

/* Stands for: plugins/module_utils/_deployment/leaving.py (silence) */
inline silence(vassal) {
  atomic {
    if
    :: running[vassal] && !held[vassal] -> last_announcement(PAIR(running[vassal]), OLD)
    :: else
    fi;
    held[vassal] = true
  }
}

/* Without its key, neither this run nor a later one can say goodbye. */
#define HAS_KEY(vassal) (private[KEY(journal[vassal])])
#define BID(vassal) farewell = farewell | (1 << PAIR(journal[vassal])); say_goodbye(PAIR(journal[vassal]), OLD)
#define OUT(pair) (!(farewell & (1 << (pair))) || !KNOWN(pair))
#define ALL_OUT (OUT(0) && OUT(1) && OUT(2) && OUT(3))

/* Stands for: plugins/module_utils/_deployment/leaving.py (__init__), and the first datagrams of its leave. */
inline begin_leave(first, second) {
  begin_wait();
  if
  :: first -> COMPLETE(HAS_KEY(0)); BID(0)
  :: else
  fi;
  if
  :: second -> COMPLETE(HAS_KEY(1)); BID(1)
  :: else
  fi
}

#ifdef UNSEEN
/* Stands for: plugins/module_utils/_deployment/leaving.py (leave), if no router can be asked: nobody knows what arrives. */
inline end_leave() {
  d_step { end_wait(15) }
}

/* Stands for: plugins/module_utils/_deployment/leaving.py (outlast) */
inline outlast() {
  d_step { begin_wait() };
  d_step { waited >= FRESH -> end_wait(15) }
}
#else
/* Stands for: plugins/module_utils/_deployment/leaving.py (leave) */
inline end_leave() {
  d_step { ALL_OUT -> end_wait(15) }
}

/* Stands for: plugins/module_utils/_deployment/leaving.py (outlast), if the routers were seen to forget. */
inline outlast() {
  skip
}
#endif

/* Stands for: plugins/module_utils/_deployment/leaving.py (stopped) */
inline stopped(first, second) {
  d_step { begin_wait() };
  d_step { !((first) && running[0]) && !((second) && running[1]) -> end_wait(15) }
}

#define ANNOUNCED_BY(vassal, text) (file[vassal] && PAIR(file[vassal]) == PAIR(text))
/* A pair in the folder "leaving" that no vassal's file announces any more. */
#define GIVEN_UP(vassal) (journal[vassal] && !ANNOUNCED_BY(0, journal[vassal]) && !ANNOUNCED_BY(1, journal[vassal]))
#ifdef HEIRS_ARE_DISMISSED
#define LEFT_BEHIND(vassal) (gone_before[vassal])
#else
#define LEFT_BEHIND(vassal) (gone_before[vassal] && GIVEN_UP(vassal))
#endif

/* Stands for: plugins/module_utils/_deployment/walk.py (_gone) */
inline gone(first, second, third, fourth) {
  stopped(first, second);
  CUT;
#ifndef ONE_GOODBYE
  d_step { begin_leave(third, fourth) };
  end_leave();
  outlast();
#endif
  CUT
}

/* Stands for: plugins/module_utils/_files/directory.py (apply); it removes the file of a removed vassal. */
inline remove_file(vassal) {
  file[vassal] = 0
}

/* Stands for: plugins/module_utils/_run/uwsgi_vassals.py (run); it writes the wanted state. */
inline write_file(vassal) {
  file[vassal] = want[vassal]
}

/* Stands for: plugins/module_utils/_deployment/walk.py (end) */
inline come_back(vassal) {
  if
  :: LEAVES(vassal) || gone_before[vassal] -> held[vassal] = false
  :: else
  fi
}

/* Stands for: plugins/module_utils/_deployment/journal.py (remove); the routers have nothing left to forget of this vassal. */
inline drop_from_journal(vassal) {
  if
  :: LEAVES(vassal) || gone_before[vassal] -> journal[vassal] = 0
  :: else
  fi
}

#ifdef UNSEEN
#define SERVES(vassal) (running[vassal] == file[vassal])
#else
/* Stands for: plugins/module_utils/_deployment/serving.py (look) */
#define SERVES(vassal) (running[vassal] == file[vassal] && (!file[vassal] || held[vassal] || LISTED(PAIR(file[vassal]))))
#endif


/* Stands for: plugins/module_utils/_run/emperor/served.py (_forgotten) */
inline forget() {
  d_step { begin_leave(GIVEN_UP(0), GIVEN_UP(1)) };
  if
  :: farewell -> end_leave(); outlast()
  :: else -> end_leave()
  fi;
  CUT;
  d_step {
    if
    :: journal[0] -> held[0] = false
    :: else
    fi;
    if
    :: journal[1] -> held[1] = false
    :: else
    fi
  };
  CUT;
  journal[0] = 0;
  CUT;
  journal[1] = 0
}

/* The state that a run has to reach. The first run wants any state, later ones the same or, if somebody changes their mind, the
 * original one. Two vassals cannot bind the same address (_refuse_doubles of changes.py). */
inline choose() {
  if
#ifndef ANY
  :: runs < RUNS - 1
  :: runs < RUNS - 1 -> want[0] = TEXT(0, 0, 0); want[1] = TEXT(1, 1, 0)
  :: runs == RUNS - 1 ->
#else
  :: true ->
#endif
    select(one : 0 .. TEXTS - 1);
    want[0] = one;
    select(one : 0 .. TEXTS - 1);
    want[1] = one
#ifdef UNBOUND
    ;
    /* No vassal is bound differently. */
    (!want[0] || !BOUND(want[0])) && (!want[1] || !BOUND(want[1]))
#endif
  fi;
  (want[0] || want[1]) && !(want[0] && want[1] && ADDRESS(want[0]) == ADDRESS(want[1]));
  served[0] = served[0] && WANTED(0);
  served[1] = served[1] && WANTED(1)
}
#ifdef RELEASE_1_0_0
/* Stands for: roles/emperor/tasks/vassals.yml as it was in 1.0.0: first the keys, without those that are no longer used, then the
 * files. */
inline run_of_1_0_0() {
  d_step { install_keys() };
  CUT;
  write_file(0);
  write_file(1)
}
#endif

proctype Run() {
  do
  :: runs ->
    atomic { runs--; choose() };
#ifdef RELEASE_1_0_0
    run_of_1_0_0();
#else
    d_step { install_keys() };
    CUT;
    d_step { plan() };
    if
    :: REFUSED(0) || REFUSED(1) -> goto cut_off
    :: else
    fi;
    d_step { add_to_journal() };
    CUT;
    if
    :: LEAVES(0) || LEAVES(1) ->
      if
      :: LEAVES(0) -> silence(0); CUT
      :: else
      fi;
      if
      :: LEAVES(1) -> silence(1); CUT
      :: else
      fi;
      d_step { begin_leave(LEAVES(0), LEAVES(1)) };
      end_leave();
      CUT;
      if
      :: LEAVES(0) -> remove_file(0); CUT
      :: else
      fi;
      if
      :: LEAVES(1) -> remove_file(1); CUT
      :: else
      fi;
      gone(LEAVES(0), LEAVES(1), LEAVES(0), LEAVES(1))
    :: else
    fi;
    if
    :: gone_before[0] || gone_before[1] -> gone(gone_before[0], gone_before[1], LEFT_BEHIND(0), LEFT_BEHIND(1))
    :: else
    fi;
    write_file(0);
    CUT;
    write_file(1);
    CUT;
    d_step { come_back(0) };
    CUT;
    d_step { come_back(1) };
    CUT;
    d_step { drop_from_journal(0); drop_from_journal(1) };
    CUT;
    d_step { begin_wait() };
    d_step { SERVES(0) && SERVES(1) -> end_wait(15) };
    CUT;
    forget();
    CUT;
    d_step { purge_keys() };
    /* A complete run leaves nothing undone. */
    COMPLETE(!held[0] && !held[1] && !journal[0] && !journal[1] && file[0] == want[0] && file[1] == want[1]);
#endif
cut_off:
    skip;
    d_step { end_waits(); kind[0] = 0; kind[1] = 0; gone_before[0] = false; gone_before[1] = false }
  :: else -> break
  od
}

init {
  d_step {
    file[0] = TEXT(0, 0, 0);
#ifdef ONE_KEY
    file[1] = TEXT(0, 1, 0);
#else
    file[1] = TEXT(1, 1, 0);
#endif
    running[0] = file[0];
    running[1] = file[1];
    private[0] = true;
    private[1] = true;
    public[0] = OLD;
    public[1] = OLD;
    public[2] = OLD;
    public[3] = OLD;
    cached[0] = OLD;
    cached[1] = OLD;
    cached[2] = OLD;
    cached[3] = OLD;
    life[SLOT(0, 0)] = FRESH;
    life[SLOT(1, 0)] = FRESH;
    life[SLOT(0, PAIR(file[1]))] = FRESH;
    life[SLOT(1, PAIR(file[1]))] = FRESH
  };
#ifndef AVAILABLE
  elsewhere[0] = true;
  elsewhere[1] = true;
#else
  if
  :: true
  :: elsewhere[0] = true
  :: elsewhere[1] = true
  :: atomic { elsewhere[0] = true; elsewhere[1] = true }
  fi;
#endif
  atomic { run Network(); run Emperor(); run Run() }
}
