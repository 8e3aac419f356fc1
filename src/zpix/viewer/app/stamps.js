// Cut-outs of one source: in colour, and in each band, from the tiles that lie around it.
"use strict";

// Side of the cut-outs of a source, in pixels of the mosaic.
zpix.stampSide = (row) => Math.min(Math.max(Math.ceil(3 * Math.sqrt(zpix.all.n_pix[row])), 36), 400);

// Draws cut-outs into canvases: one in colour and one for each image of the mosaic. Resolves when they are drawn.
zpix.drawStamps = async function (row, colour, bands, outline) {
  const side = zpix.stampSide(row), tile = zpix.field.tile_pix, [height, width] = zpix.field.shape;
  const [u, v] = zpix.inPicture(zpix.all.x[row], zpix.all.y[row]), picture = zpix.pictures.chosen();
  const left = Math.round(u - side / 2), top = Math.round(v - side / 2);
  const work = [], finest = zpix.field.levels - 1;
  for (let r = Math.max(Math.floor(top / tile), 0); r * tile < Math.min(top + side, height); r++) {
    for (let c = Math.max(Math.floor(left / tile), 0); c * tile < Math.min(left + side, width); c++) {
      const high = Math.min(tile, height - r * tile);
      const cut = (image, canvas, below) => {
        const draw = canvas.getContext("2d"), k = canvas.width / side;
        const x0 = Math.max(left, c * tile), y0 = Math.max(top, r * tile);
        const x1 = Math.min(left + side, (c + 1) * tile, width), y1 = Math.min(top + side, (r + 1) * tile, height);
        if (x1 <= x0 || y1 <= y0) return;
        draw.imageSmoothingEnabled = k < 2;
        draw.drawImage(image, x0 - c * tile, below * high + y0 - r * tile, x1 - x0, y1 - y0,
          (x0 - left) * k, (y0 - top) * k, (x1 - x0) * k, (y1 - y0) * k);
      };
      work.push(zpix.pictures.tile(picture, finest, c, r).then((image) => () => cut(image, colour, 0)));
      const strip = zpix.pictures.load(`data/bands/${finest}/${c}_${r}.jpg`);
      work.push(strip.then((image) => () => bands.forEach((band, i) => cut(image, band, i))));
    }
  }
  const cuts = await Promise.all(work);
  if (picture !== zpix.pictures.chosen()) return; // the choice has changed meanwhile, and is drawn by another call
  for (const canvas of [colour, ...bands]) canvas.getContext("2d").setTransform(1, 0, 0, 1, 0, 0);
  for (const cut of cuts) cut();
  for (const canvas of [colour, ...bands]) {
    const draw = canvas.getContext("2d"), k = canvas.width / side, path = new Path2D();
    zpix.addLoops(path, outline);
    draw.setTransform(k, 0, 0, k, -left * k, -top * k);
    draw.strokeStyle = canvas === colour ? "rgba(255,255,255,.8)" : "rgba(255,196,0,.75)";
    draw.lineWidth = 1.2 / k * (window.devicePixelRatio || 1);
    draw.stroke(path);
  }
  colour.dataset.picture = picture;
};
