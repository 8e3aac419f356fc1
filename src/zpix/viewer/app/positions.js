// Positions: pixels of the mosaic, of the picture (downwards from its top left corner), and on the sky.
"use strict";

zpix.sky = {
  terms(u, v) {
    const terms = [];
    for (let i = 0; i < 4; i++) for (let j = 0; j < 4 - i; j++) terms.push(u ** i * v ** j);
    return terms;
  },
  sum: (terms, factors) => terms.reduce((total, term, i) => total + term * factors[i], 0),

  // Pixel of a position in degrees; null beyond the hemisphere of the field.
  pixel(ra, dec) {
    const g = zpix.field.grid, rad = Math.PI / 180;
    const turn = (ra - g.ra) * rad, up = dec * rad, up0 = g.dec * rad;
    const along = Math.sin(up) * Math.sin(up0) + Math.cos(up) * Math.cos(up0) * Math.cos(turn);
    if (along <= 0.5) return null;
    const xi = Math.cos(up) * Math.sin(turn) / along / rad / g.scale_deg;
    const eta = (Math.sin(up) * Math.cos(up0) - Math.cos(up) * Math.sin(up0) * Math.cos(turn)) / along / rad / g.scale_deg;
    if (Math.max(Math.abs(xi), Math.abs(eta)) > 3) return null;
    const terms = this.terms(xi, eta);
    return [g.centre[0] + g.half_pix * this.sum(terms, g.to_x), g.centre[1] + g.half_pix * this.sum(terms, g.to_y)];
  },

  // Position in degrees of a pixel.
  position(x, y) {
    const g = zpix.field.grid, rad = Math.PI / 180;
    const terms = this.terms((x - g.centre[0]) / g.half_pix, (y - g.centre[1]) / g.half_pix);
    const xi = this.sum(terms, g.to_xi) * g.scale_deg * rad, eta = this.sum(terms, g.to_eta) * g.scale_deg * rad;
    const up0 = g.dec * rad, below = Math.cos(up0) - eta * Math.sin(up0);
    const ra = g.ra + Math.atan2(xi, below) / rad;
    const dec = Math.atan2(Math.sin(up0) + eta * Math.cos(up0), Math.hypot(xi, below)) / rad;
    return [((ra % 360) + 360) % 360, dec];
  },

  // Position that a text means: degrees, or hours and degrees with minutes and seconds; null for anything else.
  parsed(text) {
    const words = text.trim().replace(/[−–]/g, "-");
    let match = /^([+-]?\d+(?:\.\d*)?)\s*(?:d|°|deg)?[\s,;]+([+-]?\d+(?:\.\d*)?)\s*(?:d|°|deg)?$/i.exec(words);
    if (match) return this.checked(Number(match[1]), Number(match[2]));
    const part = "(\\d+(?:\\.\\d*)?)";
    const angle = (unit) => `${part}\\s*(?:${unit}|:|\\s)\\s*${part}\\s*(?:m|'|′|:|\\s)\\s*${part}\\s*(?:s|"|″)?`;
    match = new RegExp(`^${angle("h")}[\\s,;]*([+-]?)\\s*${angle("d|°")}$`, "i").exec(words);
    if (!match) return null;
    const [h, m, s, d, am, as] = [1, 2, 3, 5, 6, 7].map((i) => Number(match[i]));
    if (m >= 60 || s >= 60 || am >= 60 || as >= 60) return null;
    return this.checked(15 * (h + m / 60 + s / 3600), (match[4] === "-" ? -1 : 1) * (d + am / 60 + as / 3600));
  },
  checked: (ra, dec) => ra >= 0 && ra < 360 && Math.abs(dec) <= 90 ? [ra, dec] : null,

  sexagesimal(ra, dec) {
    const parts = (value, digits) => {
      let total = Math.round(value * 3600 * 10 ** digits);
      const unit = 10 ** digits, seconds = (total % (60 * unit)) / unit;
      total = Math.floor(total / (60 * unit));
      return [Math.floor(total / 60), total % 60, seconds.toFixed(digits)];
    };
    const pad = (value, length) => String(value).padStart(length, "0");
    const [h, m, s] = parts(ra / 15, 3), [d, am, as] = parts(Math.abs(dec), 2);
    return `${pad(h % 24, 2)}:${pad(m, 2)}:${pad(s, 6)} ${dec < 0 ? "−" : "+"}${pad(d, 2)}:${pad(am, 2)}:${pad(as, 5)}`;
  },
};

// Pixel (x, y), whose centres are integers, in the picture, whose pixels begin at integers; and the reverse.
zpix.inPicture = (x, y) => [x + 0.5, zpix.field.shape[0] - 0.5 - y];
zpix.fromPicture = (u, v) => [u - 0.5, zpix.field.shape[0] - 0.5 - v];

// Sources by cells of the picture, to find the nearest one at once.
zpix.Near = class {
  constructor(x, y, side = 128) {
    const [height, width] = zpix.field.shape;
    this.side = side;
    this.columns = Math.floor(width / side) + 1;
    this.rows = Math.floor(height / side) + 1;
    this.x = x;
    this.y = y;
    const cell = Int32Array.from(x, (_, i) => this.cell(x[i], y[i]));
    this.start = new Int32Array(this.columns * this.rows + 1);
    for (const c of cell) this.start[c + 1]++;
    for (let c = 0; c < this.columns * this.rows; c++) this.start[c + 1] += this.start[c];
    const next = this.start.slice();
    this.order = new Int32Array(x.length);
    cell.forEach((c, i) => { this.order[next[c]++] = i; });
  }

  cell(x, y) {
    return this.index(x, this.columns) + this.columns * this.index(y, this.rows);
  }

  index(value, count) {
    return Math.min(Math.max(Math.floor(value / this.side) || 0, 0), count - 1);
  }

  // Calls with every source in the cells that a rectangle touches.
  each(x0, y0, x1, y1, call) {
    const first = this.index(x0, this.columns), last = this.index(x1, this.columns);
    for (let row = this.index(y0, this.rows); row <= this.index(y1, this.rows); row++) {
      const from = this.start[row * this.columns + first], to = this.start[row * this.columns + last + 1];
      for (let i = from; i < to; i++) call(this.order[i]);
    }
  }

  // The source nearest to a pixel, within a distance, of those that are wanted; -1 for none.
  nearest(x, y, within, wanted) {
    let best = -1, least = within * within;
    this.each(x - within, y - within, x + within, y + within, (i) => {
      const distance = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
      if (distance <= least && wanted(i)) [best, least] = [i, distance];
    });
    return best;
  }
};
