// The map: pictures of the sky, and the sources over them.
"use strict";

// Outlines are drawn where no more squares than these are in view; elsewhere each source is a point.
const MOST_SQUARES = 24;
// Drawing that takes longer is not repeated for every frame.
const FAST_MS = 10, TWO_FRAMES_MS = 34;

zpix.map = {
  open() {
    const [height, width] = zpix.field.shape;
    // Its warnings are of tiles that come after another picture was chosen.
    OpenSeadragon.console = { ...OpenSeadragon.console, warn() {} };
    this.picture = zpix.pictures.chosen();
    this.viewer = OpenSeadragon({
      element: zpix.byId("map"), drawer: "canvas", tileSources: zpix.pictures.source(this.picture), showNavigationControl: false,
      showNavigator: false, animationTime: 0.35, springStiffness: 9, blendTime: 0, minZoomImageRatio: 0.5,
      maxZoomPixelRatio: 24, visibilityRatio: 0.2, imageSmoothingEnabled: true, zoomPerScroll: 1.35,
      maxImageCacheCount: 400, immediateRender: true, placeholderFillStyle: "#000",
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      gestureSettingsTouch: { clickToZoom: false }, gestureSettingsPen: { clickToZoom: false },
    });
    this.canvas = zpix.element("canvas", { className: "overlay" });
    this.viewer.canvas.append(this.canvas);
    this.draw = this.canvas.getContext("2d");
    this.recolour();
    const redraw = () => this.redraw();
    for (const event of ["open", "update-viewport", "resize"]) this.viewer.addHandler(event, redraw);
    this.viewer.addHandler("animation-finish", () => zpix.viewMoved());
    this.viewer.addHandler("canvas-click", (event) => {
      if (!event.quick) return;
      const [u, v] = this.toPicture(event.position.x, event.position.y);
      this.choose(...zpix.fromPicture(u, v));
    });
    zpix.byId("map").addEventListener("pointermove", (event) => this.point(event));
    zpix.byId("map").addEventListener("pointerleave", () => { zpix.byId("pointer").textContent = ""; });
    this.wide = width;
    this.high = height;
    return new Promise((resolve) => this.viewer.addOnceHandler("open", () => {
      this.viewer.preserveViewport = true; // another colour picture leaves the view as it is
      resolve();
    }));
  },

  // Another colour picture, in the same view.
  show(picture) {
    if (this.picture === picture) return;
    this.picture = picture;
    this.viewer.addTiledImage({ tileSource: zpix.pictures.source(picture), index: 0, replace: true });
  },

  // The view as an affine map: element = scale * picture + shift.
  place() {
    const image = this.viewer.world.getItemAt(0);
    const bounds = this.viewer.viewport.getBounds(true), size = this.viewer.viewport.getContainerSize();
    const scale = size.x / (bounds.width * this.wide);
    return image ? { scale, x: -bounds.x * this.wide * scale, y: -bounds.y * this.wide * scale, size } : null;
  },

  toPicture(x, y) {
    const place = this.place();
    return [(x - place.x) / place.scale, (y - place.y) / place.scale];
  },

  // Rectangle of the picture in view: left, top, right, bottom.
  inView() {
    const place = this.place();
    if (!place) return [0, 0, this.wide, this.high];
    return [...this.toPicture(0, 0), ...this.toPicture(place.size.x, place.size.y)];
  },

  // Moves to a place of the picture, with so many of its pixels across the view.
  go(u, v, across, immediately = false) {
    const size = this.viewer.viewport.getContainerSize(), tall = across * size.y / size.x;
    const rect = new OpenSeadragon.Rect((u - across / 2) / this.wide, (v - tall / 2) / this.wide,
      across / this.wide, tall / this.wide);
    this.viewer.viewport.fitBounds(rect, immediately);
  },

  // Brings a source into view, and nearer if it is too small to see.
  visit(row, immediately = false) {
    const [u, v] = zpix.inPicture(zpix.all.x[row], zpix.all.y[row]);
    const [x0, , x1] = this.inView();
    const wanted = Math.max(200, 8 * Math.sqrt(zpix.all.n_pix[row]));
    this.go(u, v, x1 - x0 > 3 * wanted ? wanted : x1 - x0, immediately);
  },

  recolour() {
    const by = zpix.byId("colour-by").value;
    const flag = Number(zpix.byId("colour-flag").value);
    Object.assign(this, zpix.colouring(by, flag));
    zpix.byId("flag-choice").hidden = by !== "flag";
    this.forget();
    this.explain(by);
  },

  // What is drawn has changed.
  forget() {
    for (const square of zpix.squares.values()) square.paths = null;
    this.changed = true;
    this.redraw();
  },

  // Draws the sources; while the map moves and drawing is slow, what was drawn last is moved instead.
  redraw() {
    const place = this.viewer?.world && this.place();
    if (!place) return;
    const ratio = window.devicePixelRatio || 1, now = performance.now(), last = this.last;
    const key = [place.scale, place.x, place.y, place.size.x, place.size.y, ratio, zpix.chosen].join();
    if (key === last?.key && !this.changed) return;
    clearTimeout(this.later);
    if (last && !this.changed && last.cost > FAST_MS && now - last.at < 4 * last.cost) {
      const by = place.scale / last.place.scale;
      this.canvas.style.transform =
        `translate(${place.x - by * last.place.x}px, ${place.y - by * last.place.y}px) scale(${by})`;
      this.later = setTimeout(() => this.redraw(), 4 * last.cost);
      return;
    }
    this.changed = false;
    this.canvas.style.transform = "";
    const [wide, high] = [Math.round(place.size.x * ratio), Math.round(place.size.y * ratio)];
    if (this.canvas.width !== wide || this.canvas.height !== high) {
      this.canvas.width = wide;
      this.canvas.height = high;
    }
    this.draw.setTransform(1, 0, 0, 1, 0, 0);
    this.draw.clearRect(0, 0, wide, high);
    if (zpix.byId("outlines").checked) {
      const names = this.squaresInView();
      if (names.length <= MOST_SQUARES) this.drawOutlines(names, place, ratio);
      else this.drawPoints(place, ratio);
    }
    if (zpix.chosen >= 0) this.drawChosen(place, ratio);
    this.drawScale(place);
    const drawn = this.last = { key, place, at: performance.now(), cost: performance.now() - now };
    // Strokes are painted after this function: what they cost is seen by the frame after the next being late.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      drawn.cost = Math.max(drawn.cost, performance.now() - drawn.at - TWO_FRAMES_MS);
    }));
  },

  // Names of the squares in view, with a margin for masks that reach into it.
  squaresInView() {
    const side = zpix.field.square_pix, [u0, v0, u1, v1] = this.inView(), margin = 100;
    const [x0, y1] = zpix.fromPicture(u0 - margin, v0 - margin), [x1, y0] = zpix.fromPicture(u1 + margin, v1 + margin);
    this.known ??= new Set(zpix.field.squares);
    const names = [];
    const last = (value, pixels) => Math.floor(Math.min(value, pixels) / side);
    for (let row = Math.max(Math.floor(y0 / side), 0); row <= last(y1, this.high); row++) {
      for (let column = Math.max(Math.floor(x0 / side), 0); column <= last(x1, this.wide); column++) {
        if (this.known.has(`${column}_${row}`)) names.push(`${column}_${row}`);
      }
    }
    return names;
  },

  drawOutlines(names, place, ratio) {
    const draw = this.draw;
    draw.setTransform(place.scale * ratio, 0, 0, place.scale * ratio, place.x * ratio, place.y * ratio);
    draw.lineWidth = Math.min(Math.max(0.9 + 0.25 * place.scale, 0.8), 2) / place.scale;
    draw.lineJoin = "bevel";
    for (const name of names) {
      const square = zpix.squares.get(name);
      if (!square) {
        zpix.square(name).then(() => { this.changed = true; this.redraw(); }, (error) => zpix.notice(error.message));
      } else if (square.ready) {
        square.paths ??= this.paths(square);
        for (const [bin, path] of square.paths) {
          draw.strokeStyle = this.colours[bin];
          draw.stroke(path);
        }
      }
    }
  },

  // Outlines of a square, one path for each colour.
  paths(square) {
    const paths = new Map();
    square.rows.forEach((row, index) => {
      if (!zpix.kept[row]) return;
      const bin = this.bin[row];
      if (!paths.has(bin)) paths.set(bin, new Path2D());
      zpix.addLoops(paths.get(bin), zpix.outline(square, index));
    });
    return paths;
  },

  // Each source that is kept as a square of pixels, straight into memory: a hundred thousand in a few milliseconds.
  drawPoints(place, ratio) {
    const [wide, high] = [this.canvas.width, this.canvas.height];
    if (this.image?.width !== wide || this.image?.height !== high) this.image = this.draw.createImageData(wide, high);
    const memory = new Uint32Array(this.image.data.buffer).fill(0), { x, y, n_pix: pixels } = zpix.all;
    const ink = this.colours.map(zpix.inMemory), { bin } = this, { kept } = zpix;
    const scale = place.scale * ratio, left = place.x * ratio, top = place.y * ratio, most = 8 * ratio;
    const least = zpix.keptCount * 40 > wide * high ? 1 : 2 * ratio; // where they would cover the picture, they are small
    for (let row = 0; row < bin.length; row++) {
      if (!kept[row]) continue;
      const side = Math.round(Math.min(Math.max(Math.sqrt(pixels[row]) * scale, least), most));
      const u = Math.round((x[row] + 0.5) * scale + left - side / 2);
      const v = Math.round((this.high - 0.5 - y[row]) * scale + top - side / 2);
      if (!(u >= 0 && v >= 0 && u + side <= wide && v + side <= high)) continue;
      for (let line = v * wide + u, n = 0; n < side; n++, line += wide) memory.fill(ink[bin[row]], line, line + side);
    }
    this.draw.putImageData(this.image, 0, 0);
  },

  drawChosen(place, ratio) {
    const draw = this.draw, row = zpix.chosen;
    const [u, v] = zpix.inPicture(zpix.all.x[row], zpix.all.y[row]);
    const radius = Math.max(Math.sqrt(zpix.all.n_pix[row]) * place.scale, 9);
    draw.setTransform(ratio, 0, 0, ratio, 0, 0);
    const x = u * place.scale + place.x, y = v * place.scale + place.y;
    for (const [colour, wide] of [["#000", 4], ["#fff", 1.8]]) {
      draw.strokeStyle = colour;
      draw.lineWidth = wide;
      draw.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        draw.moveTo(x + dx * radius, y + dy * radius);
        draw.lineTo(x + dx * (radius + 12), y + dy * (radius + 12));
      }
      draw.stroke();
    }
  },

  // A bar of a round number of arc seconds or minutes.
  drawScale(place) {
    const perArcsec = place.scale / zpix.field.pixel_scale_arcsec;
    const lengths = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600];
    const arcsec = lengths.filter((length) => length * perArcsec < 110).pop() ?? 0.1;
    const bar = zpix.byId("scale");
    bar.style.width = `${arcsec * perArcsec}px`;
    bar.firstElementChild.textContent = arcsec >= 60 ? `${arcsec / 60}′` : `${arcsec}″`;
  },

  // The source at a pixel: that which owns it, or else the nearest within reach of a finger.
  choose(x, y) {
    let row = zpix.owner(x, y);
    if (row < 0) row = zpix.near.nearest(x, y, 12 / this.place().scale, (i) => zpix.kept[i]);
    zpix.choose(row, { move: false });
  },

  point(event) {
    const box = zpix.byId("map").getBoundingClientRect();
    if (!this.place()) return;
    const [u, v] = this.toPicture(event.clientX - box.left, event.clientY - box.top);
    const [x, y] = zpix.fromPicture(u, v), [ra, dec] = zpix.sky.position(x, y);
    zpix.byId("pointer").textContent =
      `${ra.toFixed(6)} ${dec.toFixed(6)}   ${zpix.sky.sexagesimal(ra, dec)}   x ${x.toFixed(0)} y ${y.toFixed(0)}`;
  },

  explain(by) {
    const legend = zpix.byId("legend");
    legend.replaceChildren();
    if (by === "redshift") {
      const bar = zpix.element("div", { className: "bar" });
      bar.style.background = `linear-gradient(to right, ${zpix.palette.join(",")})`;
      const ticks = zpix.element("div", { className: "ticks" });
      for (const z of zpix.Z_TICKS) {
        const tick = zpix.element("span", {}, String(z));
        tick.style.left = `${100 * Math.log1p(z) / Math.log1p(Z_TOP)}%`;
        ticks.append(tick);
      }
      const white = zpix.field.without_redshift.length ? `; ${zpix.field.without_redshift.join(", ")}: white` : "";
      legend.append(zpix.element("div", {}, `redshift${white}`), bar, ticks);
      return;
    }
    const flag = zpix.byId("colour-flag").selectedOptions[0]?.textContent ?? "";
    const names = by === "class" ? zpix.field.classes : [`not ${flag}`, flag];
    names.forEach((name, i) => {
      const swatch = zpix.element("i");
      swatch.style.background = this.colours[i];
      legend.append(zpix.element("div", {}, swatch, name));
    });
  },
};
