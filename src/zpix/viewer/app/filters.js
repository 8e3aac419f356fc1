// Which sources are shown: magnitude, redshift, P(z > x), class and flags.
"use strict";

zpix.filters = {
  // Name of each field of the form, and what it is when nothing is asked.
  plain: { magLow: "", magHigh: "", zLow: "", zHigh: "", pAbove: "", pLeast: "", kind: "", without: 0, having: 0 },

  open() {
    const form = zpix.byId("filters"), field = zpix.field;
    const number = (name, label, attributes = {}) => {
      const input = zpix.element("input", { name, type: "number", step: "any", ...attributes });
      input.setAttribute("aria-label", label);
      return input;
    };
    const band = zpix.element("select", { name: "band" },
      ...field.bands.map((b, i) => zpix.element("option", { value: i }, b.name)));
    band.setAttribute("aria-label", "Band of the magnitudes");
    band.value = Math.max(field.bands.findIndex((b) => b.name === field.band), 0);
    const kind = zpix.element("select", { name: "kind" }, zpix.element("option", { value: "" }, "any"),
      ...field.classes.map((name) => zpix.element("option", { value: name }, name)));
    const row = (label, ...inputs) => zpix.element("div", { className: "row" }, zpix.element("span", {}, label), ...inputs);
    form.append(
      row("Magnitude", band, number("magLow", "Magnitude from"), "to", number("magHigh", "Magnitude to")),
      row("Redshift z_phot", number("zLow", "Redshift from"), "to", number("zHigh", "Redshift to")),
      row("P(z >", number("pAbove", "Redshift of P(z > x)", { placeholder: "6" }), ") >",
        number("pLeast", "Least probability", { placeholder: "0.5", min: 0, max: 1 })),
      row("Class", kind), this.flagTable(),
      zpix.element("p", { className: "buttons" },
        zpix.element("button", { type: "button", id: "sound", title: "Leaves out what has no sound data or redshift" },
          "Sound redshifts"),
        zpix.element("button", { type: "button", id: "no-filters" }, "No filters")));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", (event) => {
      if (event.target.name === "band") zpix.table.sorted = null;
      this.apply();
    });
    zpix.byId("no-filters").addEventListener("click", () => { this.set({}); this.apply(); });
    zpix.byId("sound").addEventListener("click", () => {
      const unsound = ["EDGE", "BANDS_MISSING", "Z_RANGE_END", "STAR", "OUTSIDE_TRAINING", "SATURATED"];
      const value = field.flags.filter((f) => unsound.includes(f.name)).reduce((sum, f) => sum + f.value, 0);
      this.set({ ...this.get(), without: value, having: 0 });
      this.apply();
    });
  },

  flagTable() {
    const rows = zpix.field.flags.map((flag) => {
      const box = (name) => zpix.element("td", {}, zpix.element("input",
        { type: "checkbox", name, value: flag.value, ariaLabel: `${name} ${flag.name}` }));
      return zpix.element("tr", { title: flag.description }, box("without"), box("having"),
        zpix.element("td", {}, flag.name));
    });
    const head = zpix.element("tr", {}, zpix.element("th", {}, "not"), zpix.element("th", {}, "only"),
      zpix.element("th", {}, "flag"));
    return zpix.element("table", { className: "flag-table" }, head, ...rows);
  },

  boxes: (name) => [...zpix.byId("filters").elements].filter((e) => e.name === name),

  get() {
    const form = zpix.byId("filters").elements, chosen = {};
    for (const name of ["magLow", "magHigh", "zLow", "zHigh", "pAbove", "pLeast", "kind"]) chosen[name] = form[name].value;
    for (const name of ["without", "having"]) {
      chosen[name] = this.boxes(name).reduce((sum, box) => sum + (box.checked ? Number(box.value) : 0), 0);
    }
    return chosen;
  },

  set(values) {
    const form = zpix.byId("filters").elements, chosen = { ...this.plain, ...values };
    for (const name of ["magLow", "magHigh", "zLow", "zHigh", "pAbove", "pLeast", "kind"]) form[name].value = chosen[name];
    for (const name of ["without", "having"]) {
      for (const box of this.boxes(name)) box.checked = (Number(chosen[name]) & Number(box.value)) !== 0;
    }
  },

  band: () => Number(zpix.byId("filters").elements.band.value),

  turn: 0,

  // Marks the sources that are kept, and shows them.
  async apply() {
    const turn = ++this.turn, chosen = this.get(), all = zpix.all, band = this.band();
    const given = (text, other) => text === "" || !Number.isFinite(Number(text)) ? other : Number(text);
    const least = given(chosen.pLeast, chosen.pAbove === "" ? null : 0.5);
    const above = given(chosen.pAbove, least === null ? null : 6);
    let mixtures = null;
    if (above !== null) {
      try {
        mixtures = await zpix.load("mixtures");
      } catch (error) {
        zpix.notice(error.message);
      }
      if (turn !== this.turn) return;
    }
    const magLow = given(chosen.magLow, -Infinity), magHigh = given(chosen.magHigh, Infinity);
    const zLow = given(chosen.zLow, -Infinity), zHigh = given(chosen.zHigh, Infinity);
    const byMagnitude = chosen.magLow !== "" || chosen.magHigh !== "";
    const kind = zpix.field.classes.indexOf(chosen.kind);
    const components = mixtures ? mixtures.zmix_mean.length / all.id.length : 0;
    const kept = new Uint8Array(all.id.length);
    let count = 0;
    for (let i = 0; i < kept.length; i++) {
      if (kind >= 0 && all.class[i] !== kind) continue;
      if (all.flags[i] & chosen.without || (all.flags[i] & chosen.having) !== chosen.having) continue;
      if (!(all.z_phot[i] >= zLow && all.z_phot[i] <= zHigh) && (chosen.zLow !== "" || chosen.zHigh !== "")) continue;
      if (byMagnitude) {
        const magnitude = zpix.magnitude(band, i);
        if (!(magnitude >= magLow && magnitude <= magHigh)) continue;
      }
      if (mixtures && !(zpix.probabilityAbove(mixtures, i, components, above) > least)) continue;
      kept[i] = 1;
      count++;
    }
    zpix.kept = kept;
    zpix.keptCount = count;
    const total = all.id.length.toLocaleString("en");
    zpix.byId("counts").textContent = count === all.id.length ? `${total} sources` : `${count.toLocaleString("en")} of ${total} sources`;
    document.body.classList.toggle("is-filtered", count !== all.id.length);
    zpix.map.forget();
    zpix.table.refill();
    zpix.link.write();
  },
};
