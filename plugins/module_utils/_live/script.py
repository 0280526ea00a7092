# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script of the live page: it fetches the data and updates the page in place. Pure."""

from __future__ import annotations

SCRIPT = """// Copyright (c) 2026, the emperor.uwsgi authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const PAGE = 100;
  const byId = (id) => document.getElementById(id);
  const cards = new Map();
  let data = null;
  let shown = PAGE;
  let last = 0;
  let wanted = "";

  // Everything that comes from a router is put in as text.
  const element = (name, className = "", text = null) => {
    const one = document.createElement(name);
    if (className) one.className = className;
    if (text !== null) one.textContent = text;
    return one;
  };
  const mark = (state) => {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "mark " + state);
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", "#" + state);
    svg.append(use);
    return svg;
  };
  const named = (text) => {
    const one = element("bdi");
    one.textContent = text;
    return one;
  };
  const line = (points, className, label) => {
    const one = element("div", "line " + className);
    // The newest step is not over.
    const drawn = points.slice(0, -1);
    const sum = points.reduce((all, point) => all + point, 0);
    if (!sum) return one;
    const most = Math.max(1, ...drawn);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 120 24");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label + " in the last minutes");
    const path = document.createElementNS(SVG, "path");
    const x = (at) => ((at * 120) / (drawn.length - 1)).toFixed(1);
    const y = (point) => (23 - (22 * point) / most).toFixed(1);
    path.setAttribute("d", "M" + drawn.map((point, at) => x(at) + " " + y(point)).join("L"));
    svg.append(path);
    one.append(svg, Math.round(sum).toLocaleString() + " " + label);
    return one;
  };
  const table = (names, rows) => {
    const one = element("table");
    const head = element("tr");
    for (const name of names) {
      const cell = element("th", "", name);
      cell.scope = "col";
      head.append(cell);
    }
    const top = element("thead");
    top.append(head);
    const body = element("tbody");
    for (const cells of rows) {
      const row = element("tr");
      cells.forEach((cell, at) => {
        cell.dataset.label = names[at];
        row.append(cell);
      });
      body.append(row);
    }
    one.append(top, body);
    return one;
  };
  const cell = (text, className = "") => element("td", className, text === null || text === undefined ? "" : String(text));
  const nameCell = (text, className = "name") => {
    const one = element("td", className);
    if (text) one.append(named(text));
    return one;
  };
  const stateCell = (state, word = state) => {
    const one = element("td", "state " + state);
    one.append(mark(state), word);
    return one;
  };
  const where = (node) => {
    const states = Object.entries(node.routers);
    if (new Set(states.map((one) => one[1])).size < 2) return "";
    return states.map(([router, state]) => router + ": " + state).join(", ");
  };

  const NODES = ["State", "Host", "Node", "Why", "Requests", "Failures", "In flight", "Weight", "Heard", "At routers"];
  const nodes = (key) =>
    table(NODES, key.nodes.map((node) => [
      stateCell(node.state),
      nameCell(node.host || node.address, "name first"),
      nameCell(node.host ? node.address : ""),
      cell(node.reasons && node.reasons.join(", ")),
      cell(node.requests.toLocaleString()),
      cell(node.failures.toLocaleString()),
      cell(node.in_flight),
      cell(node.weight),
      cell(node.age === null ? null : node.age + " s ago"),
      cell(where(node)),
    ]));
  const text = (key) => [key.key, ...key.nodes.flatMap((node) => [node.host, node.address, node.state])].join(" ").toLowerCase();
  const draw = (card, key) => {
    card.className = "key " + key.state;
    const head = element("div", "head");
    const title = element("h3");
    title.append(named(key.key));
    const serving = key.expected === null ? key.serving + " serve" : key.serving + " of " + key.expected + " serve";
    const lines = [line(key.requests, "requests", "requests"), line(key.failures, "failures", "failures")];
    head.append(title, element("span", "serving", serving), ...lines);
    card.replaceChildren(head, ...(key.nodes.length ? [nodes(key)] : []));
  };

  const keys = () => {
    const words = byId("search").value.toLowerCase().split(/\\s+/).filter(Boolean);
    const found = data.keys.filter((key) => {
      const all = words.length || wanted ? text(key) : "";
      return words.every((word) => all.includes(word)) && (!wanted || key.nodes.some((node) => node.state === wanted));
    });
    const now = found.slice(0, shown);
    const kept = new Set(now.map((key) => key.key));
    for (const [name, card] of cards) {
      if (!kept.has(name)) {
        card.remove();
        cards.delete(name);
      }
    }
    const list = byId("keys");
    now.forEach((key, at) => {
      let card = cards.get(key.key);
      if (!card) {
        card = element("article");
        cards.set(key.key, card);
      }
      const drawn = JSON.stringify(key);
      if (card.drawn !== drawn) {
        card.drawn = drawn;
        draw(card, key);
      }
      if (list.children[at] !== card) list.insertBefore(card, list.children[at] || null);
    });
    byId("more").hidden = found.length <= shown;
    byId("more").textContent = "Show " + Math.min(PAGE, found.length - shown) + " more of " + found.length + " keys";
  };

  const counts = () => {
    byId("counts").replaceChildren(...Object.entries(data.counts).reverse().map(([state, count]) => {
      const one = element("button", "count " + state);
      one.type = "button";
      one.disabled = !count && wanted !== state;
      one.setAttribute("aria-pressed", String(wanted === state));
      one.append(mark(state), element("b", "", count.toLocaleString()), " " + state);
      one.addEventListener("click", () => {
        wanted = wanted === state ? "" : state;
        show();
      });
      return one;
    }));
  };
  const troubles = () => {
    byId("troubles").hidden = !data.troubles.length;
    byId("troubles").replaceChildren(...data.troubles.map((trouble) => {
      const one = element("p");
      one.append(mark("failing"), element("b", "", trouble.headline), ": ", named(trouble.details));
      return one;
    }));
  };
  const vassalState = (one) => {
    if (one.running === null) return stateCell("ghost", "unknown");
    if (one.reasons && one.reasons.length) return stateCell("drained", "held out");
    if (one.failed_starts) return stateCell("gone", "does not start");
    if (one.asleep) return stateCell("fresh", "asleep");
    if (!one.running) return stateCell("gone", "not running");
    return one.accepting === false ? stateCell("failing", "not accepting") : stateCell("fresh", "running");
  };
  const section = (id, content) => {
    byId(id).hidden = !content;
    if (content) byId(id).querySelector(".scroll").replaceChildren(content);
  };
  const check = (one) => (one.check === null ? "" : one.check ? "passed" : "failed");
  const show = () => {
    counts();
    troubles();
    keys();
    const vassals = ["State", "Vassal", "Held out by", "Health check", "Failed starts", "Reloads"];
    section("vassals", data.vassals.length && table(vassals, data.vassals.map((one) => [
      vassalState(one),
      nameCell(one.name, "name first"),
      cell(one.reasons && one.reasons.join(", ")),
      cell(check(one)),
      cell(one.failed_starts),
      cell(one.respawns),
    ])));
    const routers = ["State", "Router", "Stats server", "uWSGI", "Keys", "Nodes", "Problem"];
    section("routers", data.routers.length && table(routers, data.routers.map((one) => [
      one.up ? stateCell("fresh", "answers") : stateCell("gone", "down"),
      nameCell(one.name, "name first"),
      nameCell(one.stats),
      cell(one.version),
      cell(one.keys),
      cell(one.nodes),
      cell(one.error),
    ])));
  };

  const age = () => {
    const one = byId("asked");
    if (!last) return;
    const seconds = Math.round((Date.now() - last) / 1000);
    one.classList.toggle("old", seconds > 15);
    const answered = data.routers.filter((router) => router.up).length + " of " + data.routers.length + " routers answer";
    const old = "No answer for " + seconds + " s; what is below is as old.";
    one.textContent = seconds > 15 ? old : answered + ", " + data.keys.length + (data.keys.length === 1 ? " key." : " keys.");
  };
  const refresh = async () => {
    const begin = performance.now();
    try {
      const answer = await fetch("/pools.json", { cache: "no-store", signal: AbortSignal.timeout(20000) });
      if (answer.ok) {
        data = await answer.json();
        last = Date.now();
        show();
      }
    } catch {
      // Said by the age; the next one may come.
    }
    age();
    setTimeout(refresh, document.hidden ? 10000 : Math.max(2000, 4 * (performance.now() - begin)));
  };
  byId("search").addEventListener("input", () => data && keys());
  byId("more").addEventListener("click", () => {
    shown += PAGE;
    keys();
  });
  refresh();
})();
"""
