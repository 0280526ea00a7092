#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_vassals
short_description: Write all the vassals of an Emperor in one call
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Writes the files of all vassals into the directory that an Emperor watches. One task is enough for thousands of vassals.
  - Only files that changed are written, so only those vassals reload. The Emperor never sees a partial or temporary file, or
    one with the wrong owner or mode, and it notices every change.
  - If one vassal has an error, no file is written.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - emperor.uwsgi.directory
  - emperor.uwsgi.directory.purge
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
  vassals:
    description:
      - The vassals, each a mapping with these members.
      - C(name), required. The file is C(NAME.ini). Letters, digits and C(_ . @ + -).
      - C(options), a mapping of uWSGI's options to their values, in this order. A list repeats the option, V(true) is for
        options without a value, and null leaves an option out. Values are passed as they are, so uWSGI's placeholders work,
        such as C(%n) for the vassal's name.
      - "In place of a value, or of a member of a list, V({literal: TEXT}) has uWSGI read exactly that text. Use it for what you
        did not write yourself, such as passwords. Otherwise uWSGI replaces V(%s), V(%(NAME\\)), V($(NAME\\)) and V(@(FILE\\)) in
        it. A value that ends in a single V(%) is refused, because uWSGI would add the next line to it."
      - Options for which there is an argument are refused, such as C(subscribe-to), C(subscribe-freq) or C(auto-weight). The
        error names the argument to use. The same options inside C(set), C(vassals-set) and C(declare-option) are refused too.
      - C(subscriptions), C(server_params), C(server_verification_params), C(client_params) and C(resolve_server), as
        in M(emperor.uwsgi.uwsgi_subscription). They come after C(options).
      - C(health), a check of the application, for M(emperor.uwsgi.uwsgi_health). It changes nothing in the vassal's file.
      - C(on_demand), the IPv4 address and port, or the absolute path of a unix socket, that the Emperor binds for the vassal.
        It starts the vassal at the first request. That socket is the vassal's first, so do not repeat it in C(options). With
        C(idle) and C(die-on-idle) the vassal stops again after that many seconds without a request. The Emperor needs
        C(emperor-on-demand-extension = .socket). A unix socket has mode 0666. It cannot have C(subscriptions), because it
        would announce nothing until the first request.
      - C(owner), C(group) and C(mode) of the file, by default O(owner), O(group) and O(mode). A tyrant Emperor runs the vassal
        as the file's owner and group; see O(tyrant).
      - A subscription announces C(address), or else the vassal's own socket, which must then be one that a router
        can reach. An IPv4 address and a port, or the absolute path of a unix socket, which has no failover.
    type: list
    elements: dict
    required: true
  default_options:
    description:
      - Options of every vassal, written first. A vassal's own option replaces the one of the same name, and null leaves it
        out. The values are as in C(options) of O(vassals).
    type: dict
  default_client_params:
    description: C(client_params) for every vassal that has subscriptions and no value of its own.
    type: dict
  default_signing:
    description:
      - Sign every subscription that has no C(signing) of its own, as the filter P(emperor.uwsgi.signed_vassals#filter) does,
        but much faster. C(signing=false) leaves one unsigned.
    type: dict
    suboptions:
      directory:
        description: The folder of the private keys, whose files are named by P(emperor.uwsgi.signing_key_file#filter).
        type: str
        required: true
      digest:
        description: The digest of the signatures.
        type: str
        default: SHA256
      succeeding:
        description:
          - The names of files that have successors in the folder C(next) of O(default_signing.directory), while keys are being
            rotated. What they sign is announced a second time, signed with the successor.
        type: list
        elements: str
        default: []
      router_version:
        description:
          - The release of uWSGI that the routers run, such as V(2.1). It names the keys of mountpoints, such as
            C(shop.example.com/app). Routers of 2.1 check all mountpoints of a domain by the domain's key, older ones have a key
            for each.
          - By default the release of the host's own uWSGI.
        type: str
        version_added: 1.1.0
  suspend_dir:
    description:
      - A folder of suspend files. Every subscription without one of its own gets C(SUSPEND_DIR/NAME), with the vassal's name.
        M(emperor.uwsgi.uwsgi_drain) takes a node out by this file.
      - A missing folder is created with mode 0755, the group O(group) and the owner O(user).
    type: path
  tyrant:
    description:
      - The Emperor has C(emperor-tyrant), so each vassal runs as its file's owner and group. Each vassal then needs an owner
        other than root. Its group is by default the owner's own.
      - Each owner of a vassal with subscriptions gets a folder of suspend files, C(SUSPEND_DIR/OWNER), with mode 0700.
    type: bool
    default: false
  emperor_stats:
    description:
      - The Emperor's stats server, C(IPV4:PORT) or the absolute path of a unix socket. The Emperor reads a vassal's
        C(on_demand) only when it adds the vassal. With this argument a vassal whose address changed is stopped and added
        again.
      - The name O(stats) is deprecated. It will be removed in release 3.0.0.
    type: str
    aliases: [stats]
  mode:
    description:
      - The mode of the files in octal, such as V('0640'). By default the old file's mode, or what the process's umask allows.
    type: raw
  resolve_server:
    description: Resolve the host names of servers on the managed host, each to its first IPv4 address.
    type: bool
    default: false
notes:
  - The dry run would execute options such as C(exec-asap) or C(@(exec://...\)), so vassals with them are not validated. A
    warning says so.
seealso:
  - module: emperor.uwsgi.uwsgi_subscription
  - module: emperor.uwsgi.uwsgi_signing_keys
"""

EXAMPLES = r"""
- name: All the vassals of this host
  emperor.uwsgi.uwsgi_vassals:
    path: /etc/uwsgi/vassals
    directory_mode: "0755"
    purge: true
    mode: "0644"
    user: www-data
    default_options:
      strict: true
      master: true
      need-app: true
    vassals:
      - name: shop
        options:
          need-plugins: python3
          socket: 10.0.0.7:3031
          wsgi-file: /srv/shop/app.py
          processes: 4
          env:
            - LANG=C.UTF-8
            # uWSGI reads the password as it is.
            - literal: DATABASE_PASSWORD=$(100%s)%
        subscriptions:
          - server: [10.0.0.2:2626, 10.0.0.3:2626]
            key: shop.example.com
            signing: [SHA256, /etc/uwsgi/keys/private/shop.example.com.pem]
        client_params:
          unsubscribe_on_reload: true
          announce_interval: 5

- name: Two tenants under a tyrant Emperor, one of whose vassals starts at its first request
  emperor.uwsgi.uwsgi_vassals:
    path: /etc/uwsgi/vassals
    directory_mode: "0711"
    mode: "0400"
    tyrant: true
    emperor_stats: /run/emperor-uwsgi/emperor-stats.sock
    vassals:
      - name: shop
        owner: alice
        options:
          need-plugins: python3
          socket: 10.0.0.7:3031
          wsgi-file: /srv/shop/app.py
      - name: wiki
        owner: bob
        on_demand: 127.0.0.1:3032
        options:
          need-plugins: python3
          wsgi-file: /srv/wiki/app.py
          idle: 600
          die-on-idle: true
"""

RETURN = r"""
path:
  description: The directory.
  type: str
  returned: success
created:
  description: The names of the vassals whose files are new.
  type: list
  elements: str
  returned: success
  sample: [shop]
updated:
  description: The names of the vassals whose files changed, in text, owner, group or mode.
  type: list
  elements: str
  returned: success
removed:
  description: The names of the vassals whose files were removed.
  type: list
  elements: str
  returned: success
unchanged:
  description: The names of the other vassals of O(vassals).
  type: list
  elements: str
  returned: success
on_demand:
  description: The names of the vassals with C(on_demand), for which the Emperor needs C(emperor-on-demand-extension).
  type: list
  elements: str
  returned: success
renewed:
  description: The names of the vassals whose C(on_demand) address changed, which the Emperor adds again.
  type: list
  elements: str
  returned: success
uwsgi_version:
  description: The release that the files are written for.
  type: str
  returned: success
  sample: 2.0.31
argument:
  description: The argument that is wrong.
  type: str
  returned: failure because of an argument
  sample: vassals[3].subscriptions[0].server
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils import _zip_imports

# Before the imports that it makes faster.
_zip_imports.compile_once()

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import spec
from ansible_collections.emperor.uwsgi.plugins.module_utils._module import DiscreetModule, finish
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_vassals import load, run


def main() -> None:
    """Run the module."""
    module = DiscreetModule(argument_spec=spec.vassals(), supports_check_mode=True)
    finish(module, run, "path", load=load)


if __name__ == "__main__":
    main()
