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
    b"; comment\n[uwsgi]\ninclude = 1.ini\nini = 2.ini:shop\nini = :web\ninherit = 2.ini\n" + _SUBSCRIBE
    + b"[shop]\nx = 1\n[web]\ny=2",
    b"[uwsgi]\n" + b"".join(b"set-ph = p%d=%%(p%d)%%(p%d)\n" % (at, at - 1, at - 1) for at in range(40, 0, -1)) + _SUBSCRIBE,
    b"[uwsgi]\n" + b"".join(b"set-ph = p%d=%%(p%d)%%(p%d)\n" % (at, at - 1, at - 1) for at in range(1, 40)) + b"set-ph = p0=aa\n",
    b"[uwsgi]\nset-ph = p0=$(A)\n" + b"".join(b"p%d = %%(p%d)\n" % (at, at - 1) for at in range(1, 4000)),
]
INI_WORDS = [b"\n", b"=", b",", b"\\", b"[", b"]", b"[uwsgi]\n", b"[a]\n", b"%(a)", b"%(p1)", b"%(", b"(", b")", b"%", b"%p",
             b"%h", b"$(",
             b"@(", b"include = 0.ini\n", b"include = 1.ini\n", b"ini = 0.ini:b\n", b"inherit = 0.ini\n", b"set-ph = a=",
             b"set = ",
             b"x = ", b" ", b"\0", b"\xff", b"if-a = \n", b"endif =\n", b"socket=", b"modifier1=", b"9" * 30, "٣".encode(),
             _SUBSCRIBE,
             b"server=\xff:1,", b"sign=a:/b,", b"key=", b"a" * 100]  # fmt: skip
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
