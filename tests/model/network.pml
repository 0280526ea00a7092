/* Copyright (c) 2026, the emperor.uwsgi authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The processes that all models share: datagrams arrive in any order or never, and time passes.
 *
 * A model defines, before it includes this:
 *   ANNOUNCED(pair)    the signatures with which a running instance announces a pair now: bits of OLD and NEW
 *   SIGNS(pair)        the signatures of goodbyes: those of the key files that exist
 *   BUSY               whether an Emperor has something to do; it needs less than a tick for that
 *   check()            the properties that hold in every state
 * and runs Network.
 */

/* Stands for: uwsgi core/subscription.c; a pool without a node is freed, together with its cached key. */
inline freed(slot) {
  listed = 0;
  one = 0;
  do
  :: one < PAIRS ->
    if
    :: POOL(one) == POOL((slot) % PAIRS) && life[(slot) / PAIRS * PAIRS + one] -> listed = 1
    :: else
    fi;
    one++
  :: else -> break
  od;
  if
  :: !listed -> cached[POOL_AT(slot)] = 0
  :: else
  fi
}

/* Stands for: uwsgi core/subscription.c; an announcement with the right signature is accepted, others are silently dropped. */
inline heard(slot, signature) {
  announcement[slot] = announcement[slot] & (OLD + NEW - (signature));
  if
  :: VERIFIED(slot, signature) ->
    cached[POOL_AT(slot)] = signature;
    life[slot] = FRESH
  :: else
  fi
}

/* Stands for: uwsgi core/subscription.c (uwsgi_remove_subscribe_node); a goodbye is verified like an announcement. */
inline told(slot, signature) {
  goodbye[slot] = goodbye[slot] & (OLD + NEW - (signature));
  if
  :: life[slot] && VERIFIED(slot, signature) ->
    life[slot] = 0;
    freed(slot)
  :: else
  fi
}

/* Stands for: uwsgi core/subscription.c (uwsgi_send_subscription); one datagram to each router. */
inline announce(pair, signatures) {
  announcement[SLOT(0, pair)] = announcement[SLOT(0, pair)] | (signatures);
  announcement[SLOT(1, pair)] = announcement[SLOT(1, pair)] | (signatures)
}

/* Stands for: plugins/module_utils/_node/unsubscribe.py (send); also what an instance sends when it stops. */
inline say_goodbye(pair, signatures) {
  goodbye[SLOT(0, pair)] = goodbye[SLOT(0, pair)] | (signatures);
  goodbye[SLOT(1, pair)] = goodbye[SLOT(1, pair)] | (signatures)
}

/* An announcement changes nothing at a router that lists the pair, unless a goodbye arrives before it. So it only matters whether
 * one is on its way when the instance falls silent: maybe it is. */
inline last_announcement(pair, signatures) {
  if
  :: life[SLOT(0, pair)] -> announcement[SLOT(0, pair)] = announcement[SLOT(0, pair)] | (signatures)
  :: true
  fi;
  if
  :: life[SLOT(1, pair)] -> announcement[SLOT(1, pair)] = announcement[SLOT(1, pair)] | (signatures)
  :: true
  fi
}

#define FRESHENED(slot) (life[slot] == FRESH && (ANNOUNCED((slot) % PAIRS) & KEY_AT(slot)))

/* Stands for: time. Routers forget nodes that were silent for longer than the tolerance, instances announce themselves again, and
 * a waiting run says goodbye again (leave of plugins/module_utils/_deployment/leaving.py, wait of
 * plugins/module_utils/_pool/watch.py). */
inline tick() {
  at = 0;
  do
  :: at < SLOTS ->
    if
    :: FRESHENED(at)
    :: else ->
      announcement[at] = announcement[at] | ANNOUNCED(at % PAIRS);
      if
      :: life[at] ->
        life[at] = life[at] - 1;
        if
        :: !life[at] -> freed(at)
        :: else
        fi
      :: else
      fi
    fi;
    if
    :: farewell & (1 << (at % PAIRS)) -> goodbye[at] = goodbye[at] | SIGNS(at % PAIRS)
    :: else
    fi;
    at++
  :: else -> break
  od;
  if
  :: waiting -> waited++
  :: else
  fi
}

/* Nobody knows when a router last heard a pair before that fell silent, so the router may forget it at any time. */
inline forgotten(slot) {
  life[slot] = 0;
  freed(slot)
}

/* Waits count their ticks, to find one that does not end. */
inline begin_wait() {
  waiting++;
  waited = 0
}

inline end_wait(pairs) {
  farewell = farewell & (255 - (pairs));
  waiting--;
  if
  :: !waiting -> waited = 0
  :: else
  fi
}

/* An interrupted run stops waiting. */
inline end_waits() {
  farewell = 0;
  waiting = 0;
  waited = 0
}

/* Fewer are lost in a row than the tolerance allows, so an announced pair stays. During a wait only the first ones can be lost. */
#ifdef LOSSLESS
#define LOSSES(slot)
#else
#define LOSSES(slot) \
  :: d_step { announcement[slot] && !waited -> announcement[slot] = 0 } \
  :: d_step { goodbye[slot] && !waited -> goodbye[slot] = 0 }
#endif
#ifdef GENERATIONS
#define OF_NEW_KEY(slot) \
  :: d_step { announcement[slot] & NEW -> heard(slot, NEW); check() } \
  :: d_step { goodbye[slot] & NEW -> told(slot, NEW); check() }
#else
#define OF_NEW_KEY(slot)
#endif
#define LINK(slot) \
  :: d_step { announcement[slot] & OLD -> heard(slot, OLD); check() } \
  :: d_step { goodbye[slot] & OLD -> told(slot, OLD); check() } \
  :: d_step { life[slot] && life[slot] < FRESH -> forgotten(slot); check() } \
  OF_NEW_KEY(slot) LOSSES(slot)
#if PAIRS == 2
#define LINKS LINK(0) LINK(1) LINK(2) LINK(3)
#define QUIET (!(announcement[0] | announcement[1] | announcement[2] | announcement[3] | goodbye[0] | goodbye[1] | goodbye[2] | goodbye[3]))
#else
#define LINKS LINK(0) LINK(1) LINK(2) LINK(3) LINK(4) LINK(5) LINK(6) LINK(7)
#define QUIET (!(announcement[0] | announcement[1] | announcement[2] | announcement[3] | announcement[4] | announcement[5] \
  | announcement[6] | announcement[7] | goodbye[0] | goodbye[1] | goodbye[2] | goodbye[3] | goodbye[4] | goodbye[5] \
  | goodbye[6] | goodbye[7]))
#endif

proctype Network() {
end:
  do
  LINKS
  :: d_step { QUIET && !(BUSY) && (!waiting || waited <= LONGEST) -> tick(); check() }
  od
}
