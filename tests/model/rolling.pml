/* Copyright (c) 2026, the emperor.uwsgi authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * playbooks/site.yml deploys two hosts, each with a node of the same key, one after the other: it drains, writes and restores
 * each. The change makes the vassal stop and start. A run can be interrupted at every step, and is repeated until it completes.
 */

#define PAIRS 2
#define POOLS 1
#define POOL(pair) 0
#include "routers.pml"

#ifndef RUNS
#define RUNS 3
#endif
#define WANTED 2

/* By host, whose number is also its node's pair: the version of the vassal's file (0: none), the version that runs, whether the
 * vassal is in the folder "leaving", and the reasons "deploy" and "rolling-update". */
byte file[2];
byte running[2];
bool journal[2];
bool deploy[2];
bool rolling[2];
/* The hosts that a run does first. */
bool interrupted[2];
bool refused;
byte runs = RUNS;
/* The number of runs in a row that were not interrupted. */
byte whole;

#define SIGNS(pair) OLD
#define HELD(host) (deploy[host] || rolling[host])
#define ANNOUNCED(pair) ((running[pair] && !HELD(pair)) * OLD)
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
      announce(host, !HELD(host) * OLD)
    }
#ifdef UPDATE
  :: atomic { running[host] && file[host] && running[host] != file[host] -> running[host] = file[host]; announce(host, !HELD(host) * OLD) }
#endif
  od
}

#define CUT if :: runs -> goto cut_off :: true fi

/* Stands for: plugins/module_utils/_deployment/leaving.py (silence), plugins/module_utils/_node/held.py (hold) */
inline hold(host, reason) {
  atomic {
    if
    :: running[host] && !HELD(host) -> last_announcement(host, OLD)
    :: else
    fi;
    reason = true
  }
}

/* Stands for: plugins/module_utils/_pool/watch.py (wait), which settles: all datagrams have arrived. */
inline drain(host) {
  d_step { begin_wait(); farewell = farewell | (1 << (host)); say_goodbye(host, OLD) };
  d_step { !KNOWN(host) && !ON_ITS_WAY(host, announcement) && !ON_ITS_WAY(host, goodbye) -> end_wait(1 << (host)) }
}

/* Stands for: plugins/module_utils/_deployment/leaving.py (leave) */
inline leave(host) {
  d_step { begin_wait(); farewell = farewell | (1 << (host)); say_goodbye(host, OLD) };
  d_step { !KNOWN(host) -> end_wait(1 << (host)) }
}

/* Stands for: plugins/module_utils/_pool/watch.py (require) */
#ifdef NO_MINIMUM
#define ENOUGH(host) true
#elif defined(SILENT_COUNT)
#define ENOUGH(host) LISTED(1 - (host))
#else
/* The other was heard again, so nothing holds it out. */
#define ENOUGH(host) (LISTED(1 - (host)) && !HELD(1 - (host)))
#endif

/* Stands for: roles/emperor/tasks/take_out.yml, for deployed vassals (roles/emperor/tasks/take_out_deployed.yml) */
inline take_out(host) {
  if
  :: file[host] && !ENOUGH(host) -> refused = true; goto whole_run
  :: file[host] && ENOUGH(host) ->
    CUT;
    hold(host, rolling[host]);
    CUT;
    drain(host)
  :: !file[host]
  fi;
  CUT
}

/* Stands for: plugins/module_utils/_deployment/walk.py (_gone) */
inline gone(host) {
  d_step { begin_wait() };
  d_step { !running[host] -> end_wait(0) };
  CUT;
  leave(host);
  CUT
}

/* Stands for: plugins/module_utils/_deployment/walk.py (go, _done, _leave, end), by roles/emperor/tasks/main.yml. It does not
 * check for other nodes, since the vassal is already out of its pools. */
inline deploy_node(host) {
  if
  :: file[host] && file[host] != WANTED ->
    journal[host] = true;
    CUT;
    hold(host, deploy[host]);
    CUT;
    leave(host);
    CUT;
    file[host] = 0;
    CUT;
    gone(host)
  :: else ->
    if
    :: journal[host] && !file[host] -> gone(host)
    :: else
    fi
  fi;
  file[host] = WANTED;
  CUT;
  deploy[host] = false;
  CUT;
  journal[host] = false;
  CUT
}

/* Stands for: roles/emperor/tasks/current_vassals.yml, and plugins/module_utils/_run/uwsgi_reload.py (run) in a rolling update */
inline wait_for_vassal(host) {
  d_step { begin_wait() };
  d_step { running[host] == file[host] -> end_wait(0) };
  CUT
}

/* Stands for: roles/emperor/tasks/bring_back.yml */
inline bring_back(host) {
  rolling[host] = false;
  CUT;
#ifndef NOT_RESTORED
  d_step { begin_wait() };
  /* Wait until the node is heard again (came_in of plugins/module_utils/_pool/presence.py). */
  d_step { life[SLOT(0, host)] == FRESH && life[SLOT(1, host)] == FRESH -> end_wait(0) };
#endif
  CUT
}

/* Stands for: roles/emperor/tasks/rolling_deploy.yml; with UPDATE roles/emperor/tasks/rolling_update.yml, which reloads the
 * vassal. */
inline change(host) {
  take_out(host);
#ifdef UPDATE
  file[host] = WANTED;
  CUT;
#else
  deploy_node(host);
#endif
  wait_for_vassal(host);
  bring_back(host)
}

/* Stands for: roles/emperor/tasks/interrupted_update.yml */
inline find_interrupted() {
#ifdef DEPLOYED_ONLY
  interrupted[0] = rolling[0] && file[0];
  interrupted[1] = rolling[1] && file[1]
#else
  interrupted[0] = rolling[0];
  interrupted[1] = rolling[1]
#endif
}

proctype Run() {
  do
  :: runs ->
    d_step { runs--; refused = false; find_interrupted() };
    CUT;
    /* In the order of playbooks/site.yml and playbooks/rolling_update.yml: first hosts whose update was interrupted, then the
     * others. */
    if
    :: interrupted[1] && !interrupted[0] -> change(1); change(0)
    :: else -> change(0); change(1)
    fi;
    goto whole_run;
cut_off:
    whole = 0;
    goto next_run;
whole_run:
    whole++;
    if
    :: refused ->
      /* Nobody repeats a run faster than this. */
      d_step { begin_wait() };
      d_step { waited > 1 -> end_wait(0) }
    :: else
    fi;
next_run:
    skip;
    d_step { end_waits(); interrupted[0] = false; interrupted[1] = false }
#ifdef ENDS
    ;
    /* A run can be refused until the routers hear the node again that the last run restored. The next run is not refused. */
    assert(!refused || whole < 2);
    assert(!whole || refused || (file[0] == WANTED && file[1] == WANTED && !HELD(0) && !HELD(1) && !journal[0] && !journal[1]))
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
  atomic { run Network(); run Emperor(0); run Emperor(1); run Run() }
}
