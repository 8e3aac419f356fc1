// Outlines of masks, and the squares of sky whose sources are loaded.
"use strict";

zpix.squares = new Map();

// The sources in a square of the sky: columns, masks, and the rows that they have among all sources.
zpix.square = function (name) {
  if (!zpix.squares.has(name)) {
    const square = { ready: false, paths: null };
    square.loaded = zpix.load(`sources/${name}`).then(({ columns, start, runs }) => {
      const rows = Array.from(columns.id, (id) => zpix.rowOf.get(id));
      return Object.assign(square, { columns, start, runs, rows, outlines: new Array(rows.length), ready: true });
    });
    zpix.squares.set(name, square);
  }
  return zpix.squares.get(name).loaded;
};

zpix.squareOf = function (row) {
  const side = zpix.field.square_pix, place = (value) => Math.max(Math.floor((value || 0) / side), 0);
  return `${place(zpix.all.x[row])}_${place(zpix.all.y[row])}`;
};

// The outline of a source of a square, as loops of points in the picture.
zpix.outline = function (square, index) {
  if (!square.outlines[index]) {
    const runs = square.runs.subarray(3 * square.start[index], 3 * square.start[index + 1]);
    square.outlines[index] = zpix.traced(runs, zpix.field.shape[0]);
  }
  return square.outlines[index];
};

// Loops around runs of pixels: x, y and length of each. Points are the middles of the pixels' edges.
zpix.traced = function (runs, height) {
  const inside = new Set(), wide = 1 << 24, next = new Map();
  for (let i = 0; i < runs.length; i += 3) {
    for (let x = runs[i]; x < runs[i] + runs[i + 2]; x++) inside.add((height - 1 - runs[i + 1]) * wide + x);
  }
  // Edges lead around the pixels clockwise; each begins at a corner, where one other may begin.
  const edge = (fromX, fromY, toX, toY) => {
    const corner = fromY * wide + fromX, other = next.get(corner);
    if (other) other.push(toX, toY);
    else next.set(corner, [toX, toY]);
  };
  for (const pixel of inside) {
    const x = pixel % wide, y = (pixel - x) / wide;
    if (!inside.has(pixel - wide)) edge(x, y, x + 1, y);
    if (!inside.has(pixel + 1)) edge(x + 1, y, x + 1, y + 1);
    if (!inside.has(pixel + wide)) edge(x + 1, y + 1, x, y + 1);
    if (!inside.has(pixel - 1)) edge(x, y + 1, x, y);
  }
  const loops = [];
  for (const corner of next.keys()) {
    while (next.get(corner).length) {
      const loop = [];
      let x = corner % wide, y = (corner - x) / wide;
      for (;;) {
        const ends = next.get(y * wide + x);
        if (!ends || !ends.length) break;
        const toY = ends.pop(), toX = ends.pop();
        loop.push((x + toX) / 2, (y + toY) / 2);
        [x, y] = [toX, toY];
      }
      loops.push(zpix.withoutStraight(loop));
    }
  }
  return loops;
};

// A loop without the points in the middle of straight lines.
zpix.withoutStraight = function (loop) {
  const kept = [], count = loop.length / 2;
  for (let i = 0; i < count; i++) {
    const before = 2 * ((i + count - 1) % count), after = 2 * ((i + 1) % count), [x, y] = [loop[2 * i], loop[2 * i + 1]];
    const turn = (x - loop[before]) * (loop[after + 1] - y) - (y - loop[before + 1]) * (loop[after] - x);
    if (turn !== 0) kept.push(x, y);
  }
  return kept;
};

zpix.addLoops = function (path, loops) {
  for (const loop of loops) {
    path.moveTo(loop[0], loop[1]);
    for (let i = 2; i < loop.length; i += 2) path.lineTo(loop[i], loop[i + 1]);
    path.closePath();
  }
};

// Row of the source that owns a pixel of the mosaic, among the squares that are loaded; -1 for none.
zpix.owner = function (x, y) {
  const column = Math.round(x), line = Math.round(y);
  let found = -1;
  const reach = 400;
  zpix.near.each(x - reach, y - reach, x + reach, y + reach, (row) => {
    if (found >= 0 || !zpix.kept[row]) return;
    const square = zpix.squares.get(zpix.squareOf(row));
    if (!square || !square.ready) return;
    square.indices ??= new Map(square.rows.map((own, index) => [own, index]));
    const index = square.indices.get(row);
    for (let i = 3 * square.start[index]; i < 3 * square.start[index + 1]; i += 3) {
      const [first, own, length] = [square.runs[i], square.runs[i + 1], square.runs[i + 2]];
      if (own === line && column >= first && column < first + length) found = row;
    }
  });
  return found;
};
