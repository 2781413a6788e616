"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const filter = byId("filter"), shown = byId("shown");
  const lines = [...byId("cases").rows].map((row) => [row, row.textContent.toLowerCase()]);
  const look = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const [row, text] of lines) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) count += 1;
    }
    shown.textContent = words.length ? `${count} of ${lines.length}` : "";
  };
  filter.addEventListener("input", look);
  byId("tools").hidden = false;
  look();
})();
