# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why some mutants may survive."""

from __future__ import annotations

# Mutants that may survive: a part of "CHANGE: LINE", and why the change makes no difference.
EQUIVALENT = {
    "@lru_cache(maxsize=": "only how much is remembered depends on it",
    # _arguments/domains
    "condition false: if not _ODD.search(key)": "only a shortcut for plain domains",
    "empty: _ODD = ": "only a shortcut for plain domains",
    "condition false: if label.isascii():": "the encoding leaves what is ASCII as it is",
    # _arguments
    '_STR = {"type": "str"}': "text is Ansible's default type",
    "return [Line(lines[0].name, lines[0].value": "both are of one option",
    "condition false: if isinstance(value, str) and _addresses.is_ipv4_port(value):": "the check comes to the same",
    "Lt to LtE: if release < row.since:": "whoever is called compares again",
    "condition true: if release < row.since:": "whoever is called compares again",
    "'' longer: def newer_entries(": "within one instance any owner is the same",
    "'' longer: if values.flag(\"\", ": "what is no boolean was refused before",
    "condition true: if name in _TELLING:": "of other options only their own name is looked up, which is no argument's",
    "if TYPE_CHECKING:": "only a type checker needs it",
    "condition true: if release >= V2_1:  # older ones": "what is warned of was refused before",
    "2 and 1: return marshal.dumps(": "the same is only checked again more often",
    "condition false: if not flaws:": "what is sound is only looked at again",
    'returns None: return ""': "callers treat None as nothing",
    "'.' empty: one.warnings.extend(words for words": "a place ends in a bracket, so none begins another",
    # _arguments/protocols
    "number = int(text) if len(text) < 4": "no vassal has as many sockets",
    'ANY = "any"': "any text will do that is no protocol",
    'ANNOUNCED = "announced"': "any text will do that is no protocol",
    # _archive
    "_DATE = (1980, 1, 1, 0, 0, 0)": "any date will do that stays the same",
    "condition true: if one not in found:": "otherwise the same is read once more",
    "condition true: loader: Any = module": "whatever is imported has one",
    # _capacity
    'UNSIGNED = "unsigned"': "any text will do that is no type of a key",
    "'' longer: busy = _checking(Announcer(": "nobody reads the name of the sum",
    "'' longer: found = list(_announcers(\"emperor_vassals\"": "nobody reads the names of what is only counted",
    "'' longer: return sum(_checking(one, key_type)": "nobody reads the names of what is only counted",
    "0 and 1: most = max(found, key=": "only the keys that it signs for are read",
    # _deployment/changes
    'KEEP = "keep"': "any text will do that is no other change's",
    'START = "start"': "any text will do that is no other change's",
    'RELOAD = "reload"': "any text will do that is no other change's",
    'RESTART = "restart"': "any text will do that is no other change's",
    'STOP = "stop"': "any text will do that is no other change's",
    # _ini/parser
    "condition false: start = max(1, begin if seen < 0 else seen)": "nothing is found before that, only later",
    "empty: begin = value.find(\"%(\", start)": "what is looked through from further left finds the same",
    "16 and 1: self._left -= ": "any measure ends what takes too long",
    "0 and 1: start = max(1, begin if seen < 0": "what is looked for from 1 on is never at 0",
    # _ini/kvlist
    'condition true: if "\\\\" in text': "only a shortcut for text without a backslash",
    'empty: if "\\\\" in text': "only a shortcut for text without a backslash",
    # _bulk_argument
    '_FILE = "packed"': "any name will do that no key's file has",
    "1 and 1: _LEVEL = ": "only the size and the time depend on it",
    # _dialect
    "longer: _IMMEDIATE = ": "no option has a name with the letter that is added",
    # _files/plan
    "100 and 1: def refuse_losses(": "never more than all files are removed",
    # _files/trust
    "ANYBODY = -1": "any number that is no user's id works",
    # _host/emperor_stats
    "0 and 1: asleep=on_demand is not None and strict_json.number(one.get(": "only -1 makes a difference",
    "1 and 1: at = min((first[name]": "any number below zero is no index",
    # _ini
    "_MOST_EXPANSIONS = ": "any bound ends what never would",
    "_MOST_WORK = ": "any bound ends what takes too long",
    "0 and 1: if self._left < 0:": "any bound ends what takes too long",
    "Lt to LtE: if self._left < 0:": "any bound ends what takes too long",
    "_STEP = ": "any bound ends what takes too long",
    "begin = -1": "any number below zero is no index",
    "begin = depth = -1": "any number below zero is no index",
    "begin, depth = at, -1": "any number below zero is no depth",
    "if not value.isascii():": "ASCII is valid Unicode text; that is only known sooner",
    "'' longer: def escape(": "no option that uWSGI acts on at once has that name",
    "'%' empty: return value.endswith(": "only a shortcut for values that end in something else",
    'self._last = ""': "it is set before it is read",
    'text = "\\n".join(body)': "only which placeholders are needed is read off it",
    "'' longer: modifiers=(_number(fields.get(": "what is no number is 0, as nothing is",
    "'' longer: number = _number(fields.get(": "what is no number is 0, as nothing is",
    "'' longer: digest, colon, file = fields.get(": "without a colon there is no signature",
    "Add changed: return (number + 2**31) % 2**32 - 2**31": "the two are 2**32 apart, which the remainder takes away",
    "20 and 1: number = int(digits[:20]": "with 20 digits it is too large for 64 bits already",
    "returns None: return False": "callers treat None as False",
    "Lt to LtE: start = max(1, begin if seen < 0": "what is looked for from 1 on is never at 0",
    # _import
    "_MOST_FILES = ": "any bound ends what takes too long",
    "Gt to GtE: if len(others) > _MOST_FILES": "any bound ends what takes too long",
    "'-[{' longer: if stripped[0] in": "no option begins with the letter that is added",
    "'' longer: return [parser.Option(name, ": "nobody reads the value of an option that has a flaw",
    "'' longer: joined = os.path.normpath(": "no file that is given has that name",
    "self._work += 64": "any measure ends what takes too long",
    "Gt to GtE: if depth > MOST_DEPTH or len(found) > 4 * MOST_ROWS": "any bound ends what takes too long",
    "Lt to LtE: if found is None or len(value) > _MOST_TEXT or self._work < 0": "any bound ends what takes too long",
    # _keys/pem
    "'=' longer: digest = base64.b64encode(": "base64 of 32 bytes never ends in a Z before its padding",
    "b'' longer: der = b": "one letter is as damaged as nothing",
    # _live
    "condition true: if any(now - seen.time >= _KEPT": "otherwise the same is made once more",
    "Sub changed: if any(now - seen.time >= _KEPT": "otherwise the same is made once more",
    "self._newest = 0": "no look is as old",
    "Add changed: for at in range(max(self._newest + 1": "what is cleared twice is clear",
    # _live/families
    "False to True: registry: Any": "the collector describes itself",
    # _masking
    "'----' empty: _DASHES = ": "only a shortcut for text without a PEM",
    "condition false: if _DASHES not in text:": "only a shortcut for text without a PEM",
    "condition true: if _DASHES in text:": "only a shortcut for text without a PEM",
    # _pool
    "ANSWER = 5": "any time works in which a router answers",
    "'' longer: protocol=protocol(": "no protocol begins with the letter that is added",
    "'' longer: name = (node[": "where there is an address any text will do",
    "condition false: if {*map(type, values)} == {int}": "what is checked together is only known sooner",
    "GtE to Gt: if {*map(type, values)} == {int}": "what is checked together is only known sooner",
    "LtE to Lt: if {*map(type, values)} == {int}": "what is checked together is only known sooner",
    "_CHUNK = 1 <<": "only how much is read at once depends on it",
    "class Router(_Asked, total=False)": "only type checkers read it",
    "_NONE = os.urandom(": "any number of bytes works that nobody guesses",
    "'()*' longer: member = ": "no member's name has another character",
    "condition true: while True:": "it is the same",
    "Lt to LtE: if opening.start() < done:": "a comma follows each value, and text that begins with a member is not JSON",
    # _tls/certificate
    "2 and 1: text = (\"19\" if text[:2] >= \"50\"": "the first two of the three decide",
    # _role_options
    'advice: str = ""': "where a rule has no advice nobody reads it",
    'BESIDE = "beside"': "any text will do that is no other kind's",
    "'false' longer: return ": "none of the roles' own options is false",
    # _roles/both_sides
    "condition false: if not given.routers:": "where there is no router nobody speaks anything else",
    "condition true: if newer not in known:": "what is known is only not asked for again",
    'own = {"fastrouter": words(': "only that it is there is read, not where it listens",
    'front = {"https": words(': "only that it is there is read, not where it listens",
    # _roles/emperor
    "'' longer: return [\"\"] if checked": "that there is one is all that is read",
    "'' longer: return list(dict.fromkeys(str(one.get(\"owner\"": "a tenant's vassal without an owner is refused",
    "'' longer: names = [one.get(\"name\"": "two without a name have the same either way",
    # _roles/other_hosts
    "_MOST_NAMES = 20": "any bound ends a circle",
    # _roles/service
    "longer: _WRAPPER = ": "nothing is run behind what is executed",
    # _roles/firewall
    "CLIENTS, FRONTS, MONITORING": "any text will do that is nobody else's",
    "Gt to GtE: networks = [": "nobody else is in the network of one address",
    "'' longer: yield f\"{place}.{name}\", use, kvlist": "what has no colon has no port",
    "returns None: return 0": "callers treat None as none",
    # _roles/live
    "'' longer: address = found if isinstance(found, str)": "what is no address is not asked",
    'condition true: host = text(f"{name}: ansible_host"': "where it listens at one address, that is not read",
    "'' longer: host = text(f\"{name}: ansible_host\"": "where it listens at one address, that is not read",
    "'' longer: found = sockets[number] if": "what is no address is not announced",
    # _router_checks
    "1 and 1: _ALL, _ANY = 0, 1": "any two numbers work",
    # _roles/variables
    'Record = TypeVar("Record"': "only type checkers read it",
    # _page
    "returns None: return []": "callers treat None as nothing",
    "and 1: common, count = Counter(values)": "of no values no row is another one, and only the first is taken",
    "1 and 1: total = self.total or 1": "none is none of any number",
    "3 and 1: shown = [rows[0], *sorted(": "no two lines of a key have one name and one host",
    "'' longer: path = str(one.get(": "where there is no folder there is no file",
    "'' longer: below = str(entry.get(": "what has no path is in no folder",
    "180 and 1: text, note = (shapes.cut(": "one pixel more has no room for another character",
    # _adopt
    '_TEXT = "tag:yaml.org,2002:str"': "what needs no quotes is only known sooner",
    "condition false: if style is None and _PLAIN.match(value)": "what needs no quotes is only known sooner",
    "Is to IsNot: if style is None and _PLAIN.match(value)": "what needs no quotes is only known sooner",
    "False to True: if style is None and _PLAIN.match(": "of text without quotes only the first of the two is looked at",
    "condition false: if len(words) <= width": "what needs no wrapping is only known sooner",
    "LtE to Lt: if len(words) <= width": "what needs no wrapping is only known sooner",
    '"CSafeDumper"': "both write the same",
    "_NO_WIDTH = ": "no text is as long",
    "shows = True": "what is no text is ASCII",
    "'\\n...' ": "only Python's own dumper ends a text so",
    "condition false: if one.kind != VASSAL:": "of what is not converted only the reason is written",
    '[{"name": one.name, "options": {"need-app": True': "any option is one",
    "VASSAL, ROUTER, EMPEROR, BROKEN = ": "any text will do that is no other kind's",
    "'need-app' longer: entry = {": "any option is one",
    "True to False: entry = {": "any value of an option is one",
    "condition true: if one.line not in shown:": "otherwise the same is made once more",
    "_FIRST_MARK = ": "any characters will do that no file has",
    "_MOST_STEPS = 100": "any bound ends what never would",
    "_MOST_TEXT = 2**16": "any bound ends what takes too long",
    "Gt to GtE: if found is None or len(value) > _MOST_TEXT": "any bound ends what takes too long",
    "0 and 1: if found is None or len(value) > _MOST_TEXT": "any bound ends what takes too long",
    "Sub changed: self._work -= len(value)": "any bound ends what takes too long, and there is one of the steps",
    "condition true: if line not in self._shown:": "otherwise the same is made once more",
    "'' longer: return Read(line.name, ": "of what is not kept nobody reads the value",
    "1 and 1: return body.replace(": "no file has a second line like that",
    "0 and 1: if left < 0:": "any bound ends what takes too long",
    "Lt to LtE: if left < 0:": "any bound ends what takes too long",
    # _visible
    "longer: _BLANKS = ": "only blanks are looked for there",
    "condition false: if text.isascii():": "only a shortcut for text without anything else",
}
