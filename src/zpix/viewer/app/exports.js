// Files of the sources in the table: CSV, DS9 regions, ids.
"use strict";

zpix.exports = {
  csv(rows) {
    const all = zpix.all, bands = zpix.field.bands;
    const head = ["id", "ra", "dec", "x", "y", "class", "z_phot", "z160", "z840", "flags",
      ...(all.z_known ? ["z_known"] : []), ...bands.map((band) => `mag_${band.name.toLowerCase()}`)];
    const number = (value, digits) => Number.isFinite(value) ? value.toFixed(digits) : "";
    const quoted = (text) => /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
    const lines = Array.from(rows, (i) => [all.id[i], number(all.ra[i], 7), number(all.dec[i], 7), number(all.x[i], 3),
      number(all.y[i], 3), quoted(zpix.className(i)), number(all.z_phot[i], 4), number(all.z160[i], 4),
      number(all.z840[i], 4), all.flags[i], ...(all.z_known ? [number(all.z_known[i], 4)] : []),
      ...bands.map((_, band) => number(zpix.magnitude(band, i), 3))].join(","));
    return [head.join(","), ...lines, ""].join("\n");
  },

  ds9(rows) {
    const all = zpix.all;
    const lines = Array.from(rows, (i) => {
      const radius = Math.max(Math.sqrt(all.n_pix[i] / Math.PI) * zpix.field.pixel_scale_arcsec, 0.1).toFixed(2);
      const has = zpix.hasRedshift(i);
      const label = has ? `z=${zpix.fixed(all.z_phot[i], 2)}` : zpix.className(i).replace(/[{}]/g, "");
      return `circle(${all.ra[i].toFixed(7)},${all.dec[i].toFixed(7)},${radius}") # text={${all.id[i]} ${label}}` +
        (has ? "" : " color=yellow");
    });
    return ["# Region file format: DS9 version 4.1", "global color=green width=1", "icrs", ...lines, ""].join("\n");
  },

  ids: (rows) => [...Array.from(rows, (i) => zpix.all.id[i]), ""].join("\n"),

  save(name, text) {
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    const link = zpix.element("a", { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  },

  open() {
    for (const [id, name, make] of [["csv", "sources.csv", "csv"], ["ds9", "sources.reg", "ds9"], ["ids", "ids.txt", "ids"]]) {
      zpix.byId(`export-${id}`).addEventListener("click", () => this.save(name, this[make](zpix.table.rows)));
      zpix.byId(`export-${id}`).title = "The sources of the table, in its order";
    }
  },
};
