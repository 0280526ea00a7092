/* Copyright (c) 2026, the emperor.uwsgi authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* On a phone, site.css shows each row of a table as a block. Each cell then needs the title of its column. */
for (const table of document.querySelectorAll("article table.docutils:not(.ansible-option-table)")) {
  const titles = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
  if (titles.length < 2) continue;
  table.classList.add("stacked");
  for (const row of table.querySelectorAll("tbody tr")) {
    [...row.cells].forEach((cell, at) => { cell.dataset.title = titles[at]; });
  }
}
