// What the page knows: data that come as scripts, since a page that is opened from disk may read no other files.
"use strict";

const zpix = { received: new Map(), loading: new Map() };

// Called by the scripts in data/.
zpix.receive = function (name, values) {
  zpix.received.set(name, zpix.unpacked(values));
};

const ARRAYS = {
  f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array,
  i4: Int32Array, u4: Uint32Array,
};

// Columns of numbers in base64 become typed arrays; all else stays.
zpix.unpacked = function (values) {
  if (Array.isArray(values)) {
    return values.length && values[0] !== null && typeof values[0] === "object" ? values.map(zpix.unpacked) : values;
  }
  if (values === null || typeof values !== "object") return values;
  if (typeof values.base64 === "string") {
    const text = atob(values.base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new ARRAYS[values.type](bytes.buffer);
  }
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, zpix.unpacked(value)]));
};

// The values that data/NAME.js hands over; each script is loaded once.
zpix.load = function (name) {
  if (!zpix.loading.has(name)) {
    zpix.loading.set(name, new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `data/${name}.js`;
      script.onload = () => {
        const values = zpix.received.get(name);
        zpix.received.delete(name);
        script.remove();
        resolve(values);
      };
      script.onerror = () => reject(new Error(`data/${name}.js is missing`));
      document.head.append(script);
    }));
  }
  return zpix.loading.get(name);
};

const NO_FLUX = 32767, NOT_OBSERVED = -32768;

// Magnitude of a source in a band by its number: NaN where it was not observed, infinite for fluxes that are not positive.
zpix.magnitude = function (band, row) {
  const value = zpix.all.magnitudes[band][row];
  return value === NOT_OBSERVED ? NaN : value === NO_FLUX ? Infinity : value / 1000;
};

zpix.className = (row) => zpix.field.classes[zpix.all.class[row]];
zpix.hasRedshift = (row) => !zpix.field.without_redshift.includes(zpix.className(row));

// Probability that a source lies beyond a redshift, by its mixture cut off at zero.
zpix.probabilityAbove = function (mixture, row, components, z) {
  let above = 0, all = 0;
  for (let k = row * components; k < (row + 1) * components; k++) {
    const mean = mixture.zmix_mean[k], width = mixture.zmix_width[k], weight = mixture.zmix_weight[k];
    above += weight * zpix.normalTail((z - mean) / width);
    all += weight * zpix.normalTail(-mean / width);
  }
  return all > 1e-12 ? Math.min(above / all, 1) : 0;
};

// 1 - Φ(x), by Abramowitz and Stegun 7.1.26, to 2e-7.
zpix.normalTail = function (x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x) * Math.SQRT1_2);
  const y = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const tail = 0.5 * y * Math.exp(-x * x / 2);
  return x >= 0 ? tail : 1 - tail;
};

// An element with attributes, text and children; text is never read as HTML.
zpix.element = function (tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

zpix.byId = (id) => document.getElementById(id);

zpix.fixed = (value, digits) => Number.isFinite(value) ? value.toFixed(digits) : value > 0 ? "∞" : "–";

zpix.notice = function (text) {
  const place = zpix.byId("notice");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(zpix.noticeTimer);
  zpix.noticeTimer = setTimeout(() => { place.hidden = true; }, 4000);
};
