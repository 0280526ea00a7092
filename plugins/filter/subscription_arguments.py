# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: subscription_arguments
short_description: Convert a uWSGI configuration file to arguments of uwsgi_subscription
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Reads the options about subscriptions in the text of a configuration file, and returns the arguments of
    M(emperor.uwsgi.uwsgi_subscription) that announce the same.
  - It reads ini, YAML, JSON and XML as uWSGI does, with sections, placeholders, escapes, and options that the file declares
    itself with C(declare-option) or C(declare-option2). It knows C(subscribe2) with all its fields, C(subscribe-to) with its
    other names, the options of routers and clients, and C(weight), C(auto-weight) and C(subscribe-with-modifier1), which hold
    for all announcements.
  - It drops nothing. What arguments cannot express, or what uWSGI ignores, is returned with the reason. Options that do not
    concern subscriptions are ignored.
positional: _input
options:
  _input:
    description: The text of the file.
    type: str
    required: true
  path:
    description:
      - The absolute path of the file on its host, for magic variables such as C(%d) and C(%n). Nothing is read from it.
        Without it, lines that need it are not converted.
      - A section can follow a colon, as in C(/etc/uwsgi/shop.ini:zerg), which is how uWSGI is started with it.
    type: str
  section:
    description:
      - The section that uWSGI reads. In XML it is the C(id) of the element.
      - A section in O(path) takes the place of the default.
    type: str
    default: uwsgi
  format:
    description:
      - The format of the text. By default it follows from the ending of O(path), as in uWSGI, or else from the text.
      - Builds of uWSGI read YAML differently. Where they do, the filter reads it like a build with libyaml, such as Debian's, and
        the line is in the returned C(left_over) too. A build may lack JSON, XML or YAML.
      - XML with a document type is refused.
    type: str
    choices: [ini, json, xml, yaml]
    version_added: 1.1.0
  files:
    description:
      - The texts of other files by their paths. They are used for C(include), C(inherit), C(ini) and the like, and for the keys
        of C(subscribe-to = SERVER:@FILE).
      - A relative path in the configuration starts at the folder of O(path), as in a vassal of an Emperor.
      - If a file is missing here, the line that names it is not converted.
    type: dict
    version_added: 1.1.0
  uwsgi_version:
    description: The uWSGI version that reads the file. Options of later versions are not converted.
    type: str
    default: "2.0"
seealso:
  - module: emperor.uwsgi.uwsgi_subscription
"""

EXAMPLES = r"""
- name: Read what is announced today
  ansible.builtin.set_fact:
    found: "{{ file | emperor.uwsgi.subscription_arguments(path='/etc/uwsgi/vassals/shop.ini') }}"
  vars:
    file: |
      [uwsgi]
      socket = 10.0.0.7:3031
      subscribe-to = 10.0.0.2:2626:shop.example.com
      subscribe2 = server=10.0.0.3:2626,key=shop.example.com,check=/run/uwsgi-drain/%n
      subscribe2 = server=router4:2626,key=shop.example.com

- name: Read a YAML file whose keys are in another file
  ansible.builtin.debug:
    msg: "{{ file | emperor.uwsgi.subscription_arguments(path='/etc/uwsgi/vassals/web.yml', files=files) }}"
  vars:
    file: |
      uwsgi:
        socket: 10.0.0.7:3031
        subscribe-to: 10.0.0.2:2626:@/etc/uwsgi/domains
    files:
      /etc/uwsgi/domains: |
        shop.example.com
        www.example.com

- name: Show what needs a decision, here the server that has a name
  ansible.builtin.debug:
    var: found.left_over

- name: Write the rest
  emperor.uwsgi.uwsgi_subscription:
    path: /etc/uwsgi/subscriptions/shop.ini
    subscriptions: "{{ found.arguments.subscriptions }}"
"""

RETURN = r"""
_value:
  description: The arguments, and what they cannot express.
  type: dict
  contains:
    arguments:
      description:
        - C(subscriptions), C(server_params), C(server_verification_params) and C(client_params), those of them that the file has.
        - Lines that differ only in server and key become one entry.
      type: dict
      sample:
        subscriptions: [{server: [10.0.0.2:2626, 10.0.0.3:2626], key: shop.example.com, address: 0}]
        client_params: {announce_interval: 3}
    left_over:
      description:
        - The lines that the arguments cannot express, or not exactly. Lines of every format are shown as in an ini file.
      type: list
      elements: dict
      contains:
        line:
          description: The line, without comments and with C(%?) for a magic variable that isn't known.
          type: str
          sample: subscribe2 = server=router4:2626,key=shop.example.com
        why:
          description: The reason.
          type: str
    sections:
      description: The sections of the file that have options, with those of other readers.
      type: list
      elements: dict
      returned: since release 1.1.0
      contains:
        name:
          description: The name, empty for lines above the first section of an ini file.
          type: str
          sample: zerg
        read:
          description: Whether this instance reads it, so that its lines were converted.
          type: bool
        reader:
          description: Who reads it.
          type: str
          sample: zergs of an Emperor in broodlord mode
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import convert, formats
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._untrusted import untrusted


@filter_errors
def subscription_arguments(
    text: Any, path: Any = "", section: Any = "uwsgi", uwsgi_version: Any = "2.0", format: Any = "", files: Any = None
) -> dict[str, Any]:
    """The arguments, the rest, and the sections; raises AnsibleFilterError if the text doesn't have the section."""
    if not isinstance(text, str):
        values.text("text", text)
    release = _dialect.parse_release("uwsgi_version", str(uwsgi_version))
    found = convert.converted(
        str(text),
        release,
        values.file("path", path) if path else "",
        values.text("section", section),
        _format(format),
        _files(files),
    )
    return {
        "arguments": untrusted(found.arguments),
        "left_over": [untrusted(one._asdict()) for one in found.left_over],
        "sections": [untrusted(one._asdict()) for one in found.sections],
    }


def _format(value: Any) -> str:
    if value in ("", None):
        return ""
    form = values.text("format", value)
    if form not in formats.FORMATS:
        known = ", ".join(formats.FORMATS)
        raise ArgumentError("format", f"{values.shown(form)} is not a format of uWSGI's; give one of {known}")
    return form


def _files(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ArgumentError("files", "must be a mapping of paths to texts")
    for name, text in value.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise ArgumentError(values.child("files", name), "must be a path with a text")
    return {str(name): str(text) for name, text in value.items()}


class FilterModule:
    """The filter ``subscription_arguments``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"subscription_arguments": subscription_arguments}
