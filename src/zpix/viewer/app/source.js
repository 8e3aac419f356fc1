// The panel of one source: stamps, PDF, estimates, flags in words, fluxes.
"use strict";

zpix.panel = {
  turn: 0,
  drawStamps() {}, // again, after another picture is chosen; of the source that is shown

  async show(row) {
    const turn = ++this.turn, place = zpix.byId("source");
    if (row < 0) {
      place.replaceChildren(zpix.element("p", { className: "hint" },
        "Click a source on the map or in the table, or search for an id or a position."));
      return;
    }
    const square = await zpix.square(zpix.squareOf(row));
    if (turn !== this.turn) return;
    const index = square.rows.indexOf(row), one = this.values(square, index, row);
    const wide = Math.max(Math.min(place.clientWidth || 360, 560) - 28, 220);
    place.replaceChildren(...this.parts(one, row, zpix.outline(square, index), wide));
    place.scrollTop = 0;
    place.dataset.id = one.id;
  },

  // All columns of a source; vectors as arrays.
  values(square, index, row) {
    const one = {};
    for (const [name, column] of Object.entries(square.columns)) {
      const size = column.length / square.rows.length;
      one[name] = size === 1 ? column[index] : Array.from(column.slice(index * size, (index + 1) * size));
    }
    one.z_known = zpix.all.z_known ? zpix.all.z_known[row] : NaN;
    return one;
  },

  parts(one, row, outline, wide) {
    const has = zpix.hasRedshift(row), parts = [zpix.element("h2", {}, `Source ${one.id}`)];
    const percent = (value) => `${(100 * value).toFixed(value > 0.995 ? 1 : 0)} %`;
    const kind = zpix.element("p", { className: "lead" }, zpix.element("b", {}, one.class),
      ` · ${one.ra.toFixed(6)}, ${one.dec.toFixed(6)}`, zpix.element("br"),
      `${zpix.sky.sexagesimal(one.ra, one.dec)} · probably real: ${percent(one.score)}`);
    parts.push(kind, this.stamps(row, outline, wide));
    if (!has) parts.push(zpix.element("p", { className: "warning" }, `A ${one.class} has no redshift: the PDF is meaningless.`));
    parts.push(zpix.plotPdf(one, wide, 170), this.key([["accent", "p(z)"], ["text", "z_phot"],
      ...(Number.isFinite(one.z_known) ? [["known", "known redshift"]] : []), ["accent-soft", "68 % and 95 %"]]), this.redshift(one, has));
    parts.push(zpix.element("h3", {}, "Flags"), this.flags(one.flags));
    parts.push(zpix.element("h3", {}, "Fluxes"), zpix.plotSed(this.points(one), wide, 190),
      this.key([["accent", "in the Kron ellipse"], ["quiet", "in the mask"]]));
    parts.push(this.everything(one));
    return parts;
  },

  stamps(row, outline, wide) {
    const ratio = window.devicePixelRatio || 1, count = zpix.field.images.length;
    const across = 2 + Math.min(Math.max(Math.ceil(count / 2), 2), 5), small = Math.floor((wide - 4 * (across - 1)) / across);
    const make = (size, label) => {
      const canvas = zpix.element("canvas", { width: size * ratio, height: size * ratio, role: "img" });
      canvas.setAttribute("aria-label", label);
      canvas.style.width = canvas.style.height = `${size}px`;
      return zpix.element("figure", {}, canvas, zpix.element("figcaption", {}, label));
    };
    const colour = make(2 * small + 4, "colour");
    const bands = zpix.field.images.map((name) => make(small, name));
    const side = zpix.stampSide(row) * zpix.field.pixel_scale_arcsec;
    const place = zpix.element("div", { className: "stamps" }, colour, ...bands);
    place.style.gridTemplateColumns = `repeat(${across}, ${small}px)`;
    place.title = `${side.toFixed(2)}″ across`;
    this.drawStamps = () => zpix.drawStamps(row, colour.firstChild, bands.map((b) => b.firstChild), outline).then(
      () => { place.dataset.drawn = "yes"; }, (error) => zpix.notice(error.message));
    this.drawStamps();
    return zpix.element("div", {}, place, zpix.element("p", { className: "note" }, `stamps ${side.toFixed(1)}″ across`));
  },

  redshift(one, has) {
    const rows = [["z_phot", zpix.fixed(one.z_phot, 3), "point estimate of least risk"],
      ["68 %", `${zpix.fixed(one.z160, 3)} to ${zpix.fixed(one.z840, 3)}`, this.kindOfIntervals()],
      ["95 %", `${zpix.fixed(one.z025, 3)} to ${zpix.fixed(one.z975, 3)}`, this.kindOfIntervals()],
      ["median", zpix.fixed(one.z500, 3), ""], ["mode", zpix.fixed(one.z_mode, 3), ""],
      ["mean", zpix.fixed(one.z_mean, 3), ""]];
    if (zpix.field.knows_redshifts) {
      const known = Number.isFinite(one.z_known);
      const off = (one.z_phot - one.z_known) / (1 + one.z_known);
      rows.unshift(["known z", known ? zpix.fixed(one.z_known, 4) : "none",
        known && has ? `Δz / (1 + z) = ${off >= 0 ? "+" : "−"}${Math.abs(off).toFixed(3)}` : ""]);
    }
    return zpix.element("table", { className: "estimates" }, ...rows.map(([name, value, note]) => zpix.element("tr", {},
      zpix.element("th", { scope: "row" }, name), zpix.element("td", {}, value), zpix.element("td", {}, note))));
  },

  kindOfIntervals: () => zpix.field.intervals === "conformal" ? "conformal" : "of the PDF",

  flags(value) {
    const set = zpix.field.flags.filter((flag) => value & flag.value);
    if (!set.length) return zpix.element("p", {}, "None: no caveats.");
    return zpix.element("ul", { className: "flags" }, ...set.map((flag) =>
      zpix.element("li", {}, zpix.element("b", {}, flag.name), ` ${flag.description}`)));
  },

  points: (one) => zpix.field.bands.map((band) => {
    const name = band.name.toLowerCase();
    return { name: band.name, um: band.um, flux: one[`flux_${name}`], fluxError: one[`fluxerr_${name}`],
      total: one[`total_${name}`], totalError: one[`totalerr_${name}`] };
  }),

  key: (entries) => zpix.element("p", { className: "key" }, ...entries.map(([colour, text]) => {
    const swatch = zpix.element("i");
    swatch.style.background = `var(--${colour})`;
    return zpix.element("span", {}, swatch, text);
  })),

  // Every column with its unit, and its description on hovering.
  everything(one) {
    const rows = zpix.field.columns.map((column) => {
      const value = one[column.name];
      const text = Array.isArray(value) ? value.map((v) => Number(v.toPrecision(4))).join(", ")
        : typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(8))) : String(value);
      const row = zpix.element("tr", { title: column.description }, zpix.element("th", { scope: "row" }, column.name),
        zpix.element("td", {}, text), zpix.element("td", {}, column.unit));
      return row;
    });
    return zpix.element("details", {}, zpix.element("summary", {}, `All ${rows.length} columns`),
      zpix.element("table", { className: "columns" }, ...rows));
  },
};
