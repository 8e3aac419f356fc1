// The page: what is chosen, its permanent link, search, keys, light and dark.
"use strict";

zpix.chosen = -1;

// Chooses a source by its row, or none by -1.
zpix.choose = function (row, { move = true, scroll = true } = {}) {
  zpix.chosen = row;
  if (row >= 0 && move) zpix.map.visit(row);
  zpix.map.redraw();
  if (scroll) zpix.table.reveal();
  else zpix.table.paint();
  zpix.panel.show(row).catch((error) => zpix.notice(error.message));
  if (row >= 0) zpix.tab("source");
  zpix.link.write();
};

zpix.viewMoved = function () {
  zpix.link.write();
  if (zpix.byId("in-view").checked) zpix.table.refill();
};

// The part of the page that a narrow screen shows below the map.
zpix.tab = function (name) {
  document.body.dataset.tab = name;
  for (const tab of zpix.byId("tabs").children) tab.setAttribute("aria-selected", String(tab.dataset.shows === name));
  if (name === "sources") zpix.table.reveal();
};

// All that a permanent link keeps, behind the # of the address.
zpix.link = {
  ready: false,
  ofPicture: ["stretch", "channel", "brightness", "contrast"],

  write() {
    if (!this.ready) return;
    const parts = new URLSearchParams(), [u0, v0, u1, v1] = zpix.map.inView();
    const [x, y] = zpix.fromPicture((u0 + u1) / 2, (v0 + v1) / 2);
    if (zpix.chosen >= 0) parts.set("id", zpix.all.id[zpix.chosen]);
    parts.set("view", [x.toFixed(1), y.toFixed(1), (u1 - u0).toFixed(1)].join(","));
    const chosen = zpix.filters.get();
    for (const [name, plain] of Object.entries(zpix.filters.plain)) {
      if (chosen[name] !== plain) parts.set(name, chosen[name]);
    }
    const choices = { band: zpix.field.bands[zpix.filters.band()].name, colour: zpix.byId("colour-by").value,
      flag: zpix.byId("colour-flag").selectedOptions[0].textContent, picture: zpix.pictures.chosen(),
      ...Object.fromEntries(this.ofPicture.map((id) => [id, zpix.byId(id).value])),
      sort: (zpix.table.order.down ? "-" : "") + zpix.table.order.name };
    for (const [name, value] of Object.entries(choices)) if (value !== this.plain[name]) parts.set(name, value);
    this.written = `#${parts}`;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => history.replaceState(null, "", this.written), 100);
  },

  async read() {
    const parts = new URLSearchParams(location.hash.slice(1));
    const select = (element, value) => {
      if (value !== null && [...element.options].some((option) => option.value === value)) element.value = value;
    };
    const bands = zpix.field.bands.findIndex((band) => band.name === parts.get("band"));
    if (bands >= 0) zpix.byId("filters").elements.band.value = bands;
    select(zpix.byId("colour-by"), parts.get("colour"));
    const flag = zpix.field.flags.find((own) => own.name === parts.get("flag"));
    if (flag) zpix.byId("colour-flag").value = flag.value;
    zpix.pictures.choose(parts.get("picture") ?? "0");
    for (const id of this.ofPicture) {
      if (zpix.byId(id).options) select(zpix.byId(id), parts.get(id) ?? this.plain[id]);
      else zpix.byId(id).value = parts.get(id) ?? this.plain[id];
    }
    zpix.map.show(zpix.pictures.chosen());
    zpix.pictures.filter();
    const sort = parts.get("sort") ?? "id";
    zpix.table.order = { name: sort.replace(/^-/, ""), down: sort.startsWith("-") };
    zpix.table.sorted = null;
    const filters = Object.fromEntries(Object.keys(zpix.filters.plain).filter((n) => parts.has(n)).map((n) => [n, parts.get(n)]));
    zpix.filters.set(filters);
    zpix.map.recolour();
    await zpix.filters.apply();
    const [x, y, across] = (parts.get("view") ?? "").split(",").map(Number);
    const row = zpix.rowOf.get(Number(parts.get("id"))) ?? -1;
    if (across > 0 && Number.isFinite(x + y)) zpix.map.go(...zpix.inPicture(x, y), across, true);
    else if (row >= 0) zpix.map.visit(row, true);
    zpix.choose(row, { move: false });
  },

  open() {
    this.plain = { band: zpix.field.band, colour: "redshift", flag: zpix.field.flags[0].name, picture: "0", sort: "id",
      stretch: zpix.field.stretch, channel: "", brightness: "0", contrast: "0" };
    window.addEventListener("hashchange", () => {
      if (location.hash !== this.written) this.read();
    });
    zpix.byId("copy-link").addEventListener("click", async () => {
      history.replaceState(null, "", this.written);
      try {
        await navigator.clipboard.writeText(location.href);
        zpix.notice("The link to this source and view is copied.");
      } catch {
        zpix.notice("The address of the page is the link to this source and view.");
      }
    });
  },
};

zpix.search = function (text) {
  const words = text.trim();
  if (/^\d+$/.test(words)) {
    const row = zpix.rowOf.get(Number(words));
    if (row === undefined) zpix.notice(`There is no source ${words}.`);
    else zpix.choose(row);
    return;
  }
  const position = zpix.sky.parsed(words);
  if (!position) {
    zpix.notice("Neither an id nor a position: 493, or 53.16 -27.79, or 3h32m38.4s -27d47m24s.");
    return;
  }
  const pixel = zpix.sky.pixel(...position), [height, width] = zpix.field.shape;
  if (!pixel || pixel[0] < -0.5 || pixel[1] < -0.5 || pixel[0] > width - 0.5 || pixel[1] > height - 0.5) {
    zpix.notice("This position is outside of the field.");
    return;
  }
  const within = 2 / zpix.field.pixel_scale_arcsec, row = zpix.near.nearest(...pixel, within, () => true);
  zpix.map.go(...zpix.inPicture(...pixel), 250);
  if (row < 0) zpix.notice("There is no source within 2″ of this position.");
  zpix.choose(row, { move: false });
};

zpix.keys = function (event) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && !zpix.byId("help").open) {
    document.activeElement.blur();
    if (!typing) zpix.choose(-1);
    return;
  }
  if (typing || zpix.byId("help").open) return;
  const view = zpix.map.viewer.viewport, click = (id) => zpix.byId(id).click();
  const pan = (x, y) => view.panBy(view.deltaPointsFromPixels(new OpenSeadragon.Point(x, y)));
  const next = () => {
    const by = zpix.byId("colour-by");
    by.selectedIndex = (by.selectedIndex + 1) % by.options.length;
    by.dispatchEvent(new Event("change"));
  };
  const inTable = zpix.byId("table").contains(event.target);
  const keys = {
    "+": () => click("zoom-in"), "=": () => click("zoom-in"), "-": () => click("zoom-out"), "0": () => click("home"),
    n: () => zpix.table.step(1), p: () => zpix.table.step(-1), o: () => click("outlines"), c: next,
    l: () => click("theme"), "?": () => click("help-button"), "/": () => zpix.byId("query").focus(),
    f: () => { zpix.tab("filters"); zpix.byId("filters").elements.magLow.focus(); },
    ArrowLeft: () => pan(-90, 0), ArrowRight: () => pan(90, 0),
    ArrowUp: () => inTable ? zpix.table.step(-1) : pan(0, -90),
    ArrowDown: () => inTable ? zpix.table.step(1) : pan(0, 90),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  event.stopPropagation();
  keys[event.key]();
};

zpix.themes = {
  kept() {
    try { return localStorage.getItem("zpix-theme"); } catch { return null; }
  },
  now: () => document.documentElement.dataset.theme
    || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"),
  set(theme) {
    if (theme) document.documentElement.dataset.theme = theme;
    zpix.byId("theme").textContent = this.now() === "dark" ? "Light" : "Dark";
    if (zpix.all && zpix.chosen >= 0) zpix.panel.show(zpix.chosen);
  },
  open() {
    this.set(this.kept());
    zpix.byId("theme").addEventListener("click", () => {
      const theme = this.now() === "dark" ? "light" : "dark";
      try { localStorage.setItem("zpix-theme", theme); } catch { /* a page from disk may keep nothing */ }
      this.set(theme);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.set());
  },
};

zpix.wire = function () {
  const on = (id, kind, call) => zpix.byId(id).addEventListener(kind, call);
  const zoom = (by) => { zpix.map.viewer.viewport.zoomBy(by); zpix.map.viewer.viewport.applyConstraints(); };
  on("zoom-in", "click", () => zoom(1.6));
  on("zoom-out", "click", () => zoom(1 / 1.6));
  on("home", "click", () => zpix.map.viewer.viewport.goHome());
  on("outlines", "change", () => zpix.map.forget());
  for (const id of ["composite", "red", "green", "blue"]) {
    on(id, "change", () => {
      zpix.pictures.choose(zpix.pictures.chosen());
      zpix.map.show(zpix.pictures.chosen());
      zpix.panel.drawStamps();
      zpix.link.write();
    });
  }
  for (const id of ["colour-by", "colour-flag"]) on(id, "change", () => { zpix.map.recolour(); zpix.link.write(); });
  for (const id of zpix.link.ofPicture) on(id, "input", () => { zpix.pictures.filter(); zpix.link.write(); });
  on("plain", "click", () => {
    for (const id of zpix.link.ofPicture) zpix.byId(id).value = zpix.link.plain[id];
    zpix.pictures.filter();
    zpix.link.write();
  });
  on("search", "submit", (event) => {
    event.preventDefault();
    zpix.search(zpix.byId("query").value);
  });
  on("help-button", "click", () => zpix.byId("help").showModal());
  document.addEventListener("keydown", zpix.keys, true);
  for (const tab of zpix.byId("tabs").children) tab.addEventListener("click", () => zpix.tab(tab.dataset.shows));
};

zpix.start = async function () {
  zpix.themes.open();
  [zpix.field, zpix.all] = await Promise.all([zpix.load("field"), zpix.load("sources")]);
  const field = zpix.field, count = zpix.all.id.length;
  document.title = `${field.title} – zpix`;
  zpix.byId("title").textContent = field.title;
  zpix.byId("made-by").textContent = `zpix ${field.version}, model ${field.model.name ?? field.model}; OpenSeadragon ${OpenSeadragon.version.versionStr}`;
  zpix.rowOf = new Map(Array.from(zpix.all.id, (id, row) => [id, row]));
  zpix.near = new zpix.Near(zpix.all.x, zpix.all.y);
  zpix.kept = new Uint8Array(count).fill(1);
  zpix.pictures.open();
  zpix.pictures.choose(new URLSearchParams(location.hash.slice(1)).get("picture") ?? "0");
  for (const flag of field.flags) zpix.byId("colour-flag").append(zpix.element("option", { value: flag.value }, flag.name));
  zpix.filters.open();
  zpix.table.open();
  zpix.exports.open();
  zpix.link.open();
  await zpix.map.open();
  zpix.wire();
  zpix.tab("source");
  await zpix.link.read();
  zpix.link.ready = true;
  document.body.dataset.ready = "yes";
};

zpix.start().catch((error) => {
  zpix.byId("source").replaceChildren(zpix.element("p", { className: "warning" }, `The page cannot be shown: ${error.message}.`));
});
