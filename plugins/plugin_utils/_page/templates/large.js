// Copyright (c) 2026, the emperor.uwsgi authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const data = JSON.parse(document.getElementById("data").textContent);
  const phone = matchMedia("(max-width: 640px)").matches;
  const ROWS = phone ? 10 : 50;
  const STATES = data.places.slice(0, -1);
  const [FAILING, GHOST, DRAINED, FRESH] = ["failing", "ghost", "drained", "fresh"].map((name) => STATES.indexOf(name));

  // A column as _page/columns.py writes it.
  const column = (given) => {
    if (given.all) return Float64Array.from(given.all);
    const values = new Float64Array(given.length).fill(given.most);
    let row = 0;
    given.steps.forEach((step, at) => (values[(row += step)] = given.others[at]));
    return values;
  };
  const nodes = Object.fromEntries(Object.entries(data.of_nodes).map(([name, given]) => [name, column(given)]));
  const keys = Object.fromEntries(Object.entries(data.of_keys).map(([name, given]) => [name, column(given)]));
  const count = nodes.marks.length;
  nodes.key = new Uint32Array(count);
  nodes.state = Uint8Array.from(nodes.marks, (mark) => data.marks[mark][0]);
  keys.nodes.reduce((begin, length, key) => (nodes.key.fill(key, begin, begin + length), begin + length), 0);

  // Sums of the subscriptions of each key, or of each address.
  const sums = (size, of) => {
    const found = { states: STATES.map(() => new Uint32Array(size)), total: new Uint32Array(size) };
    for (const name of ["requests", "failures", "in_flight"]) found[name] = new Float64Array(size);
    for (let at = 0; at < count; at++) {
      found.states[nodes.state[at]][of[at]]++;
      found.total[of[at]]++;
      for (const name of ["requests", "failures", "in_flight"]) found[name][of[at]] += nodes[name][at];
    }
    return found;
  };
  const ofKeys = sums(data.keys.length, nodes.key);
  const ofAddresses = sums(data.addresses.length, nodes.address);
  const requests = ofKeys.requests.reduce((sum, one) => sum + one, 0);

  const part = (one, whole) => (whole ? one / whole : 0);
  const serving = (of, at) => of.states[FRESH][at] + of.states[FAILING][at];
  const ranked = (values) => {
    const compare = new Intl.Collator(undefined, { numeric: true }).compare;
    const ranks = new Uint32Array(values.length);
    [...values.keys()].sort((one, other) => compare(values[one], values[other])).forEach((at, rank) => (ranks[at] = rank));
    return ranks;
  };
  const lazy = (make) => {
    let made;
    return () => (made ??= make());
  };
  const keyRanks = lazy(() => ranked(data.keys));
  const addressRanks = lazy(() => ranked(data.addresses));

  // What a cell says: text alone, whatever is in it.
  const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const drawn = (name, attributes) => {
    const found = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [attribute, value] of Object.entries(attributes)) found.setAttribute(attribute, value);
    return found;
  };
  const mark = (state) => {
    const found = drawn("svg", { class: "mark " + state, "aria-hidden": "true" });
    found.append(drawn("use", { href: "#" + state }));
    return found;
  };
  const isolated = (text) => {
    const found = document.createElement("bdi");
    found.textContent = text;
    return found;
  };
  const bar = (share) => {
    const found = drawn("svg", { class: "bar", "aria-hidden": "true" });
    found.append(drawn("rect", { width: (share * 100).toFixed(1) + "%", height: "100%" }));
    return [found, (share * 100).toFixed(0) + " %"];
  };
  const places = (at) => {
    const [state, ...found] = data.marks[nodes.marks[at]];
    if (found.every((place) => place === found[0])) return [mark(STATES[state]), "all"];
    return found.map((place, router) => {
      const one = document.createElement("span");
      const words = data.routers[router] + ": " + data.places[place];
      const unseen = document.createElement("span");
      one.title = unseen.textContent = words;
      unseen.className = "unseen";
      one.append(mark(data.places[place]), unseen);
      return one;
    });
  };

  // Each column of a table: what it is sorted by, what it shows, and the class of its cells.
  const figure = (values, unit = "") => [(at) => values[at], (at) => [grouped(values[at]) + unit]];
  const states = (state) => [
    (key) => ofKeys.states[state][key],
    (key) => (ofKeys.states[state][key] ? [mark(STATES[state])] : []).concat(grouped(ofKeys.states[state][key])),
    (key) => (ofKeys.states[state][key] ? STATES[state] : ""),
  ];
  const share = (of) => [of, (at) => bar(of(at))];
  const name = () => "name";
  const ofNodes = [
    [(at) => nodes.state[at], (at) => [mark(STATES[nodes.state[at]]), STATES[nodes.state[at]]], (at) => STATES[nodes.state[at]]],
    [(at) => keyRanks()[nodes.key[at]], (at) => [isolated(data.keys[nodes.key[at]])], name],
    [(at) => addressRanks()[nodes.address[at]], (at) => [isolated(data.addresses[nodes.address[at]])], name],
    figure(nodes.weight),
    [(at) => parseFloat(data.modifiers[nodes.modifier[at]]), (at) => [data.modifiers[nodes.modifier[at]]]],
    figure(nodes.requests),
    share((at) => part(nodes.requests[at], ofKeys.requests[nodes.key[at]])),
    figure(nodes.failures),
    figure(nodes.in_flight),
    figure(nodes.age, "\u00a0s"),
    [(at) => nodes.marks[at], places],
  ];
  const forKeys = [
    [(key) => keyRanks()[key], (key) => [isolated(data.keys[key])], name],
    figure(keys.nodes),
    ...[FRESH, FAILING, GHOST, DRAINED].map(states),
    figure(ofKeys.requests),
    share((key) => part(ofKeys.requests[key], requests)),
    figure(ofKeys.failures),
    figure(ofKeys.in_flight),
    [(key) => keys.routers[key], (key) => [`${keys.routers[key]} of ${data.routers.length}`]],
  ];

  // A table of which some rows are shown at a time.
  class Table {
    constructor(element, columns) {
      Object.assign(this, { element, columns, rows: [], first: 0, sorted: null });
      this.pager = element.parentNode.querySelector(".pager");
      this.heads = all("th", element);
      this.names = this.heads.map((head) => head.textContent);
      this.pager.querySelector(".back").addEventListener("click", () => this.draw(this.first - ROWS));
      this.pager.querySelector(".on").addEventListener("click", () => this.draw(this.first + ROWS));
      this.heads.forEach((head, at) =>
        head.firstChild.addEventListener("click", () => {
          const down = head.getAttribute("aria-sort") === "ascending";
          for (const other of this.heads) other.removeAttribute("aria-sort");
          head.setAttribute("aria-sort", down ? "descending" : "ascending");
          this.sorted = [at, down ? -1 : 1];
          this.show(this.rows);
        }),
      );
    }
    show(rows) {
      this.rows = rows;
      if (this.sorted) {
        const [at, way] = this.sorted;
        const values = new Map(rows.map((row) => [row, this.columns[at][0](row)]));
        rows.sort((one, other) => (values.get(one) - values.get(other)) * way || one - other);
      }
      this.draw(0);
    }
    draw(first) {
      this.first = first;
      const rows = this.rows.slice(first, first + ROWS).map((row) => {
        const found = document.createElement("tr");
        this.columns.forEach(([, content, kind], at) => {
          const cell = found.insertCell();
          cell.className = kind ? kind(row) : "";
          cell.dataset.label = this.names[at];
          cell.append(...content(row));
        });
        return found;
      });
      this.element.tBodies[0].replaceChildren(...rows);
      const last = first + rows.length;
      const words = this.rows.length ? `${grouped(first + 1)} to ${grouped(last)} of ${grouped(this.rows.length)}` : "none";
      this.pager.querySelector("span").textContent = words;
      this.pager.querySelector(".back").disabled = first === 0;
      this.pager.querySelector(".on").disabled = last >= this.rows.length;
    }
  }
  for (const section of all(".paged, .walls")) section.hidden = false;
  const tableOfNodes = new Table(document.getElementById("of-nodes"), ofNodes);
  const tableOfKeys = new Table(document.getElementById("of-keys"), forKeys);

  // The nodes that were asked for, by words and by states, and the keys that these have.
  const search = document.querySelector("input[type=search]");
  const buttons = all(".count");
  const lower = lazy(() => [data.keys, data.addresses].map((texts) => texts.map((text) => text.toLowerCase())));
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = buttons.filter((one) => one.getAttribute("aria-pressed") === "true").map((one) => one.dataset.state);
    const [names, addresses] = words.length ? lower() : [[], []];
    const tests = words.map((word) => [names, addresses, STATES].map((texts) => texts.map((text) => text.includes(word))));
    const rows = STATES.map(() => []);
    const found = new Set();
    for (let at = 0; at < count; at++) {
      const state = nodes.state[at];
      if (wanted.length && !wanted.includes(STATES[state])) continue;
      if (!tests.every(([key, address, one]) => key[nodes.key[at]] || address[nodes.address[at]] || one[state])) continue;
      rows[state].push(at);
      found.add(nodes.key[at]);
    }
    tableOfNodes.show(rows.flat());
    tableOfKeys.show([...data.keys.keys()].filter((key) => !(words.length || wanted.length) || found.has(key)));
  };
  const find = (text) => {
    search.value = text;
    show();
    search.scrollIntoView({ block: "center" });
  };
  search.addEventListener("input", show);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      show();
    });
  }
  for (const button of all("[data-name]")) button.addEventListener("click", () => find(button.dataset.name));
  show();

  // A square for each key or node, the worst first, as summary.py has it: where there are too many, for some that follow each other.
  const pointed = document.getElementById("pointed");
  const wall = (canvas, names, of, isLost) => {
    const shares = names.map((dummy, at) => [part(serving(of, at), of.total[at]), part(of.states[FRESH][at], of.total[at])]);
    const order = [...names.keys()].sort((one, other) => shares[one][0] - shares[other][0] || shares[one][1] - shares[other][1]);
    let size, columns, each;
    const draw = () => {
      const width = canvas.clientWidth;
      const height = phone ? 380 : 300;
      size = Math.max(3, Math.min(36, Math.floor(Math.sqrt((width * height) / Math.max(1, names.length)))));
      columns = Math.max(1, Math.floor(width / size));
      each = size > 3 ? 1 : Math.max(1, Math.ceil(names.length / (columns * Math.floor(height / size))));
      const squares = Math.ceil(names.length / each);
      const scale = window.devicePixelRatio || 1;
      const tall = Math.max(1, Math.ceil(squares / columns)) * size;
      canvas.style.height = tall + "px";
      Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(tall * scale) });
      const style = getComputedStyle(document.documentElement);
      const colours = STATES.map((state) => style.getPropertyValue(state === "fresh" ? "--link" : "--" + state));
      const none = style.getPropertyValue("--none");
      const context = canvas.getContext("2d");
      const inner = Math.round(Math.max(2, size - (size > 12 ? 2 : 1)) * scale);
      for (let square = 0; square < squares; square++) {
        const x = Math.round((square % columns) * size * scale);
        let y = Math.round(Math.floor(square / columns) * size * scale);
        const some = order.slice(square * each, (square + 1) * each);
        const counts = of.states.map((values) => some.reduce((sum, at) => sum + values[at], 0));
        const total = counts.reduce((sum, one) => sum + one, 0);
        if (some.some(isLost)) {
          context.fillStyle = none;
          context.fillRect(x, y, inner, inner);
          continue;
        }
        // The worst states are above, and each is there to be seen.
        let room = inner;
        counts.forEach((one, state) => {
          if (!one) return;
          const high = state === FRESH ? room : Math.min(room, Math.max(scale, Math.round((inner * one) / total)));
          context.fillStyle = colours[state];
          context.fillRect(x, y, inner, high);
          y += high;
          room -= high;
        });
      }
    };
    const under = (event) => {
      const box = canvas.getBoundingClientRect();
      const square = Math.floor((event.clientY - box.top) / size) * columns + Math.floor((event.clientX - box.left) / size);
      return event.clientX - box.left < columns * size ? order.slice(square * each, (square + 1) * each) : [];
    };
    canvas.addEventListener("pointermove", (event) => {
      const [at, ...more] = under(event);
      if (at === undefined) return;
      const words = STATES.filter((dummy, state) => of.states[state][at]).map((one) => `${of.states[STATES.indexOf(one)][at]} ${one}`);
      const rest = more.length ? `, and ${more.length} more in this square` : "";
      pointed.replaceChildren(isolated(names[at]), ": " + (words.join(", ") || "no node") + rest);
    });
    canvas.addEventListener("click", (event) => {
      const [at] = under(event);
      if (at !== undefined) find(names[at]);
    });
    draw();
    addEventListener("resize", draw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  };
  wall(document.getElementById("wall-of-keys"), data.keys, ofKeys, (key) => !serving(ofKeys, key));
  wall(document.getElementById("wall-of-nodes"), data.addresses, ofAddresses, () => false);
  document.documentElement.dataset.drawn = "yes";
})();
