/* Copyright (c) 2026, the emperor.uwsgi authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The state that all models share: two routers, the datagrams to them, and time.
 *
 * A pair is a key with an address; SLOT is a pair at one router. Time passes in ticks of one announce interval. A router that
 * heard a pair keeps it for at most FRESH ticks of silence, and fewer announcements are lost in a row than that. Datagrams can
 * overtake each other, but arrive within a tick, and before an instance can stop or start.
 *
 * A model defines PAIRS, POOL(pair) and POOLS, includes this, and then network.pml.
 */

#define ROUTERS 2
#ifndef FRESH
#define FRESH 3
#endif
#define SLOTS (ROUTERS * PAIRS)
#define SLOT(router, pair) ((router) * PAIRS + (pair))
#define OLD 1
#define NEW 2
/* No wait of a run takes more ticks. */
#define LONGEST (FRESH + 1)

/* For how many more ticks each slot is kept; 0: not listed. */
byte life[SLOTS];
/* Datagrams on their way: announcements and goodbyes, by their signatures. */
byte announcement[SLOTS];
byte goodbye[SLOTS];
/* The public key that a router has cached for a pool, and the one in its folder. */
byte cached[ROUTERS * POOLS];
byte public[ROUTERS * POOLS];
/* The pairs that a run says goodbye to until they are gone. */
byte farewell;
/* The number of current waits, and of their ticks so far. */
byte waiting;
byte waited;

hidden byte at, one, listed;

#define LISTED(pair) (life[SLOT(0, pair)] && life[SLOT(1, pair)])
#define KNOWN(pair) (life[SLOT(0, pair)] || life[SLOT(1, pair)])
#define ON_ITS_WAY(pair, what) (what[SLOT(0, pair)] || what[SLOT(1, pair)])
/* The public key that verifies a datagram to a slot. */
#define POOL_AT(slot) ((slot) / PAIRS * POOLS + POOL((slot) % PAIRS))
#define KEY_AT(slot) (cached[POOL_AT(slot)] -> cached[POOL_AT(slot)] : public[POOL_AT(slot)])
#define VERIFIED(slot, signature) ((signature) == KEY_AT(slot))
