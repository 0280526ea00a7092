/* Copyright (c) 2026, the emperor.uwsgi authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One run deploys two hosts, each with a node of the same key that has to stop and start. The hosts run in parallel and take
 * turns. A run can be interrupted at every step, on both hosts at once, and is repeated until it completes.
 */

#define PAIRS 2
#define POOLS 1
#define POOL(pair) 0
#include "routers.pml"

#ifndef RUNS
#define RUNS 3
#endif
#define NOBODY 2
#define WANTED 2

/* By host, whose number is also its node's pair: the version of its file (0: none), the version that runs, the folder "leaving",
 * and whether something holds the node out. */
byte file[2];
byte running[2];
bool journal[2];
bool held[2];
/* Whose turn it is, which hosts are at work, and whether a host was refused. */
byte turn = NOBODY;
bool working[2];
bool refused;
byte runs = RUNS;
bool cut;
/* The number of runs in a row that were not interrupted. */
byte whole;

#define SIGNS(pair) OLD
#define ANNOUNCED(pair) ((running[pair] && !held[pair]) * OLD)
#define BUSY (running[0] != file[0] || running[1] != file[1])

inline check() {
#ifdef AVAILABLE
  assert((KNOWN(0) && running[0]) || (KNOWN(1) && running[1]))
#else
  skip
#endif
}

#include "network.pml"

/* Stands for: uwsgi core/emperor.c */
proctype Emperor(byte host) {
end:
  do
  :: d_step { running[host] && !file[host] && !ON_ITS_WAY(host, announcement) -> say_goodbye(host, OLD); running[host] = 0; check() }
  :: d_step {
      !running[host] && file[host] && !ON_ITS_WAY(host, goodbye) ->
      running[host] = file[host];
      announce(host, !held[host] * OLD)
    }
  od
}

#ifdef OUTLIVED
/* The controller is killed, but the module on the host continues. */
#define CUT skip
#else
/* The run is killed on both hosts. */
#define CUT if :: cut -> goto cut_off :: !cut && runs -> cut = true; goto cut_off :: !cut fi
#endif
#define WAIT(condition, pairs) d_step { (condition) || cut -> end_wait(pairs) }

/* Stands for: plugins/module_utils/_deployment/leaving.py (require_others) */
#ifdef SILENT_COUNT
#define OTHERS(host) LISTED(1 - (host))
#else
/* The other was heard again since the turn began, so nothing holds it out. */
#define OTHERS(host) (LISTED(1 - (host)) && !held[1 - (host)])
#endif

/* Stands for: plugins/action/uwsgi_emperor.py (_written); the lock is released when its process ends. */
inline take_turn(host) {
#ifdef NO_TURNS
  skip
#else
  d_step { turn == NOBODY || cut -> turn = host }
#endif
}

/* Stands for: plugins/action/uwsgi_emperor.py (_written) */
inline end_turn(host) {
  d_step {
    if
    :: turn == host -> turn = NOBODY
    :: else
    fi
  }
}

/* Stands for: plugins/module_utils/_deployment/leaving.py (silence) */
inline silence(host) {
  atomic {
    if
    :: running[host] && !held[host] -> last_announcement(host, OLD)
    :: else
    fi;
    held[host] = true
  }
}

/* Stands for: plugins/module_utils/_deployment/leaving.py (leave) */
inline leave(host) {
  d_step { begin_wait(); farewell = farewell | (1 << (host)); say_goodbye(host, OLD) };
  WAIT(!KNOWN(host), 1 << (host))
}

/* Stands for: plugins/module_utils/_deployment/walk.py (_gone), with stopped of plugins/module_utils/_deployment/leaving.py. */
inline gone(host) {
  d_step { begin_wait() };
  WAIT(!running[host], 0);
  CUT;
  leave(host);
  CUT
}

/* Stands for: plugins/module_utils/_deployment/leaving.py (returned) */
inline returned(host) {
#ifndef NOT_RETURNED
  d_step { begin_wait() };
  WAIT(LISTED(host), 0)
#else
  skip
#endif
}

/* Stands for: plugins/module_utils/_deployment/walk.py (end) */
inline end_walk(host) {
  held[host] = false;
  CUT;
  journal[host] = false;
  CUT
}

/* Stands for: plugins/module_utils/_deployment/serving.py (look) */
inline serve(host) {
  d_step { begin_wait() };
  WAIT(running[host] == file[host] && LISTED(host), 0)
}

proctype Host(byte host) {
end:
  do
  :: working[host] ->
    if
    :: file[host] && file[host] != WANTED ->
      if
#ifdef LOOKS_BEFORE_ITS_TURN
      :: KNOWN(host) && !OTHERS(host) -> goto refusal
      :: KNOWN(host) && OTHERS(host) -> take_turn(host)
#else
      :: KNOWN(host) -> take_turn(host)
#endif
      :: !KNOWN(host)
      fi;
      CUT;
      if
      :: KNOWN(host) && !OTHERS(host) -> goto refusal
      :: else
      fi;
      CUT;
      journal[host] = true;
      CUT;
      silence(host);
      CUT;
      leave(host);
      CUT;
      file[host] = 0;
      CUT;
      gone(host);
      file[host] = WANTED;
      CUT;
      end_walk(host);
      returned(host);
      CUT
    :: else ->
      if
      :: journal[host] && !file[host] -> gone(host)
      :: else
      fi;
      file[host] = WANTED;
      CUT;
      if
      :: journal[host] -> end_walk(host)
      :: else
      fi
    fi;
    serve(host);
    goto cut_off;
refusal:
    refused = true;
cut_off:
    skip;
    atomic { end_turn(host); working[host] = false }
  od
}

/* Runs follow one another; a turn ends with its run. */
proctype Controller() {
  do
  :: runs ->
#ifdef OUTLIVED
    d_step { runs--; turn = NOBODY; refused = false; working[0] = true; working[1] = true };
    if
    :: !working[0] && !working[1]
    :: runs
    fi
#else
    d_step { runs--; cut = false; turn = NOBODY; refused = false; end_waits(); working[0] = true; working[1] = true };
    d_step {
      !working[0] && !working[1] ->
      if
      :: cut -> whole = 0
      :: else -> whole++
      fi
    };
#ifdef ENDS
    /* A host can be refused while another comes back from an interrupted run. The next run completes everything. */
    assert(!refused || whole < (runs == RUNS - 1 -> 1 : 2));
    assert(refused || cut || (file[0] == WANTED && file[1] == WANTED && !held[0] && !held[1] && !journal[0] && !journal[1]))
#endif
#endif
  :: else -> break
  od
}

init {
  d_step {
    file[0] = 1;
    file[1] = 1;
    running[0] = 1;
    running[1] = 1;
    public[0] = OLD;
    public[1] = OLD;
    cached[0] = OLD;
    cached[1] = OLD;
    life[0] = FRESH;
    life[1] = FRESH;
    life[2] = FRESH;
    life[3] = FRESH
  };
  atomic { run Network(); run Emperor(0); run Emperor(1); run Host(0); run Host(1); run Controller() }
}
