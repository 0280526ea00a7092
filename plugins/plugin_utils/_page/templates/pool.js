// Copyright (c) 2026, the emperor.uwsgi authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const search = document.querySelector("input[type=search]");
  const counts = all(".count");

  // The nodes that were asked for, by words and by states, and the keys that these have.
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = counts.filter((one) => one.getAttribute("aria-pressed") === "true").map((one) => one.dataset.state);
    const keys = new Set();
    for (const row of all("#of-nodes tbody tr")) {
      const text = row.textContent.toLowerCase();
      row.hidden = !(words.every((word) => text.includes(word)) && (!wanted.length || wanted.includes(row.dataset.state)));
      if (!row.hidden) keys.add(row.cells[1].textContent);
    }
    for (const row of all("#of-keys tbody tr")) {
      row.hidden = (words.length || wanted.length) && !keys.has(row.cells[0].textContent);
    }
  };
  search.addEventListener("input", show);
  for (const count of counts) {
    count.addEventListener("click", () => {
      count.setAttribute("aria-pressed", String(count.getAttribute("aria-pressed") !== "true"));
      show();
    });
  }

  // On a phone a row is a card, where each value has its column's name before it.
  for (const table of all("table")) {
    const names = all("th", table).map((head) => head.textContent);
    for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, at) => (cell.dataset.label = names[at]));
  }

  for (const head of all("th")) {
    head.firstChild.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      const column = [...head.parentNode.children].indexOf(head);
      for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
      const compare = new Intl.Collator(undefined, { numeric: true }).compare;
      const body = head.closest("table").tBodies[0];
      body.append(...[...body.rows].sort((one, other) => compare(value(one), value(other)) * (down ? -1 : 1)));
    });
  }

  // What is pointed at stands out with all that it is joined to; a click finds it in the tables.
  for (const graph of all(".graph")) {
    const links = all(".link", graph);
    const things = all("[data-name]", graph);
    for (const thing of things) {
      const name = thing.dataset.name;
      thing.addEventListener("pointerenter", () => {
        const joined = links.filter((link) => (link.dataset.ends ?? "").split(" ").includes(name));
        const names = new Set([name, ...joined.flatMap((link) => link.dataset.ends.split(" "))]);
        for (const one of [...joined, ...things.filter((other) => names.has(other.dataset.name))]) one.classList.add("on");
        graph.classList.add("picked");
      });
      thing.addEventListener("pointerleave", () => {
        graph.classList.remove("picked");
        for (const one of all(".on", graph)) one.classList.remove("on");
      });
      thing.addEventListener("click", () => {
        if (!thing.classList.contains("router")) {
          search.value = thing.querySelector("title").textContent.split("\n")[0];
          show();
          search.scrollIntoView({ block: "center" });
        }
      });
    }
  }
})();
