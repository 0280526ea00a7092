# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables from ini inventories and ``-e NAME=VALUE`` make the same files as from YAML. And the roles' own examples."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import playbook
from support.modules import ROOT
from support.role import base

SHOP: dict[str, Any] = {
    "name": "shop",
    "options": {"socket": "127.0.0.1:3031", "need-app": None, "wsgi-file": "/srv/shop/app.py"},
    "subscriptions": [{"server": "127.0.0.1:2626", "key": "shop.example.com"}],
}
# Values that differ from the defaults, so that a text that isn't understood makes another file.
WANTED: dict[str, Any] = {
    "emperor_vassals": [SHOP],
    "emperor_tyrant": False,
    "emperor_signing": False,
    "emperor_wait": False,
    "emperor_purge": False,
    "emperor_unsubscribe_on_reload": True,
    "emperor_announce_interval": 7,
    "emperor_harakiri": 9,
    "emperor_max_fd": 1000,
    "emperor_plugins": [],
    "emperor_default_options": {"workers": 2, "env": ["A=1", "B=2"]},
    "emperor_options": {"log-date": True},
    "fastrouter_processes": 2,
    "fastrouter_tolerance": 40,
    "fastrouter_nodes": ["node"],
    "fastrouter_server_params": {"key_dot_split": True},
    "fastrouter_options": {"fastrouter-gracetime": 3},
    "fastrouter_vassals": [{"name": "second", "options": {"fastrouter": "127.0.0.1:3999"}}],
}
# These need prometheus_client in uWSGI's Python.
if find_spec("prometheus_client"):
    WANTED.update(
        {
            "emperor_metrics": "127.0.0.1:4717",
            "fastrouter_dashboard": "127.0.0.1:4718",
            "fastrouter_dashboard_routers": ["node", "other=127.0.0.1:4719"],
            "fastrouter_dashboard_nodes": ["other=127.0.0.1:4720"],
        }
    )
PLAY = [
    {"hosts": "node", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": {"name": "emperor.uwsgi.fastrouter"}}]}
]


def deployed(folder: Path, given: dict[str, str], *arguments: str) -> dict[str, str]:
    """The files of a host with these texts as variables, by their paths in its folder."""
    folder.mkdir()
    common = {**base(folder), "ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON}
    for name in common:
        if "_stats" in name or name in ("fastrouter_listen", "fastrouter_subscription_server", "fastrouter_http"):
            common[name] = f"127.0.0.1:{4000 + len(name)}"
    values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in {**common, **given}.items()}
    lines = ["[all]", "node", "[all:vars]", *(f"{name}={json.dumps(value)}" for name, value in values.items()), ""]
    (folder / "hosts.ini").write_text("\n".join(lines), encoding="utf-8")
    run = playbook.run(folder, PLAY, "--inventory=hosts.ini", "--skip-tags=service", *arguments)
    assert run.code == 0, run.output
    paths = [*(folder / "etc").rglob("*.ini"), *(folder / "etc").rglob("live.json")]
    found = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in paths}
    return {name: text.replace(str(folder), "FOLDER") for name, text in found.items()}


def texts(in_yaml: bool) -> dict[str, str]:
    """The variables as text, in JSON or in YAML notation."""
    found = {}
    for name, value in WANTED.items():
        if isinstance(value, bool):
            found[name] = ("yes" if value else "no") if in_yaml else str(value).lower()
        elif isinstance(value, str):
            found[name] = value
        elif isinstance(value, list) and not any(isinstance(one, dict) for one in value):
            found[name] = ",".join(value) if in_yaml else json.dumps(value)
        else:
            found[name] = (
                yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False).strip()
                if in_yaml
                else json.dumps(value)
            )
    return {name: text.replace("\n...", "") for name, text in found.items()}


def test_text_is_data(tmp_path: Path) -> None:
    (tmp_path / "variables.yml").write_text(yaml.safe_dump(WANTED, sort_keys=False), encoding="utf-8")
    wanted = deployed(tmp_path / "data", {}, f"--extra-vars=@{tmp_path}/variables.yml")
    names = {"etc/vassals/shop.ini", "etc/routers/fastrouter.ini", "etc/routers/http.ini", "etc/routers/second.ini"}
    if "emperor_metrics" in WANTED:
        names |= {"etc/vassals/emperor-metrics.ini", "etc/metrics/live.json"}
        names |= {"etc/routers/fastrouter-dashboard.ini", "etc/dashboard/live.json"}
    assert set(wanted) == names
    assert "workers = 2" in wanted["etc/vassals/shop.ini"] and "sign=" not in wanted["etc/vassals/shop.ini"]
    for in_yaml in (False, True):
        assert deployed(tmp_path / f"text{in_yaml:d}", texts(in_yaml)) == wanted
    extra = [f"--extra-vars={json.dumps({name: text})}" for name, text in texts(True).items()]
    assert deployed(tmp_path / "extra", {}, *extra) == wanted


def test_a_chosen_interval(tmp_path: Path) -> None:
    many = {**SHOP, "subscriptions": [{**SHOP["subscriptions"][0], "key": [f"k{at}.test" for at in range(100)]}]}
    given = {"emperor_vassals": json.dumps([many]), "fastrouter_nodes": "node", "emperor_announce_interval": "auto"}
    for count, interval, tolerance in (("1", 5, 17), ("1000", 20, 62)):
        found = deployed(tmp_path / count, {**given, "emperor_node_count": count})
        assert f"subscribe-freq = {interval}\n" in found["etc/vassals/shop.ini"]
        assert f"subscription-tolerance = {tolerance}\n" in found["etc/routers/fastrouter.ini"]


def test_what_is_no_such_text_is_an_error_with_its_name_and_form(tmp_path: Path) -> None:
    (tmp_path / "hosts.ini").write_text(
        f"node ansible_connection=local ansible_python_interpreter={playbook.PYTHON}\n", encoding="utf-8"
    )
    variables = {**base(tmp_path), "emperor_vassals": "{name: shop"}
    run = playbook.run(tmp_path, [{**PLAY[0], "vars": variables}], "--inventory=hosts.ini")
    assert run.code != 0
    assert "emperor_vassals: '{name: shop' is neither JSON nor YAML; give a list of mappings" in run.output
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize("role", ["emperor", "fastrouter"])
def test_the_example_of_a_role_works_as_it_stands(role: str, tmp_path: Path) -> None:
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    found = dict(re.findall(r"^```yaml\n# (\S+)\n(.+?)^```$", text, re.MULTILINE | re.DOTALL))
    assert set(found) == {f"group_vars/{'nodes' if role == 'emperor' else 'fastrouters'}.yml", "site.yml"}
    for name, block in found.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(block.replace("/etc/uwsgi/tls", str(tmp_path)), encoding="utf-8")
    for name in ("router.crt", "router.key"):
        (tmp_path / name).write_text("", encoding="utf-8")
    own = {name: value for name, value in base(tmp_path).items() if name.startswith("emperor_")}
    local = {**own, "ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON}
    groups = {
        group: {"hosts": {host: {**local, "ansible_host": "127.0.0.1"}}} for group, host in (("nodes", "n"), ("fastrouters", "r"))
    }
    (tmp_path / "inventory.yml").write_text(json.dumps({"all": {"children": groups}}), encoding="utf-8")
    run = playbook.run(tmp_path, yaml.safe_load(found["site.yml"]), "--inventory=inventory.yml", "--skip-tags=service,install")
    assert run.code == 0, run.output
    assert list((tmp_path / "etc").rglob("*.ini"))
