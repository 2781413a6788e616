"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const data = JSON.parse(byId("data").textContent);
  const lanes = byId("lanes"), view = byId("window"), says = byId("says"), why = byId("why");
  const items = all(".item", lanes), rows = all(".lane", lanes).map((lane) => all(".item", lane)).filter((row) => row.length);
  for (const row of rows) row.sort((one, other) => one.dataset.at - other.dataset.at || one.dataset.row - other.dataset.row);
  const [SENTENCE, RULE, BEFORE, LEG, AT] = [0, 1, 2, 3, 4];

  const clock = (ms) => {
    const whole = Math.max(0, Math.round(ms)), pad = (value, size) => String(value).padStart(size, "0");
    const hours = Math.floor(whole / 3600000), minutes = Math.floor(whole / 60000) % 60;
    const rest = `${pad(Math.floor(whole / 1000) % 60, 2)}.${pad(whole % 1000, 3)}`;
    return hours ? `${hours}:${pad(minutes, 2)}:${rest}` : `${minutes}:${rest}`;
  };

  /* Why: the chain of causes of a row, first cause first. */
  const make = (name, text, className) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const explain = (seq, isTold = true) => {
    const chain = [];
    for (let each = seq; each >= 0 && chain.length < 200; each = data.rows[each][BEFORE]) chain.unshift(each);
    const list = make("ol", "", "chain");
    for (const each of chain) {
      const line = list.appendChild(make("li")), row = data.rows[each];
      const said = line.appendChild(make("button", row[SENTENCE], each === seq ? "row last" : "row"));
      said.type = "button";
      said.dataset.row = each;
      if (row[RULE]) line.append(" ", make("span", row[RULE], "rule"));
    }
    why.setAttribute("aria-live", isTold ? "polite" : "off");
    const row = data.rows[seq];
    const heading = make("h3", `What led to ${clock(row[AT])}${row[LEG] ? `, leg ${row[LEG]}` : ""}`);
    why.replaceChildren(heading, list);
    const led = new Set(chain.map(String));
    for (const item of items) {
      item.classList.toggle("chosen", item.dataset.row === String(seq));
      item.classList.toggle("led", led.has(item.dataset.row));
    }
  };
  document.addEventListener("click", (event) => {
    const told = event.target.closest("[data-row]");
    if (told && (told.matches(".item") || told.matches("button"))) {
      if (told.matches(".item")) move(told, false);
      const inChain = why.contains(told);
      explain(Number(told.dataset.row));
      if (inChain) why.querySelector(".last").focus();
    }
  });

  /* Marks: one is in the tab order, arrow keys move to the others. */
  const move = (item, isFocused = true) => {
    if (!item) return;
    for (const each of items) if (each.getAttribute("tabindex") === "0") each.setAttribute("tabindex", "-1");
    item.setAttribute("tabindex", "0");
    if (isFocused) item.focus();
  };
  const nearest = (row, at) => row.reduce((best, each) =>
    Math.abs(each.dataset.at - at) < Math.abs(best.dataset.at - at) ? each : best);
  lanes.addEventListener("keydown", (event) => {
    const item = event.target.closest(".item");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const place = rows.findIndex((row) => row.includes(item)), row = rows[place], at = row.indexOf(item);
    const up = rows[place - 1], down = rows[place + 1];
    const keys = {
      ArrowRight: () => move(row[at + 1]), ArrowLeft: () => move(row[at - 1]),
      ArrowUp: () => up && move(nearest(up, item.dataset.at)), ArrowDown: () => down && move(nearest(down, item.dataset.at)),
      Home: () => move(row[0]), End: () => move(row[row.length - 1]),
      Enter: () => explain(Number(item.dataset.row)), " ": () => explain(Number(item.dataset.row)),
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  const said = (event) => {
    const item = event.target.closest(".item");
    if (!item) return;
    const row = data.rows[item.dataset.row];
    says.textContent = row[SENTENCE] + (row[RULE] ? ` [${row[RULE]}]` : "");
  };
  view.addEventListener("pointerover", said);
  view.addEventListener("focusin", said);  /* on the picture itself it would make Chromium stop there */

  /* Zoom: the lanes get wider than their window, which scrolls. Words that have no room are not drawn. */
  const fit = () => {
    const zoom = lanes.dataset.zoom;
    for (const label of all(".label", lanes)) {
      const share = parseFloat(label.parentNode.getAttribute("width")) / 100;
      const room = share * lanes.clientWidth - label.getAttribute("x");
      label.classList.toggle("cut", label.getComputedTextLength() > room - 2);
    }
    for (const button of all("button[data-zoom]")) {
      const at = data.zooms.indexOf(Number(zoom));
      button.disabled = button.dataset.zoom === "in" ? at === data.zooms.length - 1 : at === 0;
    }
  };
  const zoomTo = (zoom) => {
    const middle = (view.scrollLeft + view.clientWidth / 2) / view.scrollWidth;
    lanes.dataset.zoom = zoom;
    lanes.setAttribute("width", `${zoom * 100}%`);
    view.scrollLeft = middle * view.scrollWidth - view.clientWidth / 2;
    fit();
  };
  for (const button of all("button[data-zoom]")) button.addEventListener("click", () => {
    const at = data.zooms.indexOf(Number(lanes.dataset.zoom));
    const to = { out: at - 1, in: at + 1, fit: 0 }[button.dataset.zoom];
    zoomTo(data.zooms[Math.min(Math.max(to, 0), data.zooms.length - 1)]);
  });
  new ResizeObserver(fit).observe(view);

  /* Sound: a cursor moves along the axis while a recording plays. */
  const place = (ms) => {
    const within = data.axis.find(([from, to]) => ms >= from && ms <= to) || data.axis[data.axis.length - 1];
    const [from, to, left, right] = within;
    return left + (right - left) * (ms - from) / Math.max(to - from, 1);
  };
  const runTime = (number, fileMs) => {
    const pieces = data.sounds[number];
    const [from, to, start] = pieces.findLast((piece) => piece[2] <= fileMs) || pieces[0];
    return Math.min(Math.max(from, from + fileMs - start), to);
  };
  const cursor = byId("cursor");
  const show = (number, audio) => {
    if (!data.sounds[number]) return;
    const ms = runTime(number, audio.currentTime * 1000), x = place(ms);
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, `${x}%`);
    cursor.setAttribute("visibility", "visible");
    byId("clock").textContent = clock(ms);
    const at = lanes.clientWidth * x / 100;
    if (!audio.paused && (at < view.scrollLeft || at > view.scrollLeft + view.clientWidth)) view.scrollLeft = at - 40;
  };
  for (const audio of all("audio")) {
    const number = audio.id.replace("audio-", ""), button = document.querySelector(`[data-play="${number}"]`);
    const follow = () => {
      show(number, audio);
      if (!audio.paused) requestAnimationFrame(follow);
    };
    const state = () => button && button.setAttribute("aria-pressed", String(!audio.paused));
    audio.addEventListener("play", () => {
      for (const other of all("audio")) if (other !== audio) other.pause();
      state();
      follow();
    });
    for (const name of ["pause", "ended"]) audio.addEventListener(name, state);
    audio.addEventListener("seeked", () => show(number, audio));
    audio.addEventListener("timeupdate", () => show(number, audio));
    if (button) button.addEventListener("click", () => audio.paused ? audio.play() : audio.pause());
  }
  lanes.addEventListener("click", (event) => {
    const lane = event.target.closest("[data-recording]"), box = lanes.getBoundingClientRect();
    const audio = lane && byId(`audio-${lane.dataset.recording}`), pieces = lane && data.sounds[lane.dataset.recording];
    if (!audio || event.target.closest(".item")) return;
    const x = (event.clientX - box.left) / box.width * 100;
    const [from, to, left, right] = data.axis.find((each) => x >= each[2] && x <= each[3]) || data.axis[0];
    const ms = from + (to - from) * (x - left) / Math.max(right - left, 1e-9);
    const piece = pieces.find((each) => ms >= each[0] && ms <= each[1]);
    if (piece) audio.currentTime = (piece[2] + ms - piece[0]) / 1000;
  });

  fit();
  if (data.first !== null) explain(data.first, false);
})();
