// Colours, and the plots of one source: its redshift PDF and its fluxes.
"use strict";

zpix.Z_TICKS = [0, 0.5, 1, 2, 3, 4, 6, 10, 15];
const Z_COLOURS = 24, Z_TOP = 15;

// Turbo (Mikhailov 2019) without its dark ends, so that it can be read on black.
zpix.turbo = function (t) {
  const x = 0.13 + 0.75 * Math.min(Math.max(t, 0), 1);
  const poly = (...c) => Math.round(255 * Math.min(Math.max(c.reduceRight((sum, a) => sum * x + a, 0), 0), 1));
  const r = poly(0.13572138, 4.6153926, -42.66032258, 132.13108234, -152.94239396, 59.28637943);
  const g = poly(0.09140261, 2.19418839, 4.84296658, -14.18503333, 4.27729857, 2.82956604);
  const b = poly(0.1066733, 12.64194608, -60.58204836, 110.36276771, -89.90310912, 27.34824973);
  return `rgb(${r},${g},${b})`;
};

zpix.palette = Array.from({ length: Z_COLOURS }, (_, i) => zpix.turbo((i + 0.5) / Z_COLOURS));
zpix.redshiftBin = (z) => Math.min(Math.max(Math.floor(Math.log1p(z) / Math.log1p(Z_TOP) * Z_COLOURS), 0), Z_COLOURS - 1);
const CLASS_COLOURS = ["#56B4E9", "#FFFFFF", "#E69F00", "#CC79A7", "#009E73", "#F0E442"];

// Colours of outlines and, for each source, which one it has: redshift, class, or whether it has a flag.
zpix.colouring = function (by, flag) {
  const count = zpix.all.id.length, bin = new Uint8Array(count);
  const white = Z_COLOURS;
  if (by === "class") {
    bin.set(zpix.all.class);
    return { bin, colours: zpix.field.classes.map((_, i) => CLASS_COLOURS[i % CLASS_COLOURS.length]) };
  }
  if (by === "flag") {
    for (let i = 0; i < count; i++) bin[i] = (zpix.all.flags[i] & flag) !== 0 ? 1 : 0;
    return { bin, colours: ["#7d8590", "#ff7b39"] };
  }
  for (let i = 0; i < count; i++) bin[i] = zpix.hasRedshift(i) ? zpix.redshiftBin(zpix.all.z_phot[i]) : white;
  return { bin, colours: [...zpix.palette, "#ffffff"] };
};

// A colour as canvases keep it in memory, opaque.
zpix.inMemory = function (colour) {
  const hex = /^#(..)(..)(..)$/.exec(colour);
  const [r, g, b] = hex ? hex.slice(1).map((part) => parseInt(part, 16)) : colour.match(/\d+/g).map(Number);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
};

// A canvas of a size in CSS pixels, and its context in these pixels.
zpix.canvas = function (width, height, label) {
  const ratio = window.devicePixelRatio || 1;
  const canvas = zpix.element("canvas", { width: width * ratio, height: height * ratio, role: "img" });
  canvas.setAttribute("aria-label", label);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const draw = canvas.getContext("2d");
  draw.scale(ratio, ratio);
  draw.font = "11px system-ui, sans-serif";
  return [canvas, draw];
};

zpix.ink = function () {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  return { text: value("--text"), quiet: value("--quiet"), line: value("--line"), accent: value("--accent"),
    known: value("--known"), band: value("--accent-soft") };
};

// About five round numbers between two values.
zpix.ticks = function (low, high, count = 5) {
  const step0 = (high - low) / count, power = 10 ** Math.floor(Math.log10(step0));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= step0);
  const ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high + 1e-9 * step; i++) ticks.push(Number((i * step).toPrecision(8)));
  return ticks;
};

// p(z) with its intervals, z_phot, and the known redshift.
zpix.plotPdf = function (one, width, height) {
  const [canvas, draw] = zpix.canvas(width, height, `Redshift PDF; z_phot ${zpix.fixed(one.z_phot, 3)}`);
  const ink = zpix.ink(), left = 8, right = width - 8, bottom = height - 30, top = 8;
  const marks = [one.z025, one.z975, one.z_phot, ...(Number.isFinite(one.z_known) ? [one.z_known] : [])];
  const finite = marks.filter(Number.isFinite);
  const room = 0.15 * Math.max(Math.max(...finite) - Math.min(...finite), 0.1 * (1 + one.z_phot));
  const low = Math.max(Math.min(...finite) - room, 0), high = Math.max(...finite) + room;
  const count = 400, density = new Float64Array(count + 1);
  for (let i = 0; i <= count; i++) {
    const z = low + (high - low) * i / count;
    for (let k = 0; k < one.zmix_mean.length; k++) {
      const d = (z - one.zmix_mean[k]) / one.zmix_width[k];
      density[i] += one.zmix_weight[k] * Math.exp(-0.5 * d * d) / one.zmix_width[k];
    }
  }
  const most = Math.max(...density, 1e-12);
  const x = (z) => left + (right - left) * (z - low) / (high - low);
  const y = (i) => bottom - (bottom - top) * 0.96 * density[i] / most;
  const area = (from, to, fill) => {
    draw.beginPath();
    draw.moveTo(x(Math.max(from, low)), bottom);
    for (let i = 0; i <= count; i++) {
      const z = low + (high - low) * i / count;
      if (z >= from && z <= to) draw.lineTo(x(z), y(i));
    }
    draw.lineTo(x(Math.min(to, high)), bottom);
    draw.fillStyle = fill;
    draw.fill();
  };
  draw.globalAlpha = 0.45;
  area(one.z025, one.z975, ink.band);
  draw.globalAlpha = 1;
  area(one.z160, one.z840, ink.band);
  draw.strokeStyle = ink.accent;
  draw.lineWidth = 1.5;
  draw.beginPath();
  for (let i = 0; i <= count; i++) draw.lineTo(x(low + (high - low) * i / count), y(i));
  draw.stroke();
  const upright = (z, colour, dash) => {
    draw.strokeStyle = colour;
    draw.setLineDash(dash);
    draw.beginPath();
    draw.moveTo(x(z), top);
    draw.lineTo(x(z), bottom);
    draw.stroke();
    draw.setLineDash([]);
  };
  upright(one.z_phot, ink.text, []);
  if (Number.isFinite(one.z_known)) upright(one.z_known, ink.known, [4, 3]);
  zpix.axisBelow(draw, ink, zpix.ticks(low, high), x, left, right, bottom, "redshift");
  return canvas;
};

zpix.axisBelow = function (draw, ink, ticks, x, left, right, bottom, label) {
  draw.strokeStyle = ink.quiet;
  draw.lineWidth = 1;
  draw.beginPath();
  draw.moveTo(left, bottom + 0.5);
  draw.lineTo(right, bottom + 0.5);
  draw.fillStyle = ink.quiet;
  draw.textAlign = "center";
  for (const tick of ticks) {
    draw.moveTo(x(tick), bottom);
    draw.lineTo(x(tick), bottom + 4);
    draw.fillText(String(tick), x(tick), bottom + 15);
  }
  draw.stroke();
  draw.fillText(label, (left + right) / 2, bottom + 27);
};

// Fluxes against wavelength: in the Kron ellipse (filled) and in the mask (open), with their errors.
zpix.plotSed = function (points, width, height) {
  const [canvas, draw] = zpix.canvas(width, height, "Fluxes by wavelength");
  const ink = zpix.ink(), left = 46, right = width - 8, bottom = height - 30, top = 8;
  const seen = points.filter((p) => Number.isFinite(p.flux) || Number.isFinite(p.total));
  if (!seen.length) {
    draw.fillStyle = ink.quiet;
    draw.textAlign = "center";
    draw.fillText("no fluxes", width / 2, height / 2);
    return canvas;
  }
  const known = seen.every((p) => p.um);
  const place = (p) => known ? Math.log(p.um) : points.indexOf(p);
  const ends = seen.flatMap((p) => [[p.flux, p.fluxError], [p.total, p.totalError]])
    .filter(([f]) => Number.isFinite(f)).flatMap(([f, e]) => [f - (e || 0), f + (e || 0)]);
  const span = Math.max(...ends, 0) - Math.min(...ends, 0) || 1;
  const low = Math.min(...ends, 0) - 0.05 * span, high = Math.max(...ends, 0) + 0.08 * span;
  const places = seen.map(place), first = Math.min(...places) - 0.08, last = Math.max(...places) + 0.08;
  const x = (value) => left + (right - left) * (value - first) / (last - first);
  const y = (value) => bottom - (bottom - top) * (value - low) / (high - low);
  draw.strokeStyle = ink.line;
  draw.fillStyle = ink.quiet;
  draw.textAlign = "right";
  for (const tick of zpix.ticks(low, high, 4)) {
    draw.beginPath();
    draw.moveTo(left, y(tick));
    draw.lineTo(right, y(tick));
    draw.stroke();
    draw.fillText(Math.abs(tick) >= 1e4 ? tick.toExponential(0) : String(tick), left - 4, y(tick) + 4);
  }
  const point = (p, flux, error, filled, shift) => {
    if (!Number.isFinite(flux)) return;
    const u = x(place(p)) + shift, v = y(flux);
    draw.strokeStyle = draw.fillStyle = filled ? ink.accent : ink.quiet;
    draw.beginPath();
    if (Number.isFinite(error)) {
      draw.moveTo(u, y(flux - error));
      draw.lineTo(u, y(flux + error));
    }
    draw.moveTo(u + 3.5, v);
    draw.arc(u, v, 3.5, 0, 7);
    draw.stroke();
    if (filled) draw.fill();
  };
  for (const p of seen) {
    point(p, p.flux, p.fluxError, false, 2);
    point(p, p.total, p.totalError, true, -2);
  }
  const axis = known ? (um) => x(Math.log(um)) : (i) => x(i);
  const ticks = known ? [0.5, 0.7, 1, 1.5, 2, 3, 4, 5].filter((um) => Math.log(um) >= first && Math.log(um) <= last) : [];
  zpix.axisBelow(draw, ink, ticks, axis, left, right, bottom, known ? "wavelength (µm)" : "band");
  draw.save();
  draw.translate(10, (top + bottom) / 2);
  draw.rotate(-Math.PI / 2);
  draw.textAlign = "center";
  draw.fillText("flux (nJy)", 0, 0);
  draw.restore();
  return canvas;
};
