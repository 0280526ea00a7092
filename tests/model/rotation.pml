/* Copyright (c) 2026, the emperor.uwsgi authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * playbooks/rotate_signing_keys.yml rotates the signing key of a pool with two nodes. A run can be interrupted at every step, and
 * is repeated until it completes.
 */

#define PAIRS 2
#define POOLS 1
#define POOL(pair) 0
#define GENERATIONS
#include "routers.pml"

#ifndef RUNS
#define RUNS 3
#endif

/* The controller's key and the one in its folder "next"; by host, whose number is also its node's pair, the same two keys, and
 * whether the vassal's file and the running vassal sign with both. */
byte store = OLD;
byte next_store;
byte private[2];
byte next[2];
bool both[2];
bool running_both[2];
bool ended;
bool refused;
byte runs = RUNS;
/* The number of runs in a row that were not interrupted. */
byte whole;

#define SIGNS(pair) 0
#define ANNOUNCED(pair) (private[pair] | (running_both[pair] * next[pair]))
#define BUSY (running_both[0] != both[0] || running_both[1] != both[1])
#define SUCCEEDS (next_store && next_store != store)
#define ACCEPTS(router, pair) ((ANNOUNCED(pair) & public[router]) && (!cached[router] || (ANNOUNCED(pair) & cached[router])))

inline check() {
#ifdef AVAILABLE
  assert(KNOWN(0) || KNOWN(1))
#elif defined(ACCEPTED)
  /* Also if the router crashes now and loses its cached keys. */
  assert(ACCEPTS(0, 0) && ACCEPTS(0, 1) && ACCEPTS(1, 0) && ACCEPTS(1, 1))
#else
  skip
#endif
}

#include "network.pml"

/* Stands for: uwsgi core/emperor.c; a reloaded vassal announces itself at once. */
proctype Emperor(byte host) {
end:
  do
  :: d_step {
      running_both[host] != both[host] ->
      running_both[host] = both[host];
      announce(host, ANNOUNCED(host));
      check()
    }
  od
}

#define CUT if :: runs -> goto cut_off :: true fi

/* Stands for: roles/fastrouter/tasks/make_successors.yml */
inline make_successors() {
  if
  :: !next_store -> next_store = NEW
  :: else
  fi
}

/* Stands for: plugins/module_utils/_run/uwsgi_emperor.py (_written), by roles/emperor/tasks/vassals.yml: the keys, and then the
 * file. */
inline write_keys(host) {
  d_step { private[host] = store; check() }
}

/* Stands for: plugins/plugin_utils/_signing/store.py (successors), installed by roles/emperor/tasks/vassals.yml. */
inline write_next_keys(host) {
  d_step {
    if
    :: SUCCEEDS -> next[host] = next_store
    :: else
    fi;
    check()
  }
}

/* Stands for: roles/emperor/tasks/current_vassals.yml */
inline wait_for_vassal(host) {
  d_step { begin_wait() };
  d_step { running_both[host] == both[host] -> end_wait(0) }
}

/* Stands for: playbooks/rotate_signing_keys.yml, whose plays change the nodes one after the other. */
inline announce_with_all(host) {
  write_keys(host);
  CUT;
  write_next_keys(host);
  CUT;
#ifdef NEW_KEY_ALONE
  d_step { private[host] = next_store; check() };
#else
  both[host] = SUCCEEDS;
#endif
  CUT;
  wait_for_vassal(host);
  CUT
}

/* Stands for: roles/fastrouter/tasks/every_node.yml; it does not wait for a node that no router knows. */
inline every_node() {
#ifdef ROUTERS_AT_ONCE
  skip
#else
  d_step { begin_wait() };
  d_step { (LISTED(0) || !KNOWN(0)) && (LISTED(1) || !KNOWN(1)) -> end_wait(0) }
#endif
}

/* Stands for: roles/fastrouter/tasks/main.yml, run by roles/fastrouter/tasks/rotate_signing_keys.yml: it installs the successors'
 * public keys. */
inline install_public(router) {
  d_step {
    if
    :: SUCCEEDS -> public[router] = next_store
    :: else -> public[router] = store
    fi;
    check()
  }
}

/* Stands for: roles/fastrouter/tasks/rotate_signing_keys.yml; another router serves the key meanwhile, or the run ends. */
inline restart(router) {
  d_step {
    life[SLOT(router, 0)] = 0;
    life[SLOT(router, 1)] = 0;
    cached[router] = 0;
    check()
  }
}

#ifdef ROUTERS_AT_ONCE
#define ALONE false
#else
#define HAS_NODES(router) (life[SLOT(router, 0)] || life[SLOT(router, 1)])
#define ALONE (HAS_NODES(0) != HAS_NODES(1))
#endif

/* Stands for: roles/fastrouter/tasks/promote_successors.yml */
inline promote_successors() {
  if
  :: SUCCEEDS -> store = next_store
  :: else
  fi
}

/* Stands for: roles/emperor/tasks/drop_successors.yml */
inline drop_successors(host) {
  d_step { next[host] = 0; check() }
}

/* Stands for: roles/fastrouter/tasks/end_rotation.yml */
inline end_rotation() {
  next_store = 0;
  ended = true
}

/* Stands for: playbooks/site.yml, which deploys the routers first. */
inline deploy_routers() {
  install_public(0);
  CUT;
  install_public(1)
}

proctype Run() {
  do
  :: runs && !ended ->
    runs--;
    refused = false;
#ifdef SITE_IN_BETWEEN
    if
    :: deploy_routers(); CUT
    :: true
    fi;
#endif
    make_successors();
    CUT;
#ifdef PROMOTED_FIRST
    promote_successors();
    CUT;
#endif
    announce_with_all(0);
    announce_with_all(1);
    if
    :: ALONE -> goto refusal
    :: else
    fi;
    install_public(0);
    CUT;
    restart(0);
    CUT;
    every_node();
    CUT;
    if
    :: ALONE -> goto refusal
    :: else
    fi;
    install_public(1);
    CUT;
    restart(1);
    CUT;
    every_node();
    CUT;
    promote_successors();
    CUT;
    announce_with_all(0);
    drop_successors(0);
    CUT;
    announce_with_all(1);
    drop_successors(1);
    CUT;
    end_rotation();
    goto whole_run;
refusal:
    refused = true;
    /* Nobody repeats a run faster than this. */
    d_step { begin_wait() };
    d_step { waited > 1 -> end_wait(0) };
whole_run:
    whole++;
    goto next_run;
cut_off:
    whole = 0;
next_run:
    skip;
    d_step { end_waits() }
#ifdef ENDS
    ;
    /* A run can be refused until a router that the last run restarted has heard every node. The next run is not refused. */
    assert(!refused || whole < 2)
#endif
  :: else -> break
  od;
#ifdef ENDS
  assert(ended || refused || !whole);
  assert(!ended || (store == NEW && private[0] == NEW && private[1] == NEW && public[0] == NEW && public[1] == NEW));
  assert(!ended || (!next_store && !next[0] && !next[1] && !both[0] && !both[1]))
#endif
}

init {
  d_step {
    private[0] = OLD;
    private[1] = OLD;
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
