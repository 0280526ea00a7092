# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Valid inputs for ``fuzz``, and the words that are special to each reader."""

from __future__ import annotations

import base64
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram
from support import keys, pools

STATS = [
    b'{"version":"2.0.31","subscriptions":[]}',
    b'{"version":"2.0.31","pid":7,"uid":0,"gid":0,"cwd":"/","active_sessions":0,"subscriptions":[{"key":"a.test","hash":3077,'
    b'"hits":4,"sni_enabled":0,"nodes":[{"name":"10.0.0.7:3031","modifier1":0,"modifier2":0,"last_check":1772366400,"pid":9,'
    b'"requests":4,"last_requests":0,"tx":1,"rx":2,"cores":1,"load":0,"weight":1,"wrr":0,"ref":0,"failcnt":0,"death_mark":0},'
    b'{"name":"/run/a.sock","modifier1":5,"modifier2":1,"last_check":1772366401,"death_mark":1}]},{"key":"b","hash":1}],}',
    b'{"version":"2.1-dev","subscriptions":[{"key":"a","hash":1,"hits":0,"algo":"lrc","nodes":[{"name":"10.0.0.7:1",\n\t"vassal":'
    b'"a"b\\.ini",\n\t"modifier1":5,"last_check":9,"weight":3,"backup":1,"proto":"\xbf","ref":2}]}]}',
    # Without anything that uWSGI doesn't write.
    b'{"version":"2.0.31","pid":7,"fastrouter":["10.0.0.2:80",\n"10.0.0.2:2626"],"subscriptions":[\n{"key":"a.test","hash":1,"hits":4,'
    b'"nodes":[\n{"name":"10.0.0.7:1","modifier1":0,"modifier2":0,"last_check":9,"pid":0,"uid":0,"gid":0,"requests":0,'
    b'"last_requests":0,"tx":0,"rx":0,"cores":0,"load":0,"weight":1,"wrr":0,"ref":0,"failcnt":0,"death_mark":0}]},\n{"key":"b","hash"'
    b':2,"hits":0,"nodes":[{"name":"10.0.0.8:1","modifier1":0,"modifier2":0,"last_check":9,"pid":0,"uid":0,"gid":0,"requests":0,'
    b'"last_requests":0,"tx":0,"rx":0,"cores":0,"load":0,"weight":1,"wrr":0,"ref":0,"failcnt":0,"death_mark":0}]}],"cheap":0}',
]
_JSON = [b"[", b"]", b"{", b"}", b'"', b",", b":", b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"1.5", b"9" * 30, b"-1",
         b"\\ud800", b"\\", b"\xff", b" ", b'"a":', b"[[", b'{"a":', "٣".encode()]  # fmt: skip
STATS_WORDS = [*_JSON, b'"key":"', b'"name":"', b'"cwd":"', b'"vassal":"', b'","hash":', b'","modifier1":', b'","vassal":"',
               b'","active_sessions":', b'"nodes":[', b'{"key":"a","hash":1},', b'"subscriptions":[',
               b'"last_check":']  # fmt: skip
EMPERORS = [
    b'{"vassals":[],"blacklist":[]}',
    b'{"version":"2.0.31","pid":7,"uid":0,"gid":0,"cwd":"/","emperor":["/etc/uwsgi/vassals"],"emperor_tyrant":0,"vassals":[{"id":'
    b'"shop.ini","pid":8,"born":1772366400,"last_mod":1772366400,"last_heartbeat":0,"loyal":1,"ready":1,"accepting":1,'
    b'"first_run":1772366400,"last_run":1772366400,"cursed":0,"zerg":0,"on_demand":"","uid":0,"gid":0,"monitor":"/a","respawns":0},'
    b'{"id":"0.ini","pid":-1,"last_mod":5,"accepting":0,"on_demand":"127.0.0.1:3031"}],"blacklist":[{"id":"b.ini",'
    b'"throttle_level":3,"attempt":2,"first_attempt":0,"last_attempt":0}]}',
]
EMPEROR_WORDS = [*_JSON, b'"vassals":', b'"blacklist":', b'{"id":"0.ini"},', b'"id":', b'"last_mod":', b'"attempt":', b'"pid":-1',
                 b'"accepting":', b'"on_demand":']  # fmt: skip
_SUBSCRIBE = b"subscribe2 = server=10.0.0.2:2626,key=a.test,addr=10.0.0.7:3031\n"
INI = [
    b"[uwsgi]\nsocket = 10.0.0.7:3031\n" + _SUBSCRIBE,
    b"[uwsgi]\nset-ph = a=b\nset = c=%(a)%(a)\nx = %(c)%%\nsocket = /run/%n.sock\nif-env = A\ny = $(A)\nendif =\n"
    b"subscribe2 = server=/run/r,key=%(a),sign=SHA256:/k/a.pem,check=/run/%n,modifier1=5,modifier2=1,socket=0,weight=2\n",
    b"; comment\n[uwsgi]\ninclude = 1.ini\nini = 2.ini:shop\nini = :web\ninherit = 2.ini\n"
    + _SUBSCRIBE
    + b"[shop]\nx = 1\n[web]\ny=2",
    b"[uwsgi]\n" + b"".join(b"set-ph = p%d=%%(p%d)%%(p%d)\n" % (at, at - 1, at - 1) for at in range(40, 0, -1)) + _SUBSCRIBE,
    b"[uwsgi]\n" + b"".join(b"set-ph = p%d=%%(p%d)%%(p%d)\n" % (at, at - 1, at - 1) for at in range(1, 40)) + b"set-ph = p0=aa\n",
    b"[uwsgi]\nset-ph = p0=$(A)\n" + b"".join(b"p%d = %%(p%d)\n" % (at, at - 1) for at in range(1, 1500)),
]
INI_WORDS = [b"\n", b"=", b",", b"\\", b"[", b"]", b"[uwsgi]\n", b"[a]\n", b"%(a)", b"%(p1)", b"%(", b"(", b")", b"%", b"%p",
             b"%h", b"$(",
             b"@(", b"include = 0.ini\n", b"include = 1.ini\n", b"ini = 0.ini:b\n", b"inherit = 0.ini\n", b"set-ph = a=",
             b"set = ",
             b"x = ", b" ", b"\0", b"\xff", b"if-a = \n", b"endif =\n", b"socket=", b"modifier1=", b"9" * 30, "٣".encode(),
             _SUBSCRIBE,
             b"server=\xff:1,", b"sign=a:/b,", b"key=", b"a" * 100]  # fmt: skip
_YAML = [
    b"uwsgi:\n  socket: 10.0.0.7:3031\n  env:\n    - A=1\n    - 'B=2'\n  subscribe-to: 10.0.0.2:2626:a.test\n",
    b"---\nweb: {a: b}\nuwsgi:\n  yaml: 1.yaml:web\n  yaml: :web\n  x: &a !!str b\n  y: *a\n  z: >\n   a\n   b\n",
    b"emperor: 1\nuwsgi:\n  emperor: /v/*\n  vassals-set: processes=4\n  fastrouter: :1\n",
]
_YAML_LINES = [b"\n", b": ", b"- ", b"  ", b"'", b'"', b"[", b"]", b"{", b"}", b"&a ", b"*a", b"!!str ", b"? ", b"<<: ", b"|\n",
               b"%n", b"uwsgi:\n", b"s:\n  a: b\n", b"  yaml: 1.yaml:s\n", b"  include: 1.yaml\n", b"  env: a\n", b"#",
               b"{{ a }}"]  # fmt: skip
_JSONS = [
    b'{"uwsgi": {"socket": "10.0.0.7:3031", "env": ["A=1", 2, true, null], "subscribe-to": "10.0.0.2:2626:a.test"}}',
    b'{"web": {"a": 1.5}, "uwsgi": {"json": ["1.json", "1.json:web"], "include": "2.json", "fastrouter": ":1"}}',
]
_JSON_WORDS = [*_JSON, b'"uwsgi":{', b'"env":[', b'"json":"1.json:a",', b'{"a":{"b":1}},', b'"%n"', b'"{{ a }}"']
_XMLS = [
    b"<uwsgi><socket>10.0.0.7:3031</socket><env>A=1</env><master/><subscribe-to>10.0.0.2:2626:a.test</subscribe-to></uwsgi>",
    b"<?xml version='1.0'?><a><uwsgi id='b'><xml>1.xml:c</xml><x><!-- c --></x><y><![CDATA[d]]>e</y></uwsgi><uwsgi id='c'/></a>",
]
_XML_WORDS = [b"<uwsgi>", b"</uwsgi>", b"<uwsgi id='a'>", b"<env>a</env>", b"<env>", b"</env>", b"<a/>", b"<![CDATA[", b"]]>",
              b"<!--", b"-->", b"<?a b?>", b"&#65;", b"&lt;", b"&a;", b"<!DOCTYPE a [<!ENTITY a 'b'>]>", b"<xml>1.xml</xml>",
              b"%n"]  # fmt: skip
_ADOPTED_INI = [
    b"[uwsgi]\nuid = alice\nenv = A=1\nmodule = app\nroute = ^/ basicauth:a,b:c\nenv = password=d\ndeclare-option = a=env=$1;$2=x"
    b"\na = b c\nset-ph = d=e\nx = %(d)%(d)\ndaemonize = /l\nlogger = {{ a }}\n",
    b"[uwsgi]\nemperor = /v/*\nvassals-set = processes=4\nfastrouter = :1\nhttp-to = :1\ninclude = 1.ini\n",
    b"[uwsgi]\nfastrouter = :3030\nfastrouter-subscription-server = :2626\nhttp = :80\nhttp-to = :3030\nini = 1.ini:a\n",
]
_ADOPTED_WORDS = [b"declare-option = a=b=$1;\n", b"declare-option2 = a=b\n", b"a = b\n", b"env = a\n", b"route = a\n", b"://a:b@",
                  b"password=", b"basicauth:", b"emperor = /a*[a]\n", b"vassals-set = a=b\n", b"fastrouter = a\n", b"ini = :a\n",
                  b"set = subscribe2=a\n", b"{{", b"uid = a\n"]  # fmt: skip
# By the ending of files, what is adopted, and its words.
ADOPTED = {
    "ini": ([*INI, *_ADOPTED_INI], [*INI_WORDS, *_ADOPTED_WORDS]),
    "yaml": (_YAML, _YAML_LINES),
    "json": (_JSONS, _JSON_WORDS),
    "xml": (_XMLS, _XML_WORDS),
}


def _numbered(line: str, count: int = 4000) -> str:
    return "".join(line.replace("@", str(at)) for at in range(count))


_MOST = 65_500


def _filled(start: str, piece: str, end: str = "", most: int = _MOST) -> str:
    return start + piece * ((most - len(start) - len(end)) // len(piece)) + end


_U = "[uwsgi]\n"
_Y = "uwsgi:\n"
# Files that were slow, or would be: by what is special about them, the ending, the text, and the text of the file 1.
HOSTILE: dict[str, tuple[str, str, str]] = {
    "a megabyte of one line": ("ini", _filled(_U + "env = ", "a", "\n", 2**20), ""),
    "a megabyte of lines": ("ini", _filled(_U, "env = A=1\n", "", 2**20), ""),
    "one option time and again": ("ini", _U + _numbered("env = A@=1\n"), ""),
    "many options": ("ini", _U + _numbered("a@ = 1\n"), ""),
    "short lines": ("ini", _filled(_U, "a\n"), ""),
    "sections": ("ini", _numbered("[s@]\na\n") + _U + "a = 1\n", ""),
    "sections that are read one by one": ("ini", _U + _numbered("ini = :s@\n", 2000) + _numbered("[s@]\na\n", 2000), ""),
    "sections of another file": ("ini", _U + _numbered("ini = 1.ini:s@\n"), _filled("[x]\n", "a = 1\n")),
    "files that are missing": ("ini", _U + _numbered("include = @.x.ini\n", 3000), ""),
    "files with keys": ("ini", _filled(_U, "subscribe-to = 10.0.0.2:2626:@1.ini\n"), "#\n" * 30_000),
    "placeholders of placeholders": ("ini", _U + _numbered("set-ph = p@=%(p@)a\n", 2500), ""),
    "placeholders of long values": ("ini", _filled(_U + f"set-ph = a=%h{'x' * 20_000}\n", "env = %(a)%(a)\n"), ""),
    "placeholders of secrets": ("ini", _filled(_U + f"set-ph = a={'password' * 250}\n", "env = %(a)\n"), ""),
    "declared options that are not known": (
        "ini", _filled(_filled(_U + "declare-option = a=", "b=$1;", "\n", 30_000), "a = $(B)\n"), ""),
    "declared options above their line": (
        "ini", _filled(_U, "a = 1\n", "", 30_000) + _filled("declare-option2 = a=", "b=$1;", "\n", 30_000), ""),
    "declared options of too much": (
        "ini", _U + _numbered("declare-option = a@=b@=$1\n", 1500) + "declare-option = c=c=$1\n" + "c = 1\n" * 2000, ""),
    "a declared option of many and of a long line": (
        "ini", _filled(_U + "declare-option = a=" + "zz=1;" * 4000 + "\na = ", "password", "\n"), ""),
    "a declared subscription of many fields": (
        "ini", _U + f"declare-option = a=subscribe2=server=10.0.0.2:1,key=a{_numbered(',x@=1')}\na = {'b' * 30_000}\n", ""),
    "subscriptions": ("ini", _U + _numbered("subscribe2 = server=10.0.0.2:2626,key=k@\n", 1500), ""),
    "subscriptions of sockets that are not there": (
        "ini", _U + "socket = /a\n" + _numbered("subscribe2 = server=10.0.0.2:26,key=k,socket=@\n", 1300), ""),
    "subscriptions of two sets of keys": (
        "ini", _U + _numbered("subscribe2 = server=10.0.0.2:26,key=k,weight=@\n", 1300), ""),
    "options that are refused": ("ini", _U + _numbered("set = subscribe2=@\n", 3000), ""),
    "sockets": ("ini", _U + _numbered("socket = 10.0.0.7:@\n", 2500), ""),
    "magic variables": ("ini", _filled(_U + "env = ", "%d%n%p%q"), ""),
    "names of secrets": ("ini", _filled(_U + "env = ", "password"), ""),
    "basicauth": ("ini", _filled(_U + "env = ", "basicauth:"), ""),
    "addresses": ("ini", _filled(_U + "env = ", "://a:"), ""),
    "an Emperor of many folders": ("ini", _U + _numbered("emperor = /x@/*\n"), ""),
    "an Emperor of a pattern": ("ini", _filled(_U + "emperor = ", "["), ""),
    "an Emperor of many routers": ("ini", _U + "emperor = /x\n" + _numbered("fastrouter-a@ = 1\n", 3000), ""),
    "an Emperor that sets many options": ("ini", _U + "emperor = /x\n" + _numbered("vassals-set = a@=1\n", 2900), ""),
    "a fastrouter of many nodes": ("ini", _U + "fastrouter = /x\n" + _numbered("fastrouter-to = @\n", 3000), ""),
    "conditions": ("ini", _filled(_U, "if-env = A\nendif =\n"), ""),
    "templates": ("ini", _filled(_U, "env={{a}}\n"), ""),
    "JSON of many values": ("json", _filled('{"uwsgi": {"env": [', "1,", "1]}}"), ""),
    "JSON of many sections": ("json", "{" + _numbered('"a@":{"a":1},') + '"uwsgi": {"a": 1}}', ""),
    "deep JSON": ("json", _filled('{"uwsgi": ', "["), ""),
    "digits in JSON": ("json", _filled('{"uwsgi": {"a": ', "9", "}}"), ""),
    "YAML of many lines": ("yaml", _Y + _numbered(" env: @\n"), ""),
    "YAML of many values": ("yaml", _filled(_Y + " env:\n", "  - a\n"), ""),
    "YAML of many words": ("yaml", _filled(_Y + " env: [", "a,", "a]\n"), ""),
    "YAML of many sections": ("yaml", _numbered("s@:\n a: b\n") + _Y + " a: b\n", ""),
    "sections of another file of YAML": (
        "yaml", _Y + " yaml:\n" + _numbered("  - 1.yaml:s@\n", 3000), _numbered("s@:\n a: b\n", 600)),
    "deep YAML": ("yaml", _filled("uwsgi: ", "["), ""),
    "aliases of YAML": ("yaml", _filled("a: &a x\nuwsgi:\n env:\n", "  - *a\n"), ""),
    "quotes of YAML": ("yaml", _filled(_Y, " a: 'b'\n"), ""),
    "keys of YAML": ("yaml", _filled(_Y, " ? a\n"), ""),
    "XML of many elements": ("xml", _filled("<uwsgi>", "<env>a</env>", "</uwsgi>", 47_000), ""),
    "XML of many attributes": ("xml", "<uwsgi " + _numbered("a@='1' ") + "><a/></uwsgi>", ""),
    "XML of many sections": ("xml", "<a>" + _numbered("<uwsgi id='@'><a/></uwsgi>", 2000) + "</a>", ""),
    "XML of references": ("xml", _filled("<uwsgi><env>", "&#65;", "</env></uwsgi>"), ""),
    "deep XML": ("xml", _filled("<uwsgi>", "<a>"), ""),
    "entities of XML": ("xml", "<!DOCTYPE a [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><uwsgi><env>&b;</env></uwsgi>", ""),
}  # fmt: skip
# A certificate for a.test and *.b.test, in DER.
CERTIFICATES = [
    base64.b64decode(
        "MIIBUzCB+qADAgECAhRRPvqBDDAW/xqVV3NaeDX1aA3pkzAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZhLnRlc3QwHhcNMjYxMTI2MjA1NzIzWhcNMjYxMTI3"
        "MjE1NzIzWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASNVVaQIZnibxWpTQn0q/4zCAtXZm8YHSrbeafm9TCGQzcaL7QZ"
        "CktYYuvfzfDEAJS/MRC9biN1/7PcirMfmgMhozAwLjAPBgNVHRMBAf8EBTADAQH/MBsGA1UdEQQUMBKCBmEudGVzdIIIKi5iLnRlc3QwCgYIKoZIzj0EAwID"
        "SAAwRQIgfy66u9woGj05DXBDqNlv+g28nO29tBIjOnwSOETgFXsCIQCvyWWikODmGste8q5qLfCq/7XjtclX1OjOWbetAVO5Tg=="
    )
]
CERTIFICATE_WORDS = [b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x06\x03\x55\x1d\x11", b"\x82\x00", b"\x17\x0d", b"\x18\x0f",
                     b"\xa3", b"\x04", b"\x31\x00"]  # fmt: skip
LISTS = [b"server=10.0.0.2:2626,key=a.test,sign=SHA256:/k/a\\,b.pem", b"https2", b"a=b\\", b",,,=,=="]
_PAIRS = [("server", "10.0.0.2:2626"), ("key", "a.test"), ("modifier1", "0"), ("requests", "5")]
DATAGRAMS = [
    datagram.encode(datagram.SUBSCRIBE, _PAIRS),
    datagram.encode(datagram.UNSUBSCRIBE, [("key", "a"), ("key", b"\xff\0")], lambda body: b"signature of " + body[:4]),
    datagram.encode(datagram.SUBSCRIBE, []),
]
DATAGRAM_WORDS = [b"\0", b"\xff", b"\xe0", b"\0\0", b"\xff\xff", b"\x04\0sign", b"\x03\0key", b"\x01\0a", b"\xe0\0\0\0"]
PEMS = [one.encode() for one in (keys.private(), keys.public(), keys.private(form="TraditionalOpenSSL"), keys.private("rsa"))]
PEM_WORDS = [b"-----BEGIN ", b"-----END ", b"-----", b"\n", b"PRIVATE KEY", b"EC PARAMETERS", b"-----BEGIN A-----\n", b"A",
             b"=", b" ",
             b"-----BEGIN PRIVATE KEY-----\n", b"-----END PRIVATE KEY-----\n", b"Proc-Type:", b"\xff", b"\r",
             "٣".encode()]  # fmt: skip

_SIGNING = ["SHA256", "/keys/private/a.test.pem"]
_SUBSCRIPTIONS = [
    {"server": "10.0.0.2:2626", "key": "a.test", "address": 0, "signing": _SIGNING},
    {"server": ["10.0.0.2:2626", "/run/r.sock"], "key": ["b.test", "c.test"], "modifier": {"modifier1": "php", "modifier2": 1}},
    {"server": "10.0.0.2:2627", "key": "d.test", "sni_cert": "/tls/d.crt", "sni_key": "/tls/d.key", "sni_client_ca": "!/tls/ca"},
]
_VASSALS = [
    {"name": "a", "owner": "www", "options": {"socket": "10.0.0.7:3031", "x": [1, True]}, "subscriptions": _SUBSCRIPTIONS[:1]},
    [{"name": "b", "options": {"socket": 3032}, "subscriptions": _SUBSCRIPTIONS[1:]}],
]
_ROUTERS = [
    {
        "name": "web",
        "options": {"https": "0.0.0.0:443,/t/a.crt,/t/a.key", "http-stats": "127.0.0.1:2628", "http-processes": 1},
        "server_verification_params": {"digest_algo": "SHA256", "dir_cert": "/keys/public"},
        "server_params": {"tolerance": 17},
    },
    {"name": "raw", "options": {"rawrouter": ":2020", "rawrouter-subscription-server": "0.0.0.0:2627", "rawrouter-stats": "/s"}},
    {"name": "sni", "options": {"https2": "addr=:443,cert=/t/a,key=/t/b", "http-subscription-server": ["0.0.0.0:2627", ":80"]}},
]
_PICTURE = pools.info(
    pools.router("10.0.0.2:2627", **{"a.test": {"10.0.0.7:3031": {}, "10.0.0.8:3031": {"failures": 2, "fresh": False}}}),
    pools.router("10.0.0.3:2627", **{"a.test": {"10.0.0.7:3031": {"dead": True}}, "b": {"@b": {"weight": 3, "modifier2": 4}}}),
    {"stats": "10.0.0.4:2627", "error": "10.0.0.4:2627 does not answer", "pools": []},
)
# Arguments of calls, by filter.
CALLS: dict[str, list[tuple[list[Any], dict[str, Any]]]] = {
    "adopted_variables": [
        ([{"node1": [{"path": "/v/a.ini", "text": text.decode("utf-8", "replace"), "owner": "alice"}]}], {}) for text in INI
    ],
    "announcement_load": [
        ([_VASSALS], {"interval": 10, "routers": 2}),
        ([[{"host": "node1", "vassals": _VASSALS}]], {"key_type": "rsa"}),
    ],
    "pool_page": [
        ([_PICTURE], {"title": "Shop"}),
        ([{"host1": _PICTURE, "host2": {"unreachable": True, "msg": "no route"}}], {}),
    ],
    "prometheus_targets": [([["node1", "node2"], {"node1": {"ansible_host": "10.0.0.7"}, "node2": {}}], {"port": 9000})],
    "router_certificates": [([_ROUTERS, _VASSALS[:1]], {}), ([_ROUTERS], {"vassals": _VASSALS[:1]})],
    "router_flaws": [([_ROUTERS], {"announce_interval": 5, "low_ports": False}), ([_ROUTERS], {})],
    "signed_vassals": [
        ([_VASSALS, "/keys/private"], {"succeeding": ["b.test.pem"]}),
        ([_VASSALS, "/keys/private", "SHA1"], {}),
    ],
    "signing_key_file": [(["a.test:8000"], {})],
    "signing_key_names": [([_VASSALS], {"directory": "/keys/private"}), ([_SUBSCRIPTIONS], {})],
    "signing_keys": [
        ([_VASSALS, {"a.test.pem": keys.private()}, "public"], {}),
        ([_SUBSCRIPTIONS, {"a.test": keys.private("rsa")}], {"half": "private"}),
    ],
    "signing_public_key": [([keys.private(kind, form=form)], {}) for kind, form in
                           (("ec", "PKCS8"), ("ec384", "TraditionalOpenSSL"), ("rsa", "PKCS8"), ("rsa", "TraditionalOpenSSL"))],
    "subscription_arguments": [
        *[([text.decode("utf-8", "surrogateescape")], {"path": "/v/a.ini"}) for text in INI],
        (["[a]\nsubscribe-to = 10.0.0.7:1=10.0.0.2:2626:a,5,SHA1:/k\nst = /run/r:b\n", "", "a", "2.1"], {}),
        (['{"uwsgi": {"subscribe-to": ["10.0.0.2:2626:a", "10.0.0.2:2626:@/k"], "weight": 2, "master": true}}', "/v/a.json"],
         {"files": {"/k": "a\nb,5\n"}}),
        (["<a><uwsgi id='b'><st>10.0.0.2:2626:a</st><x/><!-- c --><y><![CDATA[c]]></y></uwsgi></a>", "/v/a.xml:b"], {}),
        (["uwsgi:\n  subscribe-to:\n    - '10.0.0.2:2626:a'\n  z: &a [b]\nweb:\n  st: 10.0.0.2:2626:%n\n", "/v/a.yml:web"], {}),
        (["[uwsgi]\ndeclare-option = a=st=$1:$2;a=$1\na = 10.0.0.2:2626 b\ndeclare-option2 = b=a=$1\nb = c\nini = b.ini\n"
          "ini = :c\n"],
         {"path": "/v/a.ini", "files": {"/v/b.ini": "[uwsgi]\nx=1\n[c]\nweight = 2\nauto-weight = 1\n"}}),
        (["[uwsgi]\nfastrouter-subscription-server = :1\nsubscriptions-sign-check = SHA1:/k\nsubscription-tolerance = 3\n"], {}),
    ],
}  # fmt: skip
