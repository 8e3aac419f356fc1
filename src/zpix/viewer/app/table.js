// The table of sources: sortable, in step with the map; only the rows in sight are in the page.
"use strict";

const ROW_PIX = 26;

zpix.table = {
  order: { name: "id", down: false },
  rows: new Int32Array(0),
  sorted: null,

  columns() {
    const all = zpix.all, number = (name, digits) => ({ value: (i) => all[name][i], text: (i) => zpix.fixed(all[name][i], digits) });
    const columns = [
      { name: "id", value: (i) => all.id[i], text: (i) => String(all.id[i]), wide: 68 },
      { name: "z_phot", ...number("z_phot", 3), wide: 70 },
      { name: "class", value: (i) => all.class[i], text: zpix.className, wide: 66, words: true },
      { name: "68 %", value: (i) => all.z840[i] - all.z160[i], wide: 116,
        text: (i) => `${zpix.fixed(all.z160[i], 2)} – ${zpix.fixed(all.z840[i], 2)}` },
      ...(zpix.field.knows_redshifts ? [{ name: "known z", ...number("z_known", 3), wide: 76 }] : []),
      { name: "mag", value: (i) => zpix.magnitude(zpix.filters.band(), i), wide: 96,
        text: (i) => zpix.fixed(zpix.magnitude(zpix.filters.band(), i), 2) },
      { name: "ra", ...number("ra", 6), wide: 98 }, { name: "dec", ...number("dec", 6), wide: 98 },
      { name: "flags", value: (i) => all.flags[i], wide: 260, words: true, text: (i) =>
        zpix.field.flags.filter((flag) => all.flags[i] & flag.value).map((flag) => flag.name).join(" ") },
    ];
    return columns;
  },

  open() {
    const place = zpix.byId("table");
    this.shown = this.columns();
    this.head = zpix.element("div", { className: "head", role: "row" });
    for (const column of this.shown) {
      const button = zpix.element("button", { type: "button", role: "columnheader" }, column.name);
      button.addEventListener("click", () => this.sort(column.name));
      button.style.width = `${column.wide}px`;
      button.dataset.name = column.name;
      this.head.append(button);
    }
    this.body = zpix.element("div", { className: "body" });
    place.append(this.head, this.body);
    place.addEventListener("scroll", () => this.paint(), { passive: true });
    new ResizeObserver(() => this.paint()).observe(place);
    this.body.addEventListener("click", (event) => {
      const line = event.target.closest("[data-row]");
      if (line) zpix.choose(Number(line.dataset.row), { move: true, scroll: false });
    });
    zpix.byId("in-view").addEventListener("change", () => this.refill());
  },

  sort(name) {
    this.order = { name, down: this.order.name === name ? !this.order.down : false };
    this.sorted = null;
    this.refill();
    zpix.byId("table").scrollTop = 0;
    zpix.link.write();
  },

  // All rows in the order of a column; those without a value are last.
  inOrder() {
    if (this.sorted) return this.sorted;
    const column = this.shown.find((c) => c.name === this.order.name) ?? this.shown[0];
    const count = zpix.all.id.length, keys = new Float64Array(count), sign = this.order.down ? -1 : 1;
    for (let i = 0; i < count; i++) {
      const value = column.value(i);
      keys[i] = Number.isNaN(value) ? Infinity : Math.min(Math.max(sign * value, -1e30), 1e30);
    }
    this.sorted = Int32Array.from(keys, (_, i) => i).sort((a, b) => keys[a] - keys[b] || a - b);
    return this.sorted;
  },

  refill() {
    if (!this.body) return;
    let wanted = (i) => zpix.kept[i];
    if (zpix.byId("in-view").checked) {
      const [u0, v0, u1, v1] = zpix.map.inView();
      const [x0, y1] = zpix.fromPicture(u0, v0), [x1, y0] = zpix.fromPicture(u1, v1);
      const { x, y } = zpix.all;
      wanted = (i) => zpix.kept[i] && x[i] >= x0 && x[i] <= x1 && y[i] >= y0 && y[i] <= y1;
    }
    this.rows = this.inOrder().filter(wanted);
    this.body.style.height = `${this.rows.length * ROW_PIX}px`;
    zpix.byId("table").setAttribute("aria-rowcount", this.rows.length);
    for (const button of this.head.children) {
      const own = button.dataset.name === this.order.name;
      button.dataset.order = own ? (this.order.down ? "down" : "up") : "";
      button.setAttribute("aria-sort", own ? (this.order.down ? "descending" : "ascending") : "none");
      if (button.dataset.name === "mag") button.textContent = `mag ${zpix.field.bands[zpix.filters.band()].name}`;
    }
    this.paint();
  },

  paint() {
    const place = zpix.byId("table"), first = Math.max(Math.floor(place.scrollTop / ROW_PIX) - 4, 0);
    const last = Math.min(first + Math.ceil(place.clientHeight / ROW_PIX) + 8, this.rows.length);
    const lines = [];
    for (let n = first; n < last; n++) {
      const row = this.rows[n];
      const line = zpix.element("div", { role: "row", className: row === zpix.chosen ? "line chosen" : "line" });
      line.dataset.row = row;
      line.style.top = `${n * ROW_PIX}px`;
      for (const column of this.shown) {
        const cell = zpix.element("span", { role: "gridcell", className: column.words ? "words" : "" }, column.text(row));
        cell.style.width = `${column.wide}px`;
        line.append(cell);
      }
      lines.push(line);
    }
    this.body.replaceChildren(...lines);
  },

  // Scrolls to the chosen source, if the table has it.
  reveal() {
    const place = zpix.byId("table"), n = this.rows.indexOf(zpix.chosen);
    if (n >= 0) {
      const top = n * ROW_PIX, space = place.clientHeight - this.head.offsetHeight;
      if (top < place.scrollTop || top + ROW_PIX > place.scrollTop + space) place.scrollTop = top - space / 2;
    }
    this.paint();
  },

  // The source so many lines below the chosen one.
  step(by) {
    if (!this.rows.length) return;
    const n = this.rows.indexOf(zpix.chosen);
    const to = n < 0 ? 0 : Math.min(Math.max(n + by, 0), this.rows.length - 1);
    zpix.choose(this.rows[to], { move: true });
  },
};
