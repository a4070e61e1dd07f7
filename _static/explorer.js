/* The Explorer page: looks words up and draws the maps.
 *
 * The data are scripts beside this one (embedlib/book/explorer.py writes them), since a page that is
 * opened from a disk may load scripts and nothing else. Each calls `embedlibExplorer.data`. Words,
 * models and groups are told by their numbers in `index`. The map is drawn by Bokeh, which is loaded
 * when the map comes into view.
 */
(() => {
  "use strict";

  const BASE = new URL("explorer/", document.currentScript.src);
  const MARKS = { circle: "●", square: "■", triangle: "▲", diamond: "◆", inverted_triangle: "▼", star: "★", hex: "⬢" };
  const $ = (id) => document.getElementById(id);

  // ---- Data -------------------------------------------------------------------------------------

  const arrived = {};
  let index = null; // what index.js says, its arrays unpacked
  let numberOf = null; // word -> number
  let build = null; // all files must carry the mark of one build

  window.embedlibExplorer = {
    data(name, mark, value) {
      if (build !== null && mark !== build) throw new Error("files of two builds");
      build = mark;
      arrived[name] = value;
    },
    /** Where the point of a word is in the window, in pixels; null where the map shows none of it. */
    place(name) {
      const word = numberOf?.get(name);
      if (word === undefined || !map.x || Number.isNaN(map.x(word))) return null;
      const { x, y, width, height } = view();
      const box = $("explorer-map").getBoundingClientRect();
      return [
        box.left + (box.width * (1 + (map.x(word) - x) / width)) / 2,
        box.top + (box.height * (1 - (map.y(word) - y) / height)) / 2,
      ];
    },
  };

  const scripts = new Map();

  /** Load a script of the data folder once. */
  function load(file) {
    if (!scripts.has(file)) {
      const loading = new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = new URL(file, BASE).href;
        script.onload = resolve;
        script.onerror = () => reject(new Error(`${file} did not load`));
        document.head.append(script);
      });
      loading.catch(() => scripts.delete(file)); // so that the next look-up tries again
      scripts.set(file, loading);
    }
    return scripts.get(file);
  }

  async function data(name) {
    await load(`${name}.js`);
    if (!(name in arrived)) throw new Error(`${name}.js is of another build than this page: load the page again`);
    return arrived[name];
  }

  /** Unpack base64 into a typed array. */
  function unpack(text, Type) {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new Type(bytes.buffer);
  }

  async function loadIndex() {
    const raw = await data("index");
    index = {
      ...raw,
      words: raw.words.split(" "),
      zipf: unpack(raw.zipf, Uint16Array),
      schemes: raw.schemes.map((scheme) => ({ ...scheme, codes: unpack(scheme.codes, Uint8Array) })),
    };
    numberOf = new Map(index.words.map((word, number) => [word, number]));
  }

  /** Give a word's neighbours in every model: [{word, cosine}], or null where the model lacks the word. */
  async function neighboursOf(word) {
    const block = await data(`neighbours-${Math.floor(word / index.block)}`);
    block.unpacked ??= index.models.map((_, model) => ({
      words: unpack(block.words[model], Uint16Array),
      cosines: unpack(block.cosines[model], Int8Array),
    }));
    const first = (word % index.block) * index.k;
    return block.unpacked.map(({ words, cosines }) =>
      words[first] === index.none
        ? null
        : Array.from({ length: index.k }, (_, n) => ({ word: words[first + n], cosine: cosines[first + n] / 100 })),
    );
  }

  // ---- Small helpers for the page ---------------------------------------------------------------

  /** Make an element from its tag, attributes and children (elements or text). */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const linkTo = (word) => `#${new URLSearchParams({ word: index.words[word], model: index.models[state.model].name })}`;
  const wordLink = (word) => make("a", { href: linkTo(word) }, index.words[word]);
  const familyOf = (model) => index.families[index.models[model].family];
  const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

  function fail(error) {
    $("explorer-summary").replaceChildren(make("span", { class: "explorer-note" }, `The data did not load: ${error.message}`));
    throw error;
  }

  // ---- State, kept in the address: #word=bank&model=glove-6b-50d ---------------------------------

  const state = { word: null, model: 0, neighbours: [] };

  async function readAddress() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const model = index.models.findIndex(({ name }) => name === wanted.get("model"));
    if (model >= 0) setModel(model);
    await showWord(wanted.get("word") ?? "swift");
  }

  function writeAddress(push) {
    const address = linkTo(state.word);
    if (address !== location.hash) history[push ? "pushState" : "replaceState"](null, "", address);
  }

  // ---- Neighbours -------------------------------------------------------------------------------

  async function showWord(text) {
    const word = numberOf.get(text.trim().toLowerCase());
    if (word === undefined) return sayUnknown(text);
    const inTable = $("explorer-neighbours").contains(document.activeElement);
    let neighbours;
    state.word = word; // first, so that of two words asked for quickly the later stays
    try {
      neighbours = await neighboursOf(word);
    } catch (error) {
      return fail(error);
    }
    if (state.word !== word) return;
    state.neighbours = neighbours;
    $("explorer-word").value = index.words[word];
    drawNeighbours();
    drawPairs();
    if (inTable) $("explorer-neighbours").focus(); // the link that was followed is gone
    markOnMap(true);
  }

  function sayUnknown(text) {
    const close = similarWords(text.trim().toLowerCase());
    const message = [`“${text.trim()}” is not among the ${plural(index.words.length, "word")} of this page. `];
    if (close.length) message.push("Near it: ", ...close.flatMap((word, n) => [n ? ", " : "", wordLink(word)]), ".");
    $("explorer-summary").replaceChildren(...message);
  }

  /** Count in how many models each neighbour stands: Map of word to count. */
  function countNeighbours() {
    const counts = new Map();
    for (const list of state.neighbours) for (const { word } of list ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  }

  function drawNeighbours() {
    const counts = countNeighbours();
    const starts = index.models.map((model, n) => n === 0 || model.family !== index.models[n - 1].family);
    const head = make("tr", {}, make("th", { scope: "col" }, "#"));
    index.models.forEach((model, n) => {
      const family = familyOf(n);
      const cell = make("th", { scope: "col", "data-family": model.family, style: `--family: ${family.colour}` });
      cell.append(make("small", {}, family.name), make("br"), model.name);
      head.append(cell);
    });
    const body = make("tbody");
    for (let rank = 0; rank < index.k; rank++) {
      const row = make("tr", {}, make("th", { scope: "row" }, String(rank + 1)));
      state.neighbours.forEach((list) => {
        if (list) {
          const { word, cosine } = list[rank];
          const count = counts.get(word);
          const cell = make("td", { "data-word": word }, wordLink(word), " ");
          cell.append(make("span", { class: "explorer-cosine" }, cosine.toFixed(2).replace(/^(-?)0\./, "$1.")));
          if (count > 1) {
            cell.dataset.count = count;
            cell.style.setProperty("--count", count);
            cell.append(" ", make("span", { class: "explorer-count" }, `×${count}`));
          }
          row.append(cell);
        } else if (rank === 0) {
          row.append(make("td", { rowspan: index.k, class: "explorer-none" }, "not in this model’s vocabulary"));
        }
      });
      body.append(row);
    }
    const table = make("table", {}, make("thead", {}, head), body);
    for (const row of table.rows) {
      [...row.cells].slice(1).forEach((cell, n) => starts[n] && row.cells.length > index.models.length && cell.classList.add("explorer-first"));
    }
    $("explorer-neighbours").replaceChildren(table);
    $("explorer-key").hidden = false;
    summarise(counts);
  }

  /** Pairs of models that both have the word: [{first, second, shared}]. */
  function pairs() {
    const found = [];
    state.neighbours.forEach((one, first) => {
      state.neighbours.slice(0, first).forEach((other, second) => {
        if (!one || !other) return;
        const words = new Set(other.map(({ word }) => word));
        found.push({ first: second, second: first, shared: one.filter(({ word }) => words.has(word)).length });
      });
    });
    return found;
  }

  function summarise(counts) {
    const found = pairs();
    const name = make("strong", {}, index.words[state.word]);
    if (!found.length) return $("explorer-summary").replaceChildren(name, ": no two models have this word.");
    const mean = found.reduce((sum, { shared }) => sum + shared, 0) / found.length;
    const listed = [...counts].filter(([, count]) => count > 1).sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, 3);
    const compared =
      index.shared === null ? "" : `, ${mean < index.shared ? "fewer" : "more"} than for the average word (${index.shared.toFixed(1)})`;
    const text = [name, `: of its ${index.k} nearest words, two models share ${mean.toFixed(1)} on average${compared}. `];
    if (listed.length) {
      text.push("Named by most: ");
      text.push(listed.map(([word, count]) => `${index.words[word]} (${count} of ${index.models.length})`).join(", "), ".");
    } else {
      text.push("No two models name the same word.");
    }
    $("explorer-summary").replaceChildren(...text);
  }

  function drawPairs() {
    const found = pairs();
    const head = make("tr", {}, make("td"));
    index.models.forEach((model) => head.append(make("th", { scope: "col" }, model.name)));
    const body = make("tbody");
    index.models.forEach((model, row) => {
      const line = make("tr", {}, make("th", { scope: "row", style: `--family: ${familyOf(row).colour}` }, model.name));
      index.models.forEach((_, column) => {
        const pair = found.find(({ first, second }) => first === Math.min(row, column) && second === Math.max(row, column));
        const cell = make("td", {}, pair ? String(pair.shared) : row === column ? "" : "–");
        if (pair) cell.style.setProperty("--count", pair.shared);
        line.append(cell);
      });
      body.append(line);
    });
    const caption = make("caption", {}, `How many of the ${index.k} neighbours of `);
    caption.append(make("strong", {}, index.words[state.word]), " two models share:");
    $("explorer-pairs").replaceChildren(make("table", {}, caption, make("thead", {}, head), body));
  }

  function drawLists() {
    const line = (label, words) => make("p", {}, label, " ", ...words.flatMap((word, n) => [n ? ", " : "", wordLink(word)]), ".");
    if (!index.most.length) return;
    $("explorer-lists").replaceChildren(
      line("Common words on which the models agree most:", index.most),
      line("and least:", index.least),
    );
  }

  /** Frame the same word in the other columns while it is pointed at or has the focus. */
  function frameSame(event) {
    const word = event.target.closest?.("td[data-word]")?.dataset.word;
    for (const cell of $("explorer-neighbours").querySelectorAll("td[data-word]")) {
      cell.classList.toggle("explorer-same", cell.dataset.word === word && cell.dataset.count !== undefined);
    }
  }

  // ---- The search field: a combobox with a list of suggestions -----------------------------------

  const SUGGESTED = 8;
  let options = []; // numbers of the suggested words
  let active = -1;

  /** Words of like spelling, the nearest first: those that begin so, or at most two edits away. */
  function similarWords(text) {
    if (!text) return [];
    const begin = index.words.flatMap((word, n) => (word.startsWith(text) ? [n] : [])).slice(0, SUGGESTED);
    if (begin.length) return begin;
    const near = index.words.flatMap((word, n) => {
      const edits = Math.abs(word.length - text.length) > 2 ? 3 : distance(word, text);
      return edits <= 2 ? [[edits, n]] : [];
    });
    return near.sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, SUGGESTED).map(([, n]) => n);
  }

  /** Levenshtein's distance of two words. */
  function distance(a, b) {
    let row = Array.from({ length: b.length + 1 }, (_, n) => n);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
      }
      row = next;
    }
    return row[b.length];
  }

  function suggest() {
    const text = $("explorer-word").value.trim().toLowerCase();
    options = similarWords(text);
    const items = options.map((word, n) => make("li", { id: `explorer-option-${n}`, role: "option", "aria-selected": "false" }, index.words[word]));
    $("explorer-suggestions").replaceChildren(...items);
    open(options.length > 0);
  }

  function open(whether) {
    $("explorer-suggestions").hidden = !whether;
    $("explorer-word").setAttribute("aria-expanded", String(whether));
    activate(-1);
  }

  function activate(n) {
    active = n;
    [...$("explorer-suggestions").children].forEach((item, m) => item.setAttribute("aria-selected", String(m === n)));
    if (n >= 0) $("explorer-word").setAttribute("aria-activedescendant", `explorer-option-${n}`);
    else $("explorer-word").removeAttribute("aria-activedescendant");
  }

  async function choose(text) {
    open(false);
    await showWord(text);
    if (numberOf.get(text.trim().toLowerCase()) === state.word) writeAddress(true);
  }

  function searchKeys(event) {
    const shown = !$("explorer-suggestions").hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!shown) return suggest();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const count = options.length + 1; // one place more: the field itself
      activate(((active + 1 + step + count) % count) - 1);
    } else if (event.key === "Escape") {
      if (shown) open(false);
      else $("explorer-word").value = "";
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(active >= 0 && shown ? index.words[options[active]] : $("explorer-word").value);
    }
  }

  function setUpSearch() {
    const field = $("explorer-word");
    const list = $("explorer-suggestions");
    field.addEventListener("input", suggest);
    field.addEventListener("keydown", searchKeys);
    field.addEventListener("focus", () => field.select());
    field.addEventListener("blur", () => open(false));
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    list.addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (item) choose(item.textContent);
    });
    $("explorer-form").addEventListener("submit", (event) => {
      event.preventDefault();
      choose(field.value);
    });
    $("explorer-try").addEventListener("click", (event) => {
      if (event.target.matches("button")) choose(event.target.textContent);
    });
    for (const name of ["pointerover", "focusin", "pointerleave", "focusout"]) {
      $("explorer-neighbours").addEventListener(name, frameSame);
    }
  }

  // ---- Map --------------------------------------------------------------------------------------

  const map = { figure: null, points: null, chosen: null, labels: null, x: null, y: null, rows: null, marked: [], zoom: 1 };
  const NAMED = 130; // at most so many names on a map
  // Pixels; other shapes 4.5. Slim ones get more, so that all weigh alike.
  const SIZES = { star: 7.5, diamond: 7.5, triangle: 5.5, inverted_triangle: 5.5 };

  /** Colours that depend on the theme. */
  function inks() {
    const dark = document.documentElement.dataset.theme === "dark";
    return dark ? { ground: "#14181e", ink: "#f0f2f5", rest: "#5f6875" } : { ground: "#ffffff", ink: "#14181e", rest: "#b4bac2" };
  }

  function setUpMapControls() {
    const groups = new Map();
    index.models.forEach((model, n) => {
      if (!groups.has(model.family)) groups.set(model.family, make("optgroup", { label: familyOf(n).name }));
      groups.get(model.family).append(make("option", { value: n }, model.name));
    });
    $("explorer-model").replaceChildren(...groups.values());
    $("explorer-scheme").replaceChildren(...index.schemes.map((scheme, n) => make("option", { value: n }, scheme.label)));
    $("explorer-model").addEventListener("change", (event) => {
      setModel(Number(event.target.value));
      drawLists();
      drawNeighbours();
      writeAddress(false);
    });
    $("explorer-scheme").addEventListener("change", colourMap);
    $("explorer-buttons").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) moveMap(button.dataset.move);
    });
    const keys = { "+": "in", "=": "in", "-": "out", 0: "all", ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
    $("explorer-map").addEventListener("keydown", (event) => {
      if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      moveMap(keys[event.key]);
    });
    drawLegend();
  }

  /** Draw the map once it is about to come into view. */
  function awaitMap() {
    const seen = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        seen.disconnect();
        drawMap().catch((error) => ($("explorer-view").textContent = `The map did not load: ${error.message}`));
      },
      { rootMargin: "200px" },
    );
    seen.observe($("explorer-map"));
  }

  function setModel(model) {
    if (model === state.model && map.x) return;
    state.model = model;
    $("explorer-model").value = String(model);
    if (map.figure) readMap().then(() => moveMap("all")).then(() => markOnMap(false));
  }

  function drawLegend() {
    const scheme = index.schemes[$("explorer-scheme").value];
    const entry = (mark, colour, label) => make("li", {}, make("span", { style: `color: ${colour}`, "aria-hidden": "true" }, `${mark} `), label);
    const items = scheme.groups.map(({ label, colour, marker }) => entry(MARKS[marker], colour, label));
    if (scheme.codes.includes(scheme.groups.length)) items.push(entry("●", inks().rest, `no ${scheme.label}`));
    $("explorer-legend").replaceChildren(...items);
  }

  async function drawMap() {
    $("explorer-view").textContent = "The map is loading…";
    await load("bokeh.min.js");
    await load("bokeh-api.min.js"); // adds itself to the first
    const { Plotting, Range1d, ColumnDataSource, HoverTool, WheelZoomTool, BoxZoomTool, PanTool, TapTool } = {
      ...window.Bokeh,
      ...window.Bokeh.Models,
      Plotting: window.Bokeh.Plotting,
    };
    const source = (names) => new ColumnDataSource({ data: Object.fromEntries(names.map((name) => [name, []])) });
    map.points = source(["x", "y", "word", "colour", "marker", "group", "zipf", "size"]);
    map.chosen = source(["x", "y", "size"]);
    map.labels = source(["x", "y", "word", "gap"]);
    map.drag = { pan: new PanTool(), box: new BoxZoomTool({ match_aspect: true }) };
    const wheel = new WheelZoomTool({ modifiers: { ctrl: true } }); // the wheel alone scrolls the page
    const figure = Plotting.figure({
      x_range: new Range1d({ start: 0, end: 1 }), y_range: new Range1d({ start: 0, end: 1 }),
      tools: [map.drag.pan, map.drag.box, wheel], toolbar_location: null,
      x_axis_type: null, y_axis_type: null, sizing_mode: "stretch_both", outline_line_color: null, min_border: 0,
    });
    figure.xgrid.visible = figure.ygrid.visible = false;
    figure.toolbar.active_drag = map.drag.pan;
    figure.toolbar.active_scroll = wheel;
    map.figure = figure;
    map.dots = figure.scatter({ field: "x" }, { field: "y" }, {
      source: map.points, size: { field: "size" }, marker: { field: "marker" }, fill_color: { field: "colour" }, line_color: null, fill_alpha: 0.85,
    });
    map.dots.nonselection_glyph = map.dots.selection_glyph = null; // a click is a look-up
    figure.add_tools(new TapTool({ renderers: [map.dots] }), new HoverTool({ renderers: [map.dots], tooltips: "<b>@word</b><br>@group<br>Zipf frequency @zipf{0.00}" }));
    const text = { x_offset: 0, text_align: "center", text_baseline: "middle", text_font: "system-ui, sans-serif" };
    map.names = figure.text({ field: "x" }, { field: "y" }, { field: "word" }, {
      ...text, source: map.labels, y_offset: { field: "gap" }, text_font_size: "12px",
    });
    map.rings = figure.scatter({ field: "x" }, { field: "y" }, {
      source: map.chosen, size: { field: "size" }, marker: "circle", fill_color: null, line_width: 2.5,
    });
    map.rings.nonselection_glyph = map.rings.selection_glyph = null;
    map.called = figure.text({ field: "x" }, { field: "y" }, { field: "word" }, {
      ...text, source: source(["x", "y", "word", "gap"]), y_offset: { field: "gap" }, text_font_size: "14px", text_font_style: "bold",
      background_fill_alpha: 0.85, padding: 1,
    });
    const picked = map.points.selected;
    picked.on_change(picked.properties.indices, () => {
      if (!picked.indices.length) return;
      const word = index.words[map.rows[picked.indices[0]]];
      picked.indices = [];
      choose(word);
    });
    await readMap();
    $("explorer-map").replaceChildren();
    await Plotting.show(figure, $("explorer-map"));
    for (const range of [figure.x_range, figure.y_range]) {
      range.on_change([range.properties.start, range.properties.end], soonName);
    }
    new ResizeObserver(() => fitShape()).observe($("explorer-map"));
    new MutationObserver(paintTheme).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    paintTheme();
    moveMap("all");
    markOnMap(false);
  }

  /** Take the places of the chosen model's words. */
  async function readMap() {
    const model = state.model;
    const places = await data(`map-${model}`);
    if (state.model !== model) return;
    const x = unpack(places.x, Uint16Array);
    map.x = (word) => (x[word] === index.none ? NaN : x[word]);
    const y = unpack(places.y, Uint16Array);
    map.y = (word) => y[word];
    map.all = [];
    x.forEach((place, word) => place !== index.none && map.all.push(word));
    map.extent = [Math.max(...map.all.map((word) => x[word])), Math.max(...map.all.map((word) => y[word]))];
    colourMap();
  }

  function colourMap() {
    drawLegend();
    if (!map.all) return;
    const scheme = index.schemes[$("explorer-scheme").value];
    const rest = scheme.groups.length;
    // Words of no group come first, so that the others are drawn over them.
    map.rows = [...map.all].sort((a, b) => (scheme.codes[b] === rest) - (scheme.codes[a] === rest) || a - b);
    const none = { label: `no ${scheme.label}`, colour: inks().rest, marker: "circle" };
    const groups = map.rows.map((word) => scheme.groups[scheme.codes[word]] ?? none);
    map.points.data = {
      x: map.rows.map(map.x), y: map.rows.map(map.y),
      word: map.rows.map((word) => index.words[word]),
      zipf: map.rows.map((word) => index.zipf[word] / 100),
      colour: groups.map((group) => group.colour), marker: groups.map((group) => group.marker), group: groups.map((group) => group.label),
      size: sizes(groups.map((group) => group.marker)),
    };
  }

  function paintTheme() {
    const { ground, ink } = inks();
    const { figure } = map;
    figure.background_fill_color = figure.border_fill_color = ground;
    map.names.glyph.text_color = ink;
    map.rings.glyph.line_color = ink;
    map.called.glyph.text_color = ink;
    map.called.glyph.background_fill_color = ground;
    colourMap();
  }

  /** Where the view is: its middle and half its width and height, in the map's units. */
  function view() {
    const { x_range: x, y_range: y } = map.figure;
    return { x: (x.start + x.end) / 2, y: (y.start + y.end) / 2, width: (x.end - x.start) / 2, height: (y.end - y.start) / 2 };
  }

  function look({ x, y, width, height }) {
    Object.assign(map.figure.x_range, { start: x - width, end: x + width });
    Object.assign(map.figure.y_range, { start: y - height, end: y + height });
  }

  const shape = () => $("explorer-map").clientWidth / Math.max($("explorer-map").clientHeight, 1);

  /** Keep one scale for both directions when the window changes. */
  function fitShape() {
    const now = view();
    look({ ...now, width: now.height * shape() });
  }

  function moveMap(how) {
    if (!map.x) return;
    const now = view();
    const zoom = { in: 1 / 1.6, out: 1.6 }[how];
    const step = { left: [-0.5, 0], right: [0.5, 0], up: [0, 0.5], down: [0, -0.5] }[how];
    if (zoom) look({ ...now, width: now.width * zoom, height: now.height * zoom });
    else if (step) look({ ...now, x: now.x + step[0] * now.width, y: now.y + step[1] * now.height });
    else if (how === "word") markOnMap(true);
    else if (how === "box") setBox($("explorer-buttons").querySelector("[data-move=box]").getAttribute("aria-pressed") !== "true");
    else {
      const [width, height] = map.extent.map((size) => size * 0.53);
      const half = Math.max(height, width / shape());
      look({ x: map.extent[0] / 2, y: map.extent[1] / 2, width: half * shape(), height: half });
    }
  }

  function setBox(whether) {
    map.figure.toolbar.active_drag = whether ? map.drag.box : map.drag.pan;
    $("explorer-buttons").querySelector("[data-move=box]").setAttribute("aria-pressed", String(whether));
  }

  /** Ring the word that was looked up and its neighbours; `move` brings it to the middle. */
  function markOnMap(move) {
    if (!map.x || !map.chosen || state.word === null) return;
    const near = (state.neighbours[state.model] ?? []).map(({ word }) => word);
    const shown = [state.word, ...near].filter((word) => !Number.isNaN(map.x(word)));
    map.chosen.data = {
      x: shown.map(map.x), y: shown.map(map.y), size: shown.map((word) => (word === state.word ? 18 : 10)),
    };
    map.marked = shown;
    if (move && shown[0] === state.word) {
      const half = map.extent[1] * 0.12;
      look({ x: map.x(state.word), y: map.y(state.word), width: half * shape(), height: half });
    }
    soonName();
  }

  let naming = 0;
  function soonName() {
    clearTimeout(naming);
    naming = setTimeout(nameWords, 120);
  }

  /** Name the words in view that have room, the word looked up and its neighbours first; say the most frequent in text, too. */
  function nameWords() {
    const { x, y, width, height } = view();
    const { clientWidth: across, clientHeight: down } = $("explorer-map");
    const inView = map.all.filter((word) => Math.abs(map.x(word) - x) < width && Math.abs(map.y(word) - y) < height);
    const boxes = [];
    /** Keep the words whose names do not lie over an earlier one. */
    const place = (words, { letter, line, gap }) =>
      words.filter((word) => {
        if (boxes.length > NAMED) return false;
        const half = (index.words[word].length * letter) / 2 + 3;
        const middle = ((map.x(word) - x) / (2 * width)) * across;
        const bottom = ((map.y(word) - y) / (2 * height)) * down + gap;
        const box = [middle - half, middle + half, bottom, bottom + line];
        const free = boxes.every((other) => box[0] > other[1] || box[1] < other[0] || box[2] > other[3] || box[3] < other[2]);
        if (free) boxes.push(box);
        return free;
      });
    const columns = (words, gap) => ({
      x: words.map(map.x), y: words.map(map.y), word: words.map((word) => index.words[word]), gap: words.map(() => gap),
    });
    const [first, near] = map.marked[0] === state.word ? [map.marked.slice(0, 1), map.marked.slice(1)] : [[], map.marked];
    const marked = [columns(place(first, { letter: 9.5, line: 20, gap: 8 }), -18), columns(place(near, { letter: 9.5, line: 20, gap: 4 }), -13)];
    map.called.data_source.data = Object.fromEntries(Object.keys(marked[0]).map((name) => [name, marked.flatMap((part) => part[name])]));
    const others = inView.filter((word) => !map.marked.includes(word));
    map.labels.data = columns(place(others, { letter: 7.2, line: 15, gap: 1 }), -9);
    setDots(Math.min(2.2, Math.max(1, Math.sqrt(map.extent[1] / 2 / height))));
    const some = inView.slice(0, 12).map((word) => index.words[word]).join(", ");
    const lacks = Number.isNaN(map.x(state.word)) ? ` ${index.words[state.word]} is not in this model’s vocabulary.` : "";
    $("explorer-view").textContent = `${index.models[state.model].name}: ${plural(inView.length, "word")} in view${some && `, the most frequent: ${some}`}.${lacks}`;
  }

  const sizes = (markers) => markers.map((marker) => map.zoom * (SIZES[marker] ?? 4.5));

  /** Draw points larger where the map is enlarged. */
  function setDots(zoom) {
    if (Math.abs(map.zoom / zoom - 1) < 0.1) return;
    map.zoom = zoom;
    map.points.data = { ...map.points.data, size: sizes(map.points.data.marker) };
  }

  // ---- Start ------------------------------------------------------------------------------------

  async function start() {
    try {
      await loadIndex();
    } catch (error) {
      return fail(error);
    }
    setUpSearch();
    setUpMapControls();
    await readAddress();
    drawLists();
    awaitMap(); // after the tables, which push the map down
    addEventListener("hashchange", readAddress);
  }

  start();
})();
