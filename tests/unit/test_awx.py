# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide to AWX: ansible-builder reads its image, and jobs run its playbooks, each in a fresh copy of the project."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support import playbook
from support.documented import GUIDE, Fleet, files_of
from support.modules import COLLECTIONS, ROOT

pytestmark = pytest.mark.long

AWX = ROOT / "docs" / "docsite" / "rst" / "awx.rst"
TEXT = AWX.read_text(encoding="utf-8")
BUILDER = shutil.which("ansible-builder", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
SHOP = "shop.example.com"


def builder(folder: Path, *arguments: str) -> str:
    """The output of ansible-builder."""
    if not BUILDER:
        pytest.skip("ansible-builder is not installed, so the image's definition is not checked")
    done = subprocess.run([BUILDER, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_image_is_defined_as_the_builder_wants_it(tmp_path: Path) -> None:
    definition = files_of(TEXT)["execution-environment.yml"]
    (tmp_path / "execution-environment.yml").write_text(definition, encoding="utf-8")
    builder(tmp_path, "create")
    wanted = yaml.safe_load((tmp_path / "context" / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert [one["name"] for one in wanted["collections"]] == [galaxy["repository"]]
    assert "git-core" in (tmp_path / "context" / "Containerfile").read_text(encoding="utf-8")


def test_the_builder_finds_what_the_collection_needs(tmp_path: Path) -> None:
    needed = yaml.safe_load(builder(tmp_path, "introspect", str(COLLECTIONS)))
    found = {kind: {re.split(r"[ >]", one)[0] for one in lines} for kind, lines in needed.items()}
    assert found == {"python": {"cryptography"}, "system": {"openssh-client", "openssh-clients"}}


def test_the_files_of_requirements_are_there() -> None:
    needs = yaml.safe_load((ROOT / "meta" / "execution-environment.yml").read_text(encoding="utf-8"))
    assert sorted(needs["dependencies"]) == ["python", "system"]
    assert all((ROOT / name).is_file() for name in needs["dependencies"].values())


def test_the_image_has_the_supported_releases_of_ansible() -> None:
    definition = yaml.safe_load(files_of(TEXT)["execution-environment.yml"])
    core = definition["dependencies"]["ansible_core"]["package_pip"]
    lowest = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    assert core.removeprefix("ansible-core").partition(",")[0] + ".0" == lowest


class Awx:
    """The part of AWX that playbooks notice."""

    def __init__(self, folder: Path, project: Path, fleet: Fleet) -> None:
        self._folder, self._project = folder, project
        self._own = yaml.safe_load((project / "own.yml").read_text(encoding="utf-8"))
        (project / "own.yml").unlink()
        # A job has what is committed; the password of the keys is a credential.
        (folder / "password").write_text("of the vault", encoding="ascii")
        self.password = f"--vault-password-file={folder}/password"
        self._inventory = ""
        for name in ("inventory.yml", "keys.yml", "site.yml", "maintenance.yml"):
            (project / name).write_text(fleet.files[name], encoding="utf-8")
        # To remove the fleet, the roles alone are run: the playbook would drain nodes, and in the end no router is left to ask.
        (project / "roles.yml").write_text(files_of(GUIDE.read_text(encoding="utf-8"))["site.yml"], encoding="utf-8")

    def sourced(self) -> None:
        """Take the inventory from the project."""
        done = playbook.command("ansible-inventory", "--inventory=inventory.yml", "--list", "--export", folder=self._project)
        assert done.returncode == 0, done.stderr
        self._inventory = f"#!/bin/sh\ncat <<'END'\n{done.stdout}\nEND\n"

    def job(self, name: str, *arguments: str, **answers: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook in a copy of the project, and remove that copy with everything that the job has written."""
        runner = self._folder / "runner"
        try:
            shutil.copytree(self._project, runner / "project")
            (runner / "hosts").write_text(self._inventory, encoding="utf-8")
            (runner / "hosts").chmod(0o755)
            (runner / "extravars").write_text(json.dumps({**self._own, **answers}), encoding="utf-8")
            given = ("--inventory", str(runner / "hosts"), "--extra-vars", f"@{runner}/extravars", *arguments, name)
            return playbook.command("ansible-playbook", *given, folder=runner / "project")
        finally:
            shutil.rmtree(runner)


def test_jobs_deploy_with_the_keys_of_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    fleet = Fleet(project, AWX)
    # Something else deploys the application.
    fleet.play("app.yml")
    awx = Awx(tmp_path, project, fleet)
    awx.sourced()

    lost = awx.job("site.yml")
    said = re.search(r"^    (directory: /runner/.*)$", TEXT, re.MULTILINE)
    assert said
    assert said[1].replace("/runner", f"{tmp_path}/runner") in lost.stdout.replace("\n", " ")
    assert not (project / "hosts").exists()

    for command in re.findall(r"\$ (ansible-\S+ .*(?:keys\.yml|\.pem).*)", TEXT):
        program, *arguments = command.replace("--ask-vault-pass", awx.password).split()
        # The shell would expand this.
        arguments = [str(project / "signing_keys" / f"{SHOP}.pem") if "*" in one else one for one in arguments]
        arguments += [awx.password] if program == "ansible-vault" else []
        done = playbook.command(program, *arguments, folder=project)
        assert done.returncode == 0, done.stdout + done.stderr
    store = {path.name: path.read_text(encoding="utf-8") for path in (project / "signing_keys").rglob("*.pem")}
    assert store[f"{SHOP}.pem"].startswith("$ANSIBLE_VAULT")
    assert "# Seal: " in store[f"{SHOP}.pub.pem"]

    try:
        done = awx.job("site.yml", awx.password)
        assert done.returncode == 0, done.stdout + done.stderr
        fleet.settled("10.0.0.7", "10.0.0.8")
        # They sign with the key of the project, and not with a new key of the job.
        [public] = (project / "hosts").rglob(f"router1/keys/public/{SHOP}.pem")
        installed, kept = (text[text.index("-----BEGIN") :] for text in (public.read_text("utf-8"), store[f"{SHOP}.pub.pem"]))
        assert installed == kept
        answers = dict(re.findall(r"- ``(\w+)``\n +- ``(.+)``", TEXT))
        assert sorted(answers) == ["drain_hosts", "drain_minimum", "drain_reason"]
        done = awx.job("maintenance.yml", **answers)
        assert done.returncode == 0, done.stdout
        fleet.settled("10.0.0.7")
    finally:
        gone = awx.job("roles.yml", awx.password, emperor_state="absent")
    assert gone.returncode == 0, gone.stdout
    assert fleet.left() == []
    os.rmdir(fleet.run)
