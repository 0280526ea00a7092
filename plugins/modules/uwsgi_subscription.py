#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_subscription
short_description: Write uWSGI's subscription options to an ini fragment
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Writes an ini file that an instance includes. On a node it has the options that announce the node to routers. On a router
    it has the options of the subscription server.
  - uWSGI silently ignores most mistakes in these options. Here each is an error, before anything is written.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.files
  - emperor.uwsgi.uwsgi
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
    support: full
options:
  path:
    description:
      - The file to write. Its directory must exist. A symbolic link is refused.
    type: path
    required: true
  state:
    description: Whether the file is written or removed.
    type: str
    choices: [present, absent]
    default: present
  section:
    description: The section of the file that the options are in.
    type: str
    default: uwsgi
  subscriptions:
    description:
      - What the instance announces. An entry becomes one line for every pair of server and key.
      - With an empty list and no other options, the file has one line that does nothing, so that vassals can still include
        it.
    type: list
    elements: dict
    suboptions:
      server:
        description:
          - The subscription server, or a list of them. C(IPV4:PORT), or the absolute path of a unix socket of at most 102 bytes.
          - With a host name or IPv6 uWSGI never registers, so those are refused. See O(resolve_server).
        type: raw
        required: true
      key:
        description:
          - The key, or a list of them. Usually the domain as clients send it in the Host header, with the port if they send
            one.
          - At most 255 bytes, without quotes and backslashes.
        type: raw
        required: true
      resolve_server:
        description: As O(resolve_server), for this entry.
        type: bool
      address:
        description:
          - The address that the router connects to. C(IPV4:PORT), the absolute path of a unix socket, or the number of
            one of the instance's sockets, from 0, in the order in which the instance names them.
          - By default the instance's first socket, as it is configured.
          - A node on a unix socket has no failover. When it dies, its share of the requests is lost until the router's
            tolerance ends.
        type: raw
      address_vassal:
        description:
          - The name by which routers know the node besides its address, such as its vassal's. At most 255 bytes, without quotes
            and backslashes. Each node of a key needs its own. Needs uWSGI 2.1.
        type: str
      balancing_weight:
        description:
          - The node's weight.
          - uWSGI 2.0 sends the weight of one entry for entries without a weight. For uWSGI 2.0, give all entries a weight, or
            none.
        type: int
      balancing_algo:
        description: The balancing algorithm of the key's pool. Needs uWSGI 2.1.
        type: str
        choices:
          - ip_hash
          - least_reference_count
          - weighted_least_reference_count
          - weighted_round_robin
          - iphash
          - lrc
          - wlrc
          - wrr
      backup_level:
        description:
          - The node serves only when all nodes of lower levels are gone. V(ip_hash) ignores it. Needs uWSGI 2.1.
        type: int
      modifier:
        description:
          - The kind of request that the node answers. A name such as V(psgi) or V(php), a number from 0 to 255, or a mapping
            of C(modifier1) and C(modifier2).
        type: raw
      signing:
        description:
          - The digest and the private key's file, as V([SHA256, /etc/uwsgi/keys/private/shop.pem]) or as
            V(SHA256:/etc/uwsgi/keys/private/shop.pem). RSA and EC keys, not encrypted.
          - V(false) is the same as leaving it out.
        type: raw
      check_file:
        description:
          - uWSGI announces while this file is B(absent) and is silent while it exists, the opposite of what its
            documentation says. Accepted with a warning. Use O(subscriptions[].suspend_file).
        type: str
      suspend_file:
        description: While this file exists, uWSGI does not announce. Removing it brings the node back.
        type: str
      protocol:
        description:
          - The protocol that the node's socket speaks. Only the http router of 2.1 uses it. Needs uWSGI 2.1.
          - For 2.1 it is always written, V(uwsgi) by default, because a router uses a random byte of its memory for a node
            that sends none.
        type: str
        choices: [http, uwsgi]
      sni_cert:
        description: The certificate that an C(https) router loads for this key. The file is read on the router's host.
        type: str
      sni_key:
        description: The private key of O(subscriptions[].sni_cert), on the router's host.
        type: str
      sni_client_ca:
        description:
          - The file of the authority whose client certificates the router accepts for this key, on the router's host (C(sni_ca)).
          - Clients without a certificate are accepted, unless the path begins with an exclamation mark, as in
            V(!/etc/ssl/clients.pem).
        type: str
      inactive:
        description:
          - uWSGI 2.1 sends it, but no router reads it, so the node gets its full share of the requests. Accepted with a
            warning.
          - To take a node out, use O(subscriptions[].suspend_file) and M(emperor.uwsgi.uwsgi_drain). Needs uWSGI 2.1.
        type: bool
  resolve_server:
    description:
      - Resolve the host names of servers on the managed host, each to its first IPv4 address.
    type: bool
    default: false
  server_params:
    description: How the subscription server of a router works.
    type: dict
    suboptions:
      client_notify_address:
        description:
          - The unix datagram socket to which a server acknowledges a new node (C(subscription-notify-socket)). A process must
            listen there, such as the instance itself with uWSGI's option C(notify-socket), which logs what it receives.
        type: str
      mountpoints_depth:
        description:
          - How many parts of the path a key has (C(subscription-mountpoint)). With 1, the key C(shop.example.com/blog) gets
            requests for C(/blog/...). With 2, a fastrouter has keys of exactly two parts. An http router always uses one.
          - Do not announce both a domain and its own mountpoints. It is an error where both are in one task.
          - Signatures are checked with the key of the part before the first slash. Needs uWSGI 2.1.
        type: int
      require_vassal:
        description: Refuse announcements without a vassal's name (C(subscription-vassal-required)). Needs uWSGI 2.1.
        type: bool
      tolerance:
        description:
          - Seconds without an announcement after which a node is dropped (C(subscription-tolerance)), 17 by default. Use at
            least three times the nodes' O(client_params.announce_interval) plus two, so that a node survives lost datagrams.
        type: int
      tolerance_inactive:
        description:
          - Seconds after which a vassal is dropped whose address O(client_params.clear_on_exit) has cleared
            (C(subscription-tolerance-inactive)), 17 by default. It has nothing to do with O(subscriptions[].inactive).
          - Needs uWSGI 2.1.
        type: int
      key_dot_split:
        description: When a key has no nodes, try it without its first part (C(subscription-dotsplit)).
        type: bool
      balancing_algo:
        description: How requests are spread over nodes (C(subscription-algo)). V(ip_hash) needs uWSGI 2.1.
        type: str
        choices:
          - ip_hash
          - least_reference_count
          - weighted_least_reference_count
          - weighted_round_robin
          - iphash
          - lrc
          - wlrc
          - wrr
  server_verification_params:
    description: Whose announcements the subscription server accepts.
    type: dict
    suboptions:
      digest_algo:
        description: The digest of the signatures (C(subscriptions-sign-check)). Needs O(server_verification_params.dir_cert).
        type: str
      dir_cert:
        description:
          - The directory of the public keys, each a C(PUBLIC KEY) in PEM, in a file named by
            P(emperor.uwsgi.signing_key_file#filter). Needs O(server_verification_params.digest_algo).
        type: str
      tolerance:
        description:
          - How old an announcement may be, in seconds (C(subscriptions-sign-check-tolerance)), 86400 by default. A captured
            announcement can be replayed for this long.
        type: int
      no_check_uid:
        description:
          - Users whose announcements over a unix socket need no signature (C(subscriptions-sign-skip-uid)). Never 0.
        type: list
        elements: int
      dir_credentials:
        description:
          - Directories with a file for each key, whose owner and group a sender over a unix socket must have
            (C(subscriptions-credentials-check)). It only works with O(server_verification_params.pass_unix_credentials).
          - Written with the slash at the end that uWSGI needs.
        type: list
        elements: str
      pass_unix_credentials:
        description: Let the kernel identify senders on the unix socket (C(subscriptions-use-credentials)).
        type: bool
  client_params:
    description: How an instance announces itself.
    type: dict
    suboptions:
      start_unsubscribed:
        description: Announce nothing until the master FIFO tells it to (C(start-unsubscribed)).
        type: bool
      clear_on_exit:
        description:
          - At shutdown, clear the node's address in the routers instead of leaving them (C(subscription-clear-on-shutdown)), so
            that an Emperor behind C(fastrouter-emperor-socket) can start it again at the next request. Needs uWSGI 2.1, and
            O(subscriptions[].address_vassal) in every subscription.
          - The router counts requests that are in flight at that moment for ever, so drain the node first. An http router
            loses every second request while such a node is listed beside another.
        type: bool
      unsubscribe_on_reload:
        description:
          - Leave the routers before a graceful reload (C(unsubscribe-on-graceful-reload)). Only for pools of two nodes or
            more. With one node, all requests fail while it reloads.
          - M(emperor.uwsgi.uwsgi_vassals) sets it for a vassal with a socket whose port is 0.
        type: bool
      announce_interval:
        description: Seconds between announcements (C(subscribe-freq)), 10 by default, at least 1.
        type: int
  vassals:
    description:
      - Vassals that include the file. If it changed, they are touched, so that their Emperor reloads them.
      - Their C(uid) is the default of O(user).
    type: list
    elements: path
  backup:
    description: Before the file is changed or removed, keep a copy beside it with the time in its name.
    type: bool
    default: false
seealso:
  - module: emperor.uwsgi.uwsgi_vassals
  - plugin: emperor.uwsgi.signing_key_file
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Announce the shop to both routers
  emperor.uwsgi.uwsgi_subscription:
    path: /etc/uwsgi/subscriptions/shop.ini
    subscriptions:
      - server: [10.0.0.2:2626, 10.0.0.3:2626]
        key: [shop.example.com, www.shop.example.com]
        address: 0
        signing: [SHA256, /etc/uwsgi/keys/private/shop.example.com.pem]
        suspend_file: /run/uwsgi-drain/shop
    client_params:
      unsubscribe_on_reload: true
      announce_interval: 3
    vassals: [/etc/uwsgi/vassals/shop.ini]

- name: The router's side, which accepts signed announcements only
  emperor.uwsgi.uwsgi_subscription:
    path: /etc/uwsgi/subscriptions/router.ini
    server_params:
      tolerance: 17
      balancing_algo: weighted_least_reference_count
    server_verification_params:
      digest_algo: SHA256
      dir_cert: /etc/uwsgi/keys/public
      tolerance: 300

- name: No longer announce the shop
  emperor.uwsgi.uwsgi_subscription:
    path: /etc/uwsgi/subscriptions/shop.ini
    state: absent
"""

RETURN = r"""
path:
  description: The file.
  type: str
  returned: always
fragment:
  description: The file's text, empty when it is absent.
  type: str
  returned: success
  sample: "[uwsgi]\nsubscribe2 = server=10.0.0.2:2626,key=shop.example.com\n"
options:
  description: The options in their order, with the values that uWSGI reads.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: The option.
      type: str
    value:
      description: Its value.
      type: str
  sample: [{name: subscribe2, value: "server=10.0.0.2:2626,key=shop.example.com"}]
uwsgi_version:
  description: The release that the fragment is written for.
  type: str
  returned: success
  sample: 2.0.31
backup_file:
  description: The copy of the old file.
  type: str
  returned: when there was a file, it changed and O(backup) is true
touched:
  description: The vassals that were touched.
  type: list
  elements: str
  returned: success
argument:
  description: The argument that is wrong.
  type: str
  returned: failure because of an argument
  sample: subscriptions[0].server
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils import _zip_imports

# Before the imports that it makes faster.
_zip_imports.compile_once()

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import spec
from ansible_collections.emperor.uwsgi.plugins.module_utils._module import DiscreetModule, finish
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_subscription import load, run


def main() -> None:
    """Run the module."""
    arguments = spec.subscriptions()
    arguments.update(spec.host_uwsgi())
    arguments.update(
        path={"type": "path", "required": True},
        state={"type": "str", "choices": ["present", "absent"], "default": "present"},
        section={"type": "str", "default": "uwsgi"},
        vassals={"type": "list", "elements": "path"},
        backup={"type": "bool", "default": False},
    )
    module = DiscreetModule(argument_spec=arguments, supports_check_mode=True, add_file_common_args=True)
    finish(module, run, "path", load=load)


if __name__ == "__main__":
    main()
