# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live page: its HTML frame and its style. Pure.

They are texts in a module, since only modules of the collection reach a managed host. The script inserts all data as
text, and the page's policy only loads its own two files.
"""

from __future__ import annotations

from html import escape

from .._visible import seen

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 16 16"><circle r="7" fill="#0b7f5c"/>'
    '<path d="M-4 0h8M0-4v8" stroke="#fff" stroke-width="2"/></svg>\n'
)

_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>@TITLE@</title>
<link rel="icon" href="/favicon.ico" type="image/svg+xml">
<link rel="stylesheet" href="/live.css">
</head>
<body>
<svg class="symbols" aria-hidden="true"><defs>
<g id="fresh"><circle r="5"/></g>
<g id="drained"><rect x="-5" y="-5" width="10" height="10" rx="1"/><path d="M-1.6-2.6v5.2M1.6-2.6v5.2"/></g>
<g id="failing"><path d="M0-6.2 6.4 5.4h-12.8z"/><path d="M0-2.4v3.4M0 3.1v.4"/></g>
<g id="partial"><path d="M0-5a5 5 0 0 0 0 10z"/><circle r="4.4"/></g>
<g id="ghost"><circle r="4.4"/></g>
<g id="gone"><path d="M-4-4 4 4M-4 4 4-4"/></g>
</defs></svg>
<header>
<h1>@TITLE@</h1>
<p id="asked" role="status">Asking the routers.</p>
<div id="counts"></div>
</header>
<main>
<section id="troubles" aria-label="Look at this first" hidden></section>
<div class="bar"><h2>Keys</h2>
<label>Search <input id="search" type="search" placeholder="key, host, address, state"></label></div>
<div id="keys"></div>
<button id="more" type="button" hidden>Show more</button>
<section id="vassals" hidden><h2>Vassals of this host</h2><div class="scroll"></div></section>
<section id="routers" hidden><h2>Routers</h2><div class="scroll"></div></section>
</main>
<noscript>This page needs its own script. The same is in <a href="/pools.json">/pools.json</a>.</noscript>
<script src="/live.js"></script>
</body>
</html>
"""

STYLE = """:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #fff; --line: #dfe2e8; --text: #1a1e27; --soft: #5b6372; --accent: #3a5bd0;
  --fresh: #0b7f5c; --ghost: #6b7280; --drained: #2c63d6; --failing: #c2410c; --gone: #b3123b; --alert: #fdf1e9;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151b; --card: #1b1f28; --line: #323846; --text: #e7eaf0; --soft: #a0a9b9; --accent: #8fa8ff;
    --fresh: #3fc797; --ghost: #9aa3b2; --drained: #7ba5ff; --failing: #ff8a57; --gone: #ff7d99; --alert: #33231a;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto; max-width: 1240px; padding: 28px 24px 48px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
h1 { margin: 0; font-size: 28px; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 18px; }
#asked { margin: 4px 0 16px; color: var(--soft); }
#asked.old { color: var(--gone); font-weight: 600; }
button, input { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.symbols { position: absolute; width: 0; height: 0; }
.mark { flex: none; width: 14px; height: 14px; margin-right: 6px; vertical-align: -2px; fill: var(--state); stroke: none; }
.mark use { transform: translate(7px, 7px); }
.fresh, .well { --state: var(--fresh); }
.ghost { --state: var(--ghost); }
.drained { --state: var(--drained); }
.failing, .partial, .degraded { --state: var(--failing); }
.gone, .down { --state: var(--gone); }
.mark.ghost { fill: none; stroke: var(--state); stroke-width: 1.8; stroke-dasharray: 2.6 2; }
.mark.gone { fill: none; stroke: var(--state); stroke-width: 2; }
#partial circle { fill: none; stroke: var(--failing); stroke-width: 1.4; }
#drained path, #failing path + path { fill: none; stroke: var(--card); stroke-width: 1.7; stroke-linecap: round; }
#counts { display: flex; flex-wrap: wrap; gap: 10px; }
.count, #more { display: flex; align-items: center; padding: 7px 14px; border: 1px solid var(--line); border-radius: 10px;
  background: var(--card); color: var(--soft); cursor: pointer; }
.count b { margin: 0 6px 0 2px; font-size: 19px; color: var(--state); }
.count:disabled { opacity: .55; cursor: default; }
section, .key { margin-top: 16px; padding: 14px 18px; border: 1px solid var(--line); border-radius: 14px; }
section, .key { background: var(--card); }
#troubles { border-color: var(--failing); background: var(--alert); }
#troubles p { margin: 3px 0; overflow-wrap: anywhere; }
.bar { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 8px; margin-top: 22px; }
.bar label { color: var(--soft); font-size: 13.5px; }
.bar input { width: 240px; padding: 5px 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.key { border-left: 4px solid var(--state); }
.key.well { border-left-color: var(--line); }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 18px; }
.head h3 { flex: 1 1 260px; margin: 0; font: 600 15px var(--mono); overflow-wrap: anywhere; }
.serving { color: var(--state); font-weight: 600; font-variant-numeric: tabular-nums; }
.line { display: flex; align-items: center; gap: 6px; color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
.line svg { width: 120px; height: 24px; }
.line path { fill: none; stroke: var(--accent); stroke-width: 1.4; }
.line.failures path { stroke: var(--failing); }
.scroll { overflow-x: auto; }
table { width: 100%; margin-top: 8px; border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th { padding: 4px 8px; border-bottom: 1px solid var(--line); color: var(--soft); text-align: left; font-weight: 600; }
td { padding: 4px 8px; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; }
td.state { color: var(--state); font-weight: 600; white-space: nowrap; }
td.name { font-family: var(--mono); font-size: 12.5px; overflow-wrap: anywhere; }
#more { margin-top: 16px; }
@media (max-width: 700px) {
  body { padding: 18px 12px 32px; }
  h1 { font-size: 23px; }
  section, .key { padding: 12px; border-radius: 12px; }
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { display: grid; grid-template-columns: 1fr 1fr; padding: 6px 0; border-top: 1px solid var(--line); }
  td { padding: 1px 0; border: 0; }
  td.state, td.name.first { grid-column: 1 / -1; }
  td:not(.state):not(.first):not(:empty)::before { content: attr(data-label) ": "; color: var(--soft); font: 12.5px system-ui; }
  td:empty { display: none; }
  .line svg { width: 90px; }
}
"""


def html(title: str) -> str:
    """The page with its title."""
    return _HTML.replace("@TITLE@", escape(seen(title)))
