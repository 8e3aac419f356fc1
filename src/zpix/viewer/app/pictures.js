// Pictures of the sky: those that were made with the page, and any three bands, mixed here; stretch, brightness, contrast.
"use strict";

const MIXED = "mixed", INKS = ["#f00", "#0f0", "#00f"], CURVE_POINTS = 65;
const GROW = { asinh: [Math.asinh, Math.sinh], log: [Math.log1p, Math.expm1], linear: [(x) => x, (x) => x] };

zpix.pictures = {
  loaded: new Map(),

  // An image from disk; those used last are kept.
  load(path) {
    if (!this.loaded.has(path)) {
      if (this.loaded.size > 60) this.loaded.delete(this.loaded.keys().next().value);
      this.loaded.set(path, new Promise((resolve, reject) => {
        const image = new Image();
        image.onload = () => resolve(image);
        image.onerror = () => reject(new Error(`${path} is missing`));
        image.src = path;
      }));
    }
    return this.loaded.get(path);
  },

  // The choices: pictures by their number, and three bands.
  open() {
    for (const [number, one] of zpix.field.composites.entries()) {
      const bands = one.bands.map((names) => names.length > 2 ? `${names[0]}…${names.at(-1)}` : names.join("+")).join(" / ");
      const label = one.bands.every((names) => names.length === 1) ? one.name : `${one.name} (${bands})`;
      zpix.byId("composite").append(zpix.element("option", { value: number }, label));
    }
    zpix.byId("composite").append(zpix.element("option", { value: MIXED }, "three bands …"));
    const bands = zpix.field.composites[0].bands.map((names) => names[names.length >> 1]);
    for (const [place, id] of ["red", "green", "blue"].entries()) {
      zpix.byId(id).append(...zpix.field.images.map((name) => zpix.element("option", { value: name }, name)));
      zpix.byId(id).value = bands[place];
    }
    const stretches = zpix.field.stretches.map(({ name }) => zpix.element("option", { value: name }, name));
    zpix.byId("stretch").append(...stretches);
    zpix.byId("stretch").value = zpix.field.stretch;
  },

  // Which picture is shown: its number, or names of three bands.
  chosen() {
    const choice = zpix.byId("composite").value;
    return choice === MIXED ? ["red", "green", "blue"].map((id) => zpix.byId(id).value).join(",") : choice;
  },

  choose(picture) {
    const bands = picture.split(",");
    if (bands.length === 3 && bands.every((name) => zpix.field.images.includes(name))) {
      ["red", "green", "blue"].forEach((id, place) => { zpix.byId(id).value = bands[place]; });
      zpix.byId("composite").value = MIXED;
    } else if (zpix.field.composites[picture]) {
      zpix.byId("composite").value = picture;
    }
    zpix.byId("band-choice").hidden = zpix.byId("composite").value !== MIXED;
  },

  // A tile of a picture, as an image or a canvas.
  async tile(picture, level, column, row) {
    const bands = picture.split(",");
    if (bands.length === 1) return this.load(`data/sky/${picture}/${level}/${column}_${row}.jpg`);
    const image = await this.load(`data/bands/${level}/${column}_${row}.jpg`);
    const wide = image.naturalWidth, high = image.naturalHeight / zpix.field.images.length;
    const [mixed, layer] = [0, 1].map(() => zpix.element("canvas", { width: wide, height: high }).getContext("2d"));
    mixed.globalCompositeOperation = "lighter";
    bands.forEach((name, place) => {
      layer.globalCompositeOperation = "copy";
      layer.drawImage(image, 0, zpix.field.images.indexOf(name) * high, wide, high, 0, 0, wide, high);
      layer.globalCompositeOperation = "multiply";
      layer.fillStyle = INKS[place];
      layer.fillRect(0, 0, wide, high);
      mixed.drawImage(layer.canvas, 0, 0);
    });
    return mixed.canvas;
  },

  // What OpenSeadragon has to know of a picture.
  source(picture) {
    const { shape, tile_pix: tileSize, levels } = zpix.field, mixed = picture.includes(",");
    const plain = { height: shape[0], width: shape[1], tileSize, minLevel: 0, maxLevel: levels - 1,
      getTileUrl: (level, x, y) => mixed ? `data/bands/${level}/${x}_${y}.jpg#${picture}` : `data/sky/${picture}/${level}/${x}_${y}.jpg` };
    if (!mixed) return plain;
    return { ...plain,
      downloadTileStart: (context) => {
        const [level, x, y] = context.src.match(/(\d+)\/(\d+)_(\d+)\.jpg/).slice(1);
        this.tile(picture, level, x, y).then((canvas) => context.finish(canvas.getContext("2d"), null, "context2d"),
          (error) => context.fail(error.message, null));
      },
      downloadTileAbort: () => {} };
  },

  // Brightness of a pixel under another stretch than that with which the pictures were made.
  restretched(value) {
    const [made, wanted] = [zpix.field.stretch, zpix.byId("stretch").value].map((name) =>
      zpix.field.stretches.find((one) => one.name === name));
    if (made === wanted) return value;
    const [grow, shrink] = GROW[made.name], [growAgain] = GROW[wanted.name];
    const flux = made.softening * shrink(value * grow(made.brightest / made.softening));
    return growAgain(flux / wanted.softening) / growAgain(wanted.brightest / wanted.softening);
  },

  // Stretch, brightness, contrast and one colour alone, as filters over the map and the stamps.
  filter() {
    const bright = Number(zpix.byId("brightness").value), contrast = Number(zpix.byId("contrast").value);
    const channel = zpix.byId("channel").value, same = zpix.byId("stretch").value === zpix.field.stretch;
    const plain = same && !bright && !contrast && channel === "";
    document.body.classList.toggle("filtered", !plain);
    if (plain) return;
    const row = [0, 1, 2].map((i) => Number(String(i) === channel)).join(" ");
    zpix.byId("filter-channel").setAttribute("values", channel === ""
      ? "1 0 0 0 0 0 1 0 0 0 0 0 1 0 0 0 0 0 1 0" : `${row} 0 0 ${row} 0 0 ${row} 0 0 0 0 0 1 0`);
    const within = (value) => Math.min(Math.max(value, 0), 1);
    const curve = Array.from({ length: CURVE_POINTS }, (_, i) => {
      const value = within(this.restretched(i / (CURVE_POINTS - 1))) ** (2 ** -bright);
      return within((value - 0.3) * 2 ** (1.5 * contrast) + 0.3).toFixed(4);
    });
    for (const part of document.querySelectorAll(".filter-curve > *")) {
      part.setAttribute("type", "table");
      part.setAttribute("tableValues", curve.join(" "));
    }
  },
};
